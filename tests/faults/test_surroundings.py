"""The disk is full, the connections are taken, the network is cut."""

import asyncio
import contextlib
import random
import shutil
import signal
import subprocess
import time
from functools import partial

import aiohttp
import pytest
from personae.store.errors import DatabaseError
from personae.store.pool import Database

from tests.cluster import eventually
from tests.faults.checker import check
from tests.faults.conftest import HOOKED, MASTERKEY, Postgres, folder_for_all, in_thread, run
from tests.faults.load import DEADLINE, Acknowledged, Load, readiness
from tests.faults.pool import all_used
from tests.running import RunningServer

LEASES = "SELECT holder FROM projections.leases WHERE expires_at > clock_timestamp()"
HOST, GUEST = "10.99.0.1", "10.99.0.2"
CLIENT, DOOR = "10.99.1.1", "10.99.1.2"
CUT_SECONDS = 60
POOL = 10
SMALL = {"max_wal_size": "32MB", "min_wal_size": "32MB", "shared_buffers": "16MB"}


@pytest.fixture
def small_disk():
    """A file system of 192 MiB in memory; skipped where it cannot be mounted."""
    folder = folder_for_all()
    try:
        run("mount", "-t", "tmpfs", "-o", "size=192m,mode=755", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small file system cannot be mounted here: {error}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)
    folder.rmdir()


@pytest.fixture(params=["data", "write-ahead log", "both"])
def on_small_disk(request, small_disk):
    """PostgreSQL with its data on a small disk, its write-ahead log, or both.

    A checkpoint that finds no room for data stops PostgreSQL. So none comes where the log has room.
    """
    large_disk = folder_for_all()
    folder = large_disk if request.param == "write-ahead log" else small_disk
    settings = {"shared_buffers": "16MB"} if request.param == "data" else SMALL
    postgres = Postgres(folder / "data", settings)
    postgres.start()
    if request.param != "both":
        postgres.stop()
        apart = small_disk if folder == large_disk else large_disk
        log = postgres.folder / "pg_wal"
        run("cp", "-a", str(log), str(apart / "log"))
        shutil.rmtree(log)
        log.symlink_to(apart / "log")
        postgres.start()
    postgres.full = request.param
    yield postgres
    postgres.stop()
    shutil.rmtree(large_disk)


async def test_a_full_disk_loses_nothing_and_freed_serves_again(
    small_disk, on_small_disk, serve, trials, measured
):
    postgres = on_small_disk
    (server,) = await in_thread(lambda: serve(dsn=postgres.dsn))
    acknowledged = Acknowledged()
    for trial in trials:
        load = Load(
            [server.url], server.pat, clients=16, patience=90, name=f"trial{trial}",
            acknowledged=acknowledged,
        )  # fmt: skip
        await filled_and_freed(small_disk, postgres, server, load, measured)
        await check(postgres.dsn, acknowledged)


async def filled_and_freed(small_disk, postgres, server, load, measured):
    ballast = small_disk / "ballast"
    database = Database(postgres.dsn, size=1)

    async def refused():
        if postgres.full == "write-ahead log":  # old segments would be room for long
            with contextlib.suppress(DatabaseError):
                await database.rows("SELECT pg_switch_wal()")
        return bool(load.failures)

    async def ready():
        return await readiness(server) == 200

    async with load.running():
        await asyncio.sleep(1)
        filled_at, known = time.monotonic(), list(load.acknowledged.users.values())[:-50]
        fill(small_disk, ballast)
        measured("refuses after it is full, s", await eventually(refused, 30))
        await database.close()
        by_id, lists = await reads(server, known)
        ready_when_full = await ready()
        ballast.unlink()
        load.pause = 0.2  # the disk is small: what the load writes stays there
        await in_thread(postgres.start)
        freed_at = time.monotonic()
        measured("ready after it is freed, s", await eventually(ready, 30))
        await asyncio.sleep(5)
    measured("serves again after it is freed, s", load.window(freed_at), 5.0)
    measured("last error after it is freed, s", load.errors_end(freed_at), 5.0)
    assert not ready_when_full
    measured("calls refused", sum(failure.at > filled_at for failure in load.failures))
    measured("reads by id while it is full", len(by_id))
    most = 0 if postgres.full == "data" else len(by_id)
    measured("reads by id refused", by_id.count(503), most)
    measured("lists while it is full", len(lists))
    measured("lists refused", lists.count(503))
    assert len(by_id) > 20
    assert {*by_id, *lists} <= {200, 503}
    measured("acknowledged so far, all found", len(load.acknowledged.users))
    assert load.wrong == []
    assert {failure.status for failure in load.failures} <= {503}


async def reads(server, user_ids):
    """Ask for users by their ids, and for lists, for two seconds: the statuses of both."""
    until, headers = time.monotonic() + 2, {"Authorization": f"Bearer {server.pat}"}

    async def repeated(ask):
        statuses = []
        while time.monotonic() < until:
            async with ask() as answer:
                statuses.append(answer.status)
            await asyncio.sleep(0.02)
        return statuses

    async with aiohttp.ClientSession(server.url, headers=headers) as http:
        return await asyncio.gather(
            repeated(lambda: http.get(f"/v2/users/{random.choice(user_ids)}")),
            repeated(lambda: http.post("/v2/users", json={"query": {"limit": 5}})),
        )


def fill(folder, ballast):
    """Leave a megabyte."""
    free = shutil.disk_usage(folder).free
    with ballast.open("wb") as file:
        file.write(b"\0" * max(0, free - 1_000_000))


async def test_a_pool_whose_connections_are_all_taken_serves_again_when_they_are_free(
    postgres, serve, trials, measured
):
    (server,) = await in_thread(lambda: serve(PERSONAE_STORE__CONNECTIONS="3"))
    database = Database(postgres.dsn, size=1, session={"idle_in_transaction_session_timeout": "0"})
    acknowledged = Acknowledged()
    for trial in trials:
        load = Load(
            [server.url], server.pat, clients=50, pause=0.2, name=f"trial{trial}",
            acknowledged=acknowledged,
        )  # fmt: skip
        async with load.running(), readers(server, 300) as reading:
            async with database.transaction() as session:
                await session.run("LOCK TABLE heads IN ACCESS EXCLUSIVE MODE")
                reading.set()
                await asyncio.sleep(4)
            free_at = time.monotonic()
            await asyncio.sleep(3)
            answers = reading.answers
        slowest = max(seconds for _, seconds in answers)
        measured("slowest of 300 reads, s", slowest, 8.0)
        measured("reads refused of 300", sum(status == 503 for status, _ in answers))
        measured("serves again after a connection is free, s", load.window(free_at), 2.0)
        measured("acknowledged so far, all found", len(acknowledged.users))
        assert load.wrong == []
        assert {failure.status for failure in load.failures} <= {503}
        assert {status for status, _ in answers} <= {200, 503}
        assert 503 in {status for status, _ in answers}
        await check(postgres.dsn, acknowledged)
    await database.close()


@contextlib.asynccontextmanager
async def readers(server, count):
    """So many lists asked for at once, when told to; ``answers``: status and seconds of each."""
    begin = asyncio.Event()
    begin.answers = []
    headers = {"Authorization": f"Bearer {server.pat}"}

    async def read(http):
        await begin.wait()
        began = time.monotonic()
        async with http.post(f"{server.url}/v2/users", json={}, headers=headers) as answer:
            begin.answers.append((answer.status, time.monotonic() - began))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        reading = [asyncio.create_task(read(http)) for _ in range(count)]
        yield begin
        await asyncio.gather(*reading)
        async with http.post(f"{server.url}/v2/users", json={}, headers=headers) as answer:
            assert answer.status == 200


async def test_300_reads_at_once_some_slow_some_left_over_ten_connections(
    postgres, serve, trials, measured
):
    (server,) = await in_thread(lambda: serve(PYTHONPATH=HOOKED, FAULT_SLOW="0.2:0.5"))
    database = Database(postgres.dsn, size=1)
    acknowledged = Acknowledged()
    for trial in trials:
        load = Load(
            [server.url], server.pat, pause=0.2, name=f"trial{trial}",
            acknowledged=acknowledged,
        )  # fmt: skip
        async with (
            load.running(),
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http,
        ):
            answers = await asyncio.gather(*(listed(http, server, n) for n in range(300)))
            over_at = time.monotonic()
            await asyncio.sleep(2)
            later = [await listed(http, server, 1) for _ in range(10)]
        patient = [answers[n] for n in range(300) if n % 10]
        measured("slowest of 300 reads, s", max(seconds for _, seconds in answers), 8.0)
        measured("reads answered", sum(status == 200 for status, _ in answers))
        measured("reads past their own deadline", sum(status == 504 for status, _ in answers))
        measured("last call refused after they are over, s", load.errors_end(over_at), 2.0)
        assert {status for status, _ in patient} <= {200, 503}
        assert {status for status, _ in answers} <= {200, 503, 504}
        assert {status for status, _ in later} == {200}
        assert load.wrong == []
        assert {failure.status for failure in load.failures} <= {503}
        measured("all statements ended within, s", await eventually(partial(idle, database)), 2.0)
        seconds = await all_used(database, server, POOL)
        measured("all of its connections and no more are used again after, s", seconds)
        await check(postgres.dsn, acknowledged)
    await database.close()


async def listed(http, server, number):
    """Ask for the users; every tenth waits for 100 ms only. Status and seconds."""
    headers = {"Authorization": f"Bearer {server.pat}"}
    if number % 10 == 0:
        headers[DEADLINE] = "100"
    began, url = time.monotonic(), f"{server.url}/zitadel.user.v2.UserService/ListUsers"
    async with http.post(url, json={}, headers=headers) as answer:
        return answer.status, time.monotonic() - began


async def idle(database):
    """Whether nobody asks the database any more."""
    states = "SELECT count(*) FILTER (WHERE state = 'active') FROM pg_stat_activity"
    others = " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ((active,),) = await database.rows(states + others)
    return active <= 1  # a projector may be at work


@pytest.fixture
def namespace():
    """A network namespace with two links: to the database and to clients; else skipped."""
    name = "personae-n2"
    inside = ("ip", "netns", "exec", name)
    with contextlib.ExitStack() as stack:
        try:
            run("ip", "netns", "add", name)
            stack.callback(subprocess.run, ["ip", "netns", "del", name], check=False)
            for ours, theirs, here, there in (
                ("pdb0", "pdb1", HOST, GUEST), ("pcl0", "pcl1", CLIENT, DOOR),
            ):  # fmt: skip
                run("ip", "link", "add", ours, "type", "veth", "peer", "name", theirs)
                run("ip", "link", "set", theirs, "netns", name)
                run("ip", "addr", "add", f"{here}/24", "dev", ours)
                run("ip", "link", "set", ours, "up")
                run(*inside, "ip", "addr", "add", f"{there}/24", "dev", theirs)
                run(*inside, "ip", "link", "set", theirs, "up")
            run(*inside, "ip", "link", "set", "lo", "up")
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"network namespaces cannot be made here: {error}")
        yield inside


class Isolated(RunningServer):
    """A server in a namespace: clients reach it by a link of their own."""

    def __init__(self, inside, **settings):
        super().__init__(**settings)
        self.prefix = inside
        self.url = f"http://{DOOR}:{self.port}"


async def test_a_node_cut_off_from_the_database_refuses_and_comes_back(namespace, trials, measured):
    folder = folder_for_all()
    postgres = Postgres(folder / "data", {"listen_addresses": HOST})
    shared = {"PERSONAE_MASTERKEY": MASTERKEY, "PERSONAE_EXTERNAL_PORT": "8080"}
    over_tcp = f"postgresql://postgres@{HOST}/personae"
    open_to_all = {"PERSONAE_SERVER__HOST": "0.0.0.0"}
    near = RunningServer(PERSONAE_DATABASE=postgres.dsn, **shared)
    far = Isolated(namespace, PERSONAE_DATABASE=over_tcp, **shared, **open_to_all)
    try:
        await in_thread(postgres.start)
        with (postgres.folder / "pg_hba.conf").open("a") as file:
            file.write("host all all 10.99.0.0/24 trust\n")
        postgres.signal_all(signal.SIGHUP)
        await in_thread(far.start)
        acknowledged = Acknowledged()
        for trial in trials:
            near.stop()  # so that the far one holds the leases
            await in_thread(near.start)
            load = Load(
                [near.url, far.url], far.pat, host="localhost:8080", pause=0.05,
                name=f"trial{trial}", acknowledged=acknowledged,
            )  # fmt: skip
            await cut_and_healed(postgres, (near, far), namespace, load, measured)
            await check(postgres.dsn, acknowledged)
    finally:
        far.remove()
        near.remove()
        postgres.stop()
        shutil.rmtree(folder)


async def cut_and_healed(postgres, nodes, inside, load, measured):
    near, far = nodes
    database = Database(postgres.dsn, size=1)
    holders = {holder for (holder,) in await database.rows(LEASES)}

    async def moved():
        now = {holder for (holder,) in await database.rows(LEASES)}
        return bool(now) and not now & holders

    async def far_serves():
        return await readiness(far) == 200

    async with load.running():
        await asyncio.sleep(1)
        run(*inside, "ip", "link", "set", "pdb1", "down")
        cut_at = time.monotonic()
        measured("leases moved after the cut, s", await eventually(moved, 12), 10.0)
        assert await readiness(far) != 200
        await asyncio.sleep(CUT_SECONDS - (time.monotonic() - cut_at))
        refusals = [f for f in load.failures if f.url == far.url]
        assert await readiness(near) == 200
        run(*inside, "ip", "link", "set", "pdb1", "up")
        healed_at = time.monotonic()
        measured("ready after healing, s", await eventually(far_serves, 15))
        await asyncio.sleep(3)
    await database.close()
    assert {failure.status for failure in refusals} == {503}  # it refuses, and leaves nobody alone
    measured("slowest refusal, s", max(failure.seconds for failure in refusals), 10.0)
    measured("last error after healing, s", load.errors_end(healed_at))
    measured("calls refused by the node cut off", len(load.failures))
    measured("acknowledged so far, all found", len(load.acknowledged.users))
    assert load.wrong == []
    assert [f for f in load.failures if f.url == near.url] == []
