"""Nodes are killed, stopped, restarted, raced over; a clock goes back; an event is poison."""

import asyncio
import signal
import time
from datetime import UTC, datetime, timedelta

import aiohttp
import psutil
import pytest
from personae.actors.domain.kit import Caller, Refusal, Stream, event
from personae.projections.kit import Table, text
from personae.store.log import Commit, Part
from personae.store.pool import Database

from tests.aggregates.conftest import INSTANCE, ORG, SETUP
from tests.cluster import eventually, running
from tests.faults.checker import check, check_log, check_views
from tests.faults.conftest import in_thread
from tests.faults.load import Load
from tests.running import RunningServer

LEASES = "SELECT name, holder FROM projections.leases WHERE expires_at > clock_timestamp()"


async def test_kill_9_of_one_of_two_nodes(postgres, serve):
    one, two = await in_thread(serve, 2)
    load = Load([one.url, two.url], one.pat)
    async with load.running():
        for _ in range(3):
            await asyncio.sleep(1)
            two.kill()
            await in_thread(two.start)
            print(f"serves {two.seconds:.2f} s after its start")
            assert two.seconds < 10
        await asyncio.sleep(1)
    assert load.wrong == []
    assert [failure for failure in load.failures if failure.url == one.url] == []
    await check(postgres.dsn, load.acknowledged)


async def test_a_rolling_restart_under_load_fails_no_request(postgres, serve):
    nodes = await in_thread(serve, 2)
    load = Load([node.url for node in nodes], nodes[0].pat)
    async with load.running():
        for node in nodes:
            await asyncio.sleep(1)
            await in_thread(node.stop)
            assert node.process.returncode == 0
            await in_thread(node.start)
        await asyncio.sleep(1)
    # A closed port is no failed request: whoever balances the load goes to the next node.
    failed = [f for f in load.failures if f.body != "ClientConnectorError"]
    print(f"{len(load.acknowledged)} acknowledged, {len(load.failures)} found a closed port")
    assert (failed, load.wrong) == ([], [])
    await check(postgres.dsn, load.acknowledged)


async def test_a_lease_holder_that_is_stopped_is_replaced_and_writes_nothing_afterwards(
    postgres, serve
):
    nodes = await in_thread(serve, 2)
    database = Database(postgres.dsn, size=1)
    holders = {holder for _, holder in await database.rows(LEASES)}
    load = Load([nodes[1].url], nodes[0].pat, pause=0.05)
    async with load.running():
        nodes[0].process.send_signal(signal.SIGSTOP)

        async def taken_over():
            now = await database.rows(LEASES)
            return bool(now) and not {holder for _, holder in now} & holders

        seconds = await eventually(taken_over, 10)
        print(f"taken over {seconds:.2f} s after SIGSTOP")
        await asyncio.sleep(10 - seconds)
        nodes[0].process.send_signal(signal.SIGCONT)
        await asyncio.sleep(2)
    await database.close()
    assert (load.failures, load.wrong) == ([], [])
    await check(postgres.dsn, load.acknowledged)


async def test_a_killed_lease_holder_is_replaced(postgres, serve):
    nodes = await in_thread(serve, 2)
    database = Database(postgres.dsn, size=1)
    holders = {holder for _, holder in await database.rows(LEASES)}
    nodes[0].kill()

    async def taken_over():
        now = await database.rows(LEASES)
        return bool(now) and not {holder for _, holder in now} & holders

    print(f"taken over {await eventually(taken_over, 3):.2f} s after kill -9")
    await database.close()


async def test_200_clients_race_for_one_user_name_over_two_nodes(postgres, serve):
    nodes = await in_thread(serve, 2)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        load = Load([nodes[0].url], nodes[0].pat)
        load._http = http
        org = await load._organisation()

        async def create(n, name):
            body = {
                "username": name,
                "organization": {"orgId": org},
                "profile": {"givenName": "Gigi", "familyName": "Giraffe"},
                "email": {"email": f"{name}@example.com", "isVerified": True},
            }
            url = f"{nodes[n % 2].url}/v2/users/human"
            async with http.post(url, json=body, headers=load._headers()) as answer:
                return answer.status, (await answer.json()).get("userId")

        acknowledged = {}
        for race in range(5):
            answers = await asyncio.gather(*(create(n, f"race-{race}") for n in range(200)))
            won = [user_id for status, user_id in answers if status == 200]
            assert len(won) == 1
            assert {status for status, _ in answers} == {200, 409}
            acknowledged[f"race-{race}"] = won[0]
    await check(postgres.dsn, acknowledged)


@event("test.poison")
class Poison:
    text: str = ""


async def test_a_poison_event_stops_one_view_for_a_moment_and_no_other(postgres_url):
    table = Table("poisoned", version=1, columns={"text": text()})

    @table.on(Poison)
    def _(row, recorded):
        raise ZeroDivisionError

    seen = Table("healthy", version=1, columns={"text": text()})
    async with running(postgres_url, tables=[table, seen]) as node:
        await node.send(SETUP, Caller.of_system(INSTANCE))
        now = datetime.now(UTC)
        part = Part(Stream(INSTANCE, "test", "1"), 0, ORG, (Poison(text="x"),))
        await node.log.append(Commit(instance_id=INSTANCE, parts=(part,), creator="", at=now))
        await asyncio.gather(*(node.add_machine(INSTANCE, ORG, str(n)) for n in range(3000, 4000)))
        head = await node.log.head(INSTANCE)
        assert await node.views.reached(seen, INSTANCE, head, 5)
        began = time.monotonic()
        assert await node.views.reached(table, INSTANCE, head, 15)
        print(f"parked and passed after {time.monotonic() - began:.2f} s")
        rows = await node.database.rows("SELECT name, attempts FROM projections.failed_events")
        assert rows == [("poisoned", 5)]
        await check_log(node.database, {})


async def test_a_clock_moved_back_an_hour_moves_no_position_and_no_id_back(postgres_url):
    class Clock:
        behind = timedelta()

        def __call__(self):
            return datetime.now(UTC) - self.behind

    clock = Clock()
    async with running(postgres_url, clock=clock) as node:
        await node.send(SETUP, Caller.of_system(INSTANCE))
        ids = []
        for n in range(200):
            if n == 100:
                clock.behind = timedelta(hours=1)
            ids.append(node.world.new_id())
            await node.add_machine(INSTANCE, ORG, ids[-1])
        assert ids == sorted(ids, key=int)
        with pytest.raises(Refusal):
            await node.add_machine(INSTANCE, ORG, ids[0])
        await check_log(node.database, {f"robot-{id_}": id_ for id_ in ids})
        await check_views(node.database)


def test_workers_end_with_their_first_process_and_the_next_start_works():
    server = RunningServer(PERSONAE_WORKERS="2")
    try:
        server.start()
        workers = server.workers()
        server.kill()
        gone, alive = psutil.wait_procs(workers, timeout=10)
        assert (len(gone), alive) == (2, [])
        server.start()
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(20) == 0
        assert not any(psutil.pid_exists(worker.pid) for worker in workers)
    finally:
        server.remove()
