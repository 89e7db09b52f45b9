"""The database dies, restarts, hangs: what was acknowledged stays, and the server serves again."""

import asyncio
import random
import signal
import time
from functools import partial

import aiohttp
import psutil
import pytest
from personae.store.errors import Unavailable
from personae.store.pool import Database

from tests.cluster import eventually
from tests.faults.checker import check
from tests.faults.conftest import Postgres, in_thread
from tests.faults.load import Acknowledged, Load, readiness
from tests.faults.pool import all_used
from tests.running import RunningServer

BACKENDS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""


HANG_SECONDS = 30
POOL = 10
"""Connections that a server keeps."""
UNDER_WAY = 2.7
"""Seconds after which a write is refused that was under way: it is sent again for two, and then
once more after a pause of half a one."""


class Trouble:
    """Trials on one server and its database: load, hurt, heal, check, again."""

    def __init__(self, postgres, server, measured):
        self.postgres, self.server, self.measured = postgres, server, measured
        self.acknowledged, self.number = Acknowledged(), 0

    def load(self, **more):
        self.number += 1
        return Load(
            [self.server.url], self.server.pat, pause=0.05, name=f"trial{self.number}",
            acknowledged=self.acknowledged, **more,
        )  # fmt: skip

    async def healed(self, load, up_at, *, serves=5.0, last_error=3.0):
        """Measure how it recovered and check everything; the load has ended."""
        self.measured("calls refused or cut off", len(load.failures))
        assert load.wrong == []
        assert {f.status for f in load.failures} <= {0, 503}
        assert self.server.process.poll() is None
        self.measured("serves again after the database is up, s", load.window(up_at), serves)
        self.measured("last error after it is up, s", load.errors_end(up_at), last_error)
        self.measured("acknowledged so far, all found", len(self.acknowledged.users))
        await check(self.postgres.dsn, self.acknowledged)


@pytest.fixture
async def trouble(postgres, serve, measured):
    (server,) = await in_thread(serve)
    process = psutil.Process(server.process.pid)
    trouble = Trouble(postgres, server, measured)
    async with trouble.load().running():
        await asyncio.sleep(1)
    before = process.num_fds()
    yield trouble

    async def as_before():
        return process.num_fds() <= before * 1.1 + 2

    await eventually(as_before, 10)  # no connection and no file is left over from any trial


async def outage(trouble, hurt, seconds):
    """Hurt the database under load and start it again after ``seconds``."""
    load = trouble.load()
    async with load.running():
        await asyncio.sleep(random.uniform(0.5, 1.5))
        hurt()
        await asyncio.sleep(seconds)
        trouble.measured("slowest refusal, s", await slowest_refusal(trouble.server), 2.0)
        await in_thread(trouble.postgres.start)
        up_at = time.monotonic()
        await asyncio.sleep(4)
    assert {(f.status, f.retry_after) for f in load.failures} <= {(503, "1"), (503, "2")}
    slowest = max(failure.seconds for failure in load.failures)
    trouble.measured("slowest refusal of the load, s", slowest, UNDER_WAY)
    await trouble.healed(load, up_at)


async def slowest_refusal(server):
    """Ask while the database is away: 503 within two seconds, and not ready; how long it took."""
    slowest = 0.0
    async with aiohttp.ClientSession(server.url) as http:
        for _ in range(5):
            began = time.monotonic()
            headers = {"Authorization": f"Bearer {server.pat}"}
            async with http.get("/v2/users/1", headers=headers) as answer:
                assert answer.status == 503
                assert int(answer.headers["Retry-After"]) <= 2
            slowest = max(slowest, time.monotonic() - began)
    assert await readiness(server) == 412
    return slowest


async def test_kill_9_of_the_database(trouble, trials):
    for _ in trials:
        await outage(trouble, trouble.postgres.kill, random.uniform(0, 10))


async def test_immediate_stop_of_the_database(trouble, trials):
    for _ in trials:
        await outage(trouble, trouble.postgres.stop_immediately, random.uniform(0.5, 3))


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_restart_of_the_database_under_load(trouble, trials, mode):
    stop = {"fast": trouble.postgres.stop, "immediate": trouble.postgres.stop_immediately}[mode]
    for _ in trials:
        load = trouble.load()
        async with load.running():
            await asyncio.sleep(random.uniform(0.5, 1.5))
            await in_thread(stop)
            await in_thread(trouble.postgres.start)
            up_at = time.monotonic()
            await asyncio.sleep(4)
        await trouble.healed(load, up_at)
        database = Database(trouble.postgres.dsn, size=1)
        seconds = await all_used(database, trouble.server, POOL)
        await database.close()
        trouble.measured("all of its connections and no more are used again after, s", seconds)


async def backends(postgres):
    """The processes that serve connections, our own apart."""
    database = Database(postgres.dsn, size=1)
    try:
        return [pid for (pid,) in await database.rows(BACKENDS)]
    finally:
        await database.close()


async def test_kill_9_of_one_backend_resets_all(trouble, trials):
    for _ in trials:
        load = trouble.load()
        async with load.running():
            await asyncio.sleep(random.uniform(0.5, 1.5))
            psutil.Process(random.choice(await backends(trouble.postgres))).kill()
            hurt_at = time.monotonic()
            await eventually(partial(accepts, trouble.postgres), 10)
            up_at = time.monotonic()
            trouble.measured("the database recovers in, s", up_at - hurt_at)
            await asyncio.sleep(3)
        await trouble.healed(load, up_at, last_error=1.0)


async def accepts(postgres):
    try:
        return await backends(postgres) is not None
    except Unavailable:
        return False


async def test_connections_are_ended_from_one_to_all(trouble, trials):
    other = Database(trouble.postgres.dsn.replace("/personae?", "/postgres?"), size=1)
    for trial in trials:
        load = trouble.load()
        async with load.running():
            await asyncio.sleep(random.uniform(0.5, 1.5))
            pids = await backends(trouble.postgres)
            pids = random.sample(pids, len(pids) - trial % len(pids))
            await other.rows("SELECT pg_terminate_backend(unnest(%s))", (pids,))
            hurt_at = time.monotonic()
            await asyncio.sleep(2)
        await trouble.healed(load, hurt_at, last_error=1.0)
    await other.close()


async def test_a_database_that_hangs(trouble, trials):
    process = psutil.Process(trouble.server.process.pid)
    for _ in trials:
        load = trouble.load(clients=40)
        async with load.running():
            await asyncio.sleep(1)
            before = process.memory_info().rss
            trouble.postgres.signal_all(signal.SIGSTOP)
            hung_at = time.monotonic()
            await asyncio.sleep(12)
            later = await slowest_refusal(trouble.server)
            trouble.measured("slowest refusal once it is known, s", later, 3.0)
            await asyncio.sleep(HANG_SECONDS - (time.monotonic() - hung_at))
            grown = process.memory_info().rss - before
            trouble.postgres.signal_all(signal.SIGCONT)
            back_at = time.monotonic()
            await asyncio.sleep(5)
        slowest = max(failure.seconds for failure in load.failures)
        trouble.measured("slowest refusal, s", slowest, 10.0)
        trouble.measured("memory grown, MiB", grown / 2**20, 100)
        assert {failure.status for failure in load.failures} == {503}  # the client may send again
        await trouble.healed(load, back_at)


async def test_the_embedded_database_is_started_again_when_it_dies(trials, measured):
    server = RunningServer()
    try:
        await in_thread(server.start)
        trouble = Trouble(Postgres(server.data / "postgresql"), server, measured)
        for _ in trials:
            load = trouble.load()
            async with load.running():
                await asyncio.sleep(random.uniform(0.5, 1.5))
                trouble.postgres.kill()
                killed_at = time.monotonic()
                await asyncio.sleep(6)
            assert load.errors_end(killed_at) > 0
            await trouble.healed(load, killed_at, last_error=5.0)
    finally:
        server.remove()
