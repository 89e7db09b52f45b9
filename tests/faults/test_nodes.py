"""Nodes are killed, stopped, restarted."""

import asyncio
import random
import signal
import time
from functools import partial

import aiohttp
import psutil
import pytest
from personae.store.pool import Database

from tests.cluster import eventually
from tests.faults.conftest import Cluster, in_thread
from tests.faults.leases import LIVE, SINCE, TWICE, named, watched, witness
from tests.running import RunningServer


@pytest.fixture
async def leases(postgres):
    """Ask who holds the leases now."""
    database = Database(postgres.dsn, size=1)

    async def holders():
        return {holder for _, holder in await database.rows(LIVE)}

    yield holders
    await database.close()


async def of_one(nodes, leases):
    """Let the first of the nodes hold all the leases."""
    nodes[1].kill()

    async def held_by_one():
        return len(await leases()) == 1

    await asyncio.sleep(2)  # those of the other have expired
    await eventually(held_by_one, 10)
    await in_thread(nodes[1].start)
    return await leases()


def moved_from(holders, leases):
    async def moved():
        now = await leases()
        return bool(now) and not now & holders

    return moved


async def killed_and_started(cluster, kill):
    """Let a node of two be killed under load and start again: the other one fails no call."""
    one, two = cluster.nodes
    load = cluster.load()
    async with load.running():
        await kill()
        two.settings.pop("FAULT_KILL", None)
        await in_thread(two.start)
        await asyncio.sleep(0.5)
    cluster.measured("serves again after its start, s", two.seconds, 5.0)
    cluster.measured("calls cut off or refused by the killed node", len(load.failures))
    assert [failure for failure in load.failures if failure.url == one.url] == []
    await cluster.check(load)


async def test_kill_9_of_one_of_two_nodes(cluster, trials):
    async def kill():
        await asyncio.sleep(random.uniform(0.3, 1.5))
        cluster.nodes[1].kill()

    for _ in trials:
        await killed_and_started(cluster, kill)


@pytest.mark.parametrize(
    "point", ["before the push", "before the commit", "after the push", "before the answer"]
)
async def test_kill_9_at_a_point_of_a_command(cluster, trials, point):
    _, two = cluster.nodes

    async def dead():
        return two.process.poll() is not None

    for _ in trials:
        two.kill()
        two.settings["FAULT_KILL"] = f"{point}:{random.randint(20, 100)}"
        await in_thread(two.start)
        await killed_and_started(cluster, partial(eventually, dead, 30))
        assert two.process.poll() is None


async def test_a_rolling_restart_under_load_fails_no_request(cluster, trials, measured):
    for _ in trials:
        load = cluster.load(pause=0)
        async with load.running():
            for node in cluster.nodes:
                await asyncio.sleep(random.uniform(0.3, 1))
                began = time.monotonic()
                await in_thread(node.stop)
                measured("stops within, s", time.monotonic() - began)
                assert node.process.returncode == 0
                await in_thread(node.start)
            await asyncio.sleep(0.5)
        # A closed port is no failed request: whoever balances the load goes to the next node.
        failed = [f for f in load.failures if f.body != "ClientConnectorError"]
        measured("calls answered", len(load.answered_at))
        measured("calls failed", len(failed))
        measured("calls that found a closed port and went to the other node", len(load.failures))
        assert failed == []
        await cluster.check(load)


async def test_a_lease_holder_that_is_stopped_is_replaced_and_writes_nothing_afterwards(
    postgres, serve, trials, measured, leases
):
    """But what came since, like anybody: no lease is its own again, no row is written twice."""
    await in_thread(lambda: serve(dsn=named(postgres.dsn, "one")))
    nodes = await in_thread(lambda: serve(dsn=named(postgres.dsn, "two")))
    cluster = Cluster(postgres, nodes, measured)
    database = Database(postgres.dsn, size=1)
    await witness(database)
    for _ in trials:
        holder, other = cluster.nodes
        holders = await of_one(cluster.nodes, leases)
        load = cluster.load(other)
        async with load.running():
            await asyncio.sleep(random.uniform(0, 1))
            holder.process.send_signal(signal.SIGSTOP)
            seconds = await eventually(moved_from(holders, leases), 10)
            measured("taken over after SIGSTOP, s", seconds, 10.0)
            await asyncio.sleep(10 - seconds)
            async with watched(database) as seen:
                ((woken_at,),) = await database.rows("SELECT clock_timestamp()")
                holder.process.send_signal(signal.SIGCONT)
                await asyncio.sleep(2)
        assert load.failures == []
        assert holders.isdisjoint(other for _, other in seen)
        assert await database.rows(TWICE) == []
        ((rows,),) = await database.rows(SINCE, ("one", woken_at))
        measured("rows written by the woken one, of what came since", rows)
        await cluster.check(load)
    await database.close()


async def test_a_killed_lease_holder_is_replaced(cluster, trials, measured, leases):
    for _ in trials:
        holder, other = cluster.nodes
        holders = await of_one(cluster.nodes, leases)
        load = cluster.load(other)
        async with load.running():
            await asyncio.sleep(random.uniform(0, 2))
            holder.kill()
            seconds = await eventually(moved_from(holders, leases), 10)
        measured("taken over after kill -9, s", seconds, 2.0)
        assert load.failures == []
        await in_thread(holder.start)
        await cluster.check(load)


async def test_what_is_taken_away_on_one_node_is_refused_by_the_other_at_its_next_call(
    cluster, trials, measured
):
    """While both are busy: memory of the other one knows before the answer is there."""
    load = cluster.load(pause=0)
    async with load.running(), aiohttp.ClientSession() as http:
        owner = {"Authorization": f"Bearer {cluster.nodes[0].pat}"}

        async def call(node, path, body, headers=owner, method="POST"):
            url = f"{node.url}{path}"
            async with http.request(method, url, json=body, headers=headers) as answer:
                return answer.status, await answer.json()

        _, found = await call(cluster.nodes[0], "/v2/organizations/_search", {})
        org = found["result"][0]["id"]
        for number in range(25 * len(trials)):
            one, two = cluster.nodes[:: -1 if number % 2 else 1]
            user = {"organizationId": org, "username": f"bot{number}", "machine": {"name": "bot"}}
            id_ = (await call(one, "/v2/users/new", user))[1]["id"]
            expires = {"expirationDate": "2100-01-01T00:00:00Z"}
            made = (await call(one, f"/v2/users/{id_}/pats", expires))[1]
            own = {"Authorization": f"Bearer {made['token']}"}
            me = f"/v2/users/{id_}"
            assert [(await call(each, me, None, own, "GET"))[0] for each in (one, two)] == [200] * 2
            began = time.monotonic()
            ended = f"{me}/pats/{made['tokenId']}" if number % 4 < 2 else me  # token, or user
            assert (await call(one, ended, None, owner, "DELETE"))[0] == 200
            measured("answered within, s", time.monotonic() - began, 1.0)
            assert (await call(two, me, None, own, "GET"))[0] == 401
    assert load.failures == []
    await cluster.check(load)


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
