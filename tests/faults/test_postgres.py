"""The database dies, restarts, hangs: what was acknowledged stays, and the server serves again."""

import asyncio
import signal
import time

import aiohttp
import pytest

from tests.faults.checker import check
from tests.faults.conftest import Postgres, in_thread
from tests.faults.load import Load
from tests.running import RunningServer


async def outage(postgres, server, hurt, seconds, record_property):
    """Hurt the database under load, start it again after ``seconds``; check everything."""
    load = Load([server.url], server.pat)
    async with load.running():
        await asyncio.sleep(1.5)
        hurt()
        hurt_at = time.monotonic()
        await asyncio.sleep(seconds)
        slow = await slowest_refusals(server)
        await in_thread(postgres.start)
        up_at = time.monotonic()
        await asyncio.sleep(4)
    record_property("serves_again", load.window(up_at))
    record_property("errors_end", load.errors_end(up_at))
    print(
        f"serves again {load.window(up_at):.2f} s after the database is up, last error"
        f" {load.errors_end(up_at):.2f} s after, slowest answer meanwhile {slow:.2f} s,"
        f" {len(load.acknowledged)} acknowledged, {len(load.failures)} refused"
    )
    assert load.wrong == []
    print(load.kinds())
    refused = [f for f in load.failures if f.at > hurt_at and f.status]
    assert {f.status for f in refused} <= {503}
    assert all(0 < int(f.retry_after) <= 2 for f in refused)
    assert load.window(up_at) < 5
    assert load.errors_end(up_at) < 3
    await check(postgres.dsn, load.acknowledged)
    return load


async def slowest_refusals(server):
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
        assert slowest <= 2.0
        async with http.get("/debug/ready") as answer:
            assert answer.status == 412
    return slowest


@pytest.mark.parametrize("seconds", [0.5, 5])
async def test_kill_9_of_the_database(postgres, serve, record_property, seconds):
    (server,) = await in_thread(serve)
    await outage(postgres, server, postgres.kill, seconds, record_property)


async def test_immediate_stop_of_the_database(postgres, serve, record_property):
    (server,) = await in_thread(serve)
    await outage(postgres, server, postgres.stop_immediately, 2, record_property)


async def test_restart_of_the_database_under_load(postgres, serve):
    (server,) = await in_thread(serve)
    load = Load([server.url], server.pat)
    async with load.running():
        for _ in range(3):
            await asyncio.sleep(1)
            await in_thread(postgres.stop)
            await in_thread(postgres.start)
            up_at = time.monotonic()
        await asyncio.sleep(4)
    print(f"last error {load.errors_end(up_at):.2f} s after the database is up")
    assert load.wrong == []
    assert load.errors_end(up_at) < 3
    await check(postgres.dsn, load.acknowledged)


async def test_a_database_that_hangs(postgres, serve):
    (server,) = await in_thread(serve)
    load = Load([server.url], server.pat)
    async with load.running():
        await asyncio.sleep(1)
        postgres.signal_all(signal.SIGSTOP)
        await asyncio.sleep(15)
        postgres.signal_all(signal.SIGCONT)
        back_at = time.monotonic()
        await asyncio.sleep(4)
    slowest = max(failure.seconds for failure in load.failures)
    print(
        f"slowest answer {slowest:.2f} s, last error {load.errors_end(back_at):.2f} s after waking"
    )
    assert load.wrong == []
    assert slowest < 12.5
    assert load.errors_end(back_at) < 3
    await check(postgres.dsn, load.acknowledged)


async def test_the_embedded_database_is_started_again_when_it_dies():
    server = RunningServer()
    try:
        await in_thread(server.start)
        inside = Postgres(server.data / "postgresql")
        load = Load([server.url], server.pat)
        async with load.running():
            await asyncio.sleep(1)
            inside.kill()
            killed_at = time.monotonic()
            await asyncio.sleep(6)
        ended = load.errors_end(killed_at)
        print(f"last error {ended:.2f} s after kill -9 of the embedded database")
        assert load.wrong == []
        assert 0 < ended < 5
        await check(inside.dsn, load.acknowledged)
    finally:
        server.remove()
