"""Who asks for much and does not read it makes us keep little."""

import asyncio
import socket

import pytest
from aiohttp import web
from personae.http.server.port import SEND_BUFFER
from personae.http.wire.http_calls import respond
from personae.http.wire.pieces import PIECE

from tests.http.server.kit import HOST, H2Client, running

BODY = bytes(range(256)) * 12_000


@pytest.fixture
async def asked():
    """The requests that a server of long answers has had, and its port."""
    requests = asyncio.Queue()

    async def long(request):
        requests.put_nowait(request)
        return respond(request, BODY)

    async with running(routes=[web.get("/long", long)]) as server:
        yield requests, server.port


async def test_of_what_is_not_read_little_is_kept(asked):
    requests, port = asked
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=client, limit=2 * len(BODY))
    writer.transport.pause_reading()
    writer.write(b"GET /long HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n")
    transport = (await requests.get()).transport
    await asyncio.sleep(0.2)
    assert 0 < transport.get_write_buffer_size() <= 3 * PIECE
    # The system counts double, for its own accounts.
    ours = transport.get_extra_info("socket")
    assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * SEND_BUFFER
    writer.transport.resume_reading()
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    assert (f"Content-Length: {len(BODY)}".encode() in head, body == BODY) == (True, True)


async def test_over_http_2_it_arrives_whole_too(asked):
    client = await H2Client.connect(asked[1])
    _, _, body = await client.response(client.head("/long"), wait=10)
    assert body == BODY
