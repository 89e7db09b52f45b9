"""Clients leave in the middle or wait hardly at all; the server is told to stop while they ask."""

import asyncio
import contextlib
import random
import signal
import socket
import time
from functools import partial

import grpc.aio
import psutil
from personae.store.pool import Database

from tests.cluster import eventually
from tests.faults.checker import check
from tests.faults.conftest import in_thread
from tests.faults.load import Acknowledged, Hasty, readiness

SECONDS = 60
POOL = 10
SHUTDOWN = 3.0
STATES = """
SELECT count(*), count(*) FILTER (WHERE state <> 'idle') FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""


async def test_clients_that_leave_and_deadlines_of_milliseconds(postgres, serve, trials, measured):
    (server,) = await in_thread(serve)
    process, database = psutil.Process(server.process.pid), Database(postgres.dsn, size=1)
    acknowledged = Acknowledged()
    for trial in trials:
        load = Hasty(
            [server.url], server.pat, clients=16, name=f"trial{trial}",
            acknowledged=acknowledged,
        )  # fmt: skip
        until, most = time.monotonic() + SECONDS, 0
        async with load.running():
            await asyncio.sleep(2)
            before = process.num_fds()
            while time.monotonic() < until:
                await asyncio.sleep(0.5)
                most = max(most, (await database.rows(STATES))[0][0])
        measured("connections at most", most, POOL * 2)
        measured("clients that left", load.left)
        measured("calls past their own deadline", load.late)
        measured("all statements ended within, s", await eventually(partial(quiet, database)), 2.0)
        measured("open files and sockets grown", process.num_fds() - before, 20)
        assert (load.wrong, [f for f in load.failures if f.status == 503]) == ([], [])
        assert load.left > 100
        assert load.late > 100
        assert await readiness(server) == 200
        measured("acknowledged so far, all found", len(acknowledged.users))
        await check(postgres.dsn, acknowledged)
    await database.close()


async def quiet(database):
    """Whether nobody asks the database any more, over no more connections than the pool has."""
    ((connections, busy),) = await database.rows(STATES)
    return connections <= POOL + 1 and not busy  # one listens


async def closed(port):
    """Whether a port refuses connections."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return True
    writer.close()
    return False


async def test_sigterm_under_load(cluster, trials, measured):
    _, two = cluster.nodes
    for _ in trials:
        load = cluster.load()
        async with load.running():
            await asyncio.sleep(random.uniform(0.2, 1))
            two.process.send_signal(signal.SIGTERM)
            measured("port closed within, s", await eventually(partial(closed, two.port)), 0.2)
            measured("ended within, s", await ended(two), 10.0)
            await in_thread(two.start)
            await asyncio.sleep(0.3)
        assert [f for f in load.failures if f.body != "ClientConnectorError"] == []
        await cluster.check(load)


async def ended(node):
    """After how many seconds a server has ended, in order."""
    began = time.monotonic()
    await in_thread(node.process.wait, 40)
    assert node.process.returncode == 0
    return time.monotonic() - began


@contextlib.asynccontextmanager
async def held(node):
    """A request whose body never comes, and a stream that is never ended."""
    head = b"POST /v2/users HTTP/1.1\r\nHost: localhost:8080\r\nContent-Length: 9\r\n\r\n"
    with socket.create_connection(("127.0.0.1", node.port)) as half:
        half.sendall(head)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{node.port}") as channel:
            ask = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
            stream = ask()
            await stream.write(b"\x3a\x00")  # list the services
            assert await stream.read()
            yield


async def test_sigterm_with_open_streams_ends_in_time_and_a_second_one_at_once(
    postgres, serve, trials, measured
):
    limit = {"PERSONAE_SERVER__SHUTDOWN_TIMEOUT": f"{SHUTDOWN}s"}
    (server,) = await in_thread(lambda: serve(**limit))
    acknowledged = Acknowledged()
    for trial in trials:
        for signals in (1, 2):
            load = Hasty(
                [server.url], server.pat, name=f"trial{trial}-{signals}", hurry=0,
                acknowledged=acknowledged,
            )  # fmt: skip
            async with load.running(), held(server):
                await asyncio.sleep(0.3)
                server.process.send_signal(signal.SIGTERM)
                await asyncio.sleep(1)
                assert server.process.poll() is None  # what is open holds it
                if signals == 2:
                    server.process.send_signal(signal.SIGTERM)
                most = {1: SHUTDOWN + 1, 2: 1.5}[signals]
                measured(f"ended after {signals} signals, s", await ended(server), most)
                await in_thread(server.start)
            assert load.wrong == []
            await check(postgres.dsn, acknowledged)
