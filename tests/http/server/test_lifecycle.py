"""Starting, draining, stopping: what has begun is finished, the rest is refused cleanly."""

import asyncio
import os
import signal
import socket
import sys
from time import monotonic

import grpc
import pytest
from personae.http.server import Server, ServerSettings

from tests.http.server.kit import ECHO, HOST, H2Client, application, fetch, running, status
from tests.http.server.test_protocols import ask

SLOW = b"GET /slow?for=0.4 HTTP/1.1\r\n" + HOST + b"\r\n"


async def refused(port):
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return True
    writer.close()
    return False


async def test_a_drain_closes_the_port_at_once_and_finishes_what_has_begun():
    """P-38, FX-25."""
    async with running() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(SLOW)
        call = asyncio.create_task(ask(server.port, "sleep 0.4"))
        await asyncio.sleep(0.15)
        port, drain = server.port, asyncio.create_task(server.stop())
        await asyncio.sleep(0.1)
        assert await refused(port)
        answer = await reader.read()
        assert (status(answer), b"Connection: close" in answer, answer.endswith(b"slept")) == (
            200,
            True,
            True,
        )
        assert (await call).value == "you said sleep 0.4"
        await asyncio.wait_for(drain, 1)
        writer.close()


async def test_connections_that_wait_at_the_door_when_it_closes_are_served():
    """FX-25: the system has taken them, the loop has not seen them yet."""
    clients = []

    def arrive():
        for _ in range(20):
            clients.append(socket.create_connection(("127.0.0.1", port)))
            clients[-1].sendall(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")

    async with running() as server:
        port, drain = server.port, asyncio.create_task(server.stop())
        asyncio.get_running_loop().call_soon(arrive)
        await drain
        answers = [client.recv(12) for client in clients]
        assert answers == [b"HTTP/1.1 200"] * 20
        for client in clients:
            client.close()


async def test_what_arrives_as_an_idle_connection_is_to_be_closed_is_answered(monkeypatch):
    """FX-25: the client had sent, and the loop had not read yet."""
    async with running() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        await reader.readuntil(b"}")
        drain = server._port.drain

        def late(now):
            sock = writer.get_extra_info("socket")
            os.write(sock.fileno(), b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
            monkeypatch.undo()
            drain(now + 1)

        monkeypatch.setattr(server._port, "drain", late)
        await server.stop()
        answer = await reader.read()
        assert (status(answer), b"Connection: close" in answer) == (200, True)
        writer.close()


async def test_a_connection_idle_for_long_has_a_moment_to_be_used_once_more():
    async with running() as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        await reader.readuntil(b"}")
        await asyncio.sleep(server.settings.drain_grace + 0.1)
        stop = asyncio.create_task(server.stop())
        await asyncio.sleep(0.1)
        writer.write(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        answer = await reader.read()
        assert (status(answer), b"Connection: close" in answer) == (200, True)
        await stop
        writer.close()


async def test_idle_connections_do_not_hold_the_drain():
    """P-38."""
    async with running() as server:
        idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
        idle[0][1].write(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        client = await H2Client.connect(server.port)
        await client.response(client.head())
        began = monotonic()
        await server.stop()
        assert monotonic() - began < 5
        for _, writer in idle:
            writer.close()


async def test_a_drain_has_an_end():
    """P-38: what takes longer than the limit is cut."""
    async with running(drain_timeout=0.3) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /slow?for=30 HTTP/1.1\r\n" + HOST + b"\r\n")
        await asyncio.sleep(0.05)
        began = monotonic()
        await server.stop()
        assert monotonic() - began < 10
        writer.close()


async def test_a_draining_server_is_not_ready_and_sends_http2_clients_away():
    async with running() as server:
        client = await H2Client.connect(server.port)
        slow = client.head("/slow?for=0.3")
        await asyncio.sleep(0.05)
        stop = asyncio.create_task(server.stop())
        await asyncio.sleep(0.05)
        assert await server.readiness.reasons() == {"shutdown": "the server is stopping"}
        assert (await client.response(slow))[2] == b"slept"
        assert (await client.closed()).error_code == 0
        await stop


async def load(port, results, until):
    """Ask over one kept connection until the server says close; then connect anew."""
    while not until.is_set():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return
        try:
            while True:
                writer.write(b"GET /slow?for=0.01 HTTP/1.1\r\n" + HOST + b"\r\n")
                answer = await reader.readuntil(b"slept")
                results.append(status(answer))
                if b"Connection: close" in answer:
                    break
        except (OSError, asyncio.IncompleteReadError) as exc:
            results.append(exc)
        writer.close()


async def calls(port, results, until):
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(ECHO)
        while not until.is_set():
            try:
                await call(b"\x0a\x0asleep 0.01", timeout=5)
                results.append(200)
            except grpc.aio.AioRpcError as exc:
                # a refused connection after the port has closed is a clean refusal
                if "Connection refused" not in str(exc.details()):
                    results.append(exc)
                return


async def test_no_request_under_load_is_lost_in_a_drain():
    """FX-25."""
    for _ in range(5):
        async with running() as server:
            results, until = [], asyncio.Event()
            clients = [asyncio.create_task(load(server.port, results, until)) for _ in range(20)]
            clients += [asyncio.create_task(calls(server.port, results, until)) for _ in range(5)]
            await asyncio.sleep(0.2)
            await server.stop()
            until.set()
            await asyncio.gather(*clients)
        assert set(results) == {200}
        assert len(results) > 25


SCRIPT = """
import asyncio, sys
from personae.http.server import Server, ServerSettings
from tests.http.server.kit import application
async def main():
    server = Server(application(), {}, ServerSettings(port=0))
    await server.start()
    print(server.port, flush=True)
    await server.signalled()
    await server.stop()
asyncio.run(main())
"""


async def start_process():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, stdout=asyncio.subprocess.PIPE, env=dict(os.environ)
    )
    return process, int(await asyncio.wait_for(process.stdout.readline(), 20))


@pytest.mark.parametrize(("signals", "finished"), [(1, True), (2, False)], ids=["once", "twice"])
async def test_sigterm_drains_and_a_second_one_ends_it(signals, finished):
    """FX-25."""
    process, port = await start_process()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /slow?for=1 HTTP/1.1\r\n" + HOST + b"\r\n")
    await asyncio.sleep(0.2)
    for _ in range(signals):
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.1)
    try:
        answer = await asyncio.wait_for(reader.read(), 5)
    except ConnectionError:
        answer = b""
    assert (status(answer) == 200) is finished
    assert await asyncio.wait_for(process.wait(), 5) == 0
    writer.close()


async def test_several_processes_may_share_a_port():
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    servers = [
        Server(application(), {}, ServerSettings(port=port, reuse_port=True)) for _ in range(2)
    ]
    for server in servers:
        await server.start()
    assert (await fetch(port, "/"))[0] == 200
    for server in servers:
        await server.stop()


async def test_a_taken_port_is_an_error():
    async with running() as server:
        other = Server(application(), {}, ServerSettings(port=server.port))
        with pytest.raises(OSError, match="in use"):
            await other.start()
