"""Slow, greedy and flooding clients are dropped; the others do not notice."""

import asyncio
import gzip
import resource
from time import monotonic

import h2.events
import pytest
from aiohttp.streams import StreamReader
from h2.errors import ErrorCodes
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    SettingsFrame,
)
from personae.http.server import Limits
from personae.http.server.files import room_for

from tests.http.server.kit import GET, HOST, QUICK, H2Client, fetch, running, send, status

POST = b"POST / HTTP/1.1\r\n" + HOST


async def time_to_close(port, first, drip=b""):
    """Send, then drip; return how long the server bore it and what it said."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = monotonic()
    writer.write(first)
    task = asyncio.ensure_future(reader.read())
    while not task.done() and monotonic() - began < 4:
        await asyncio.sleep(0.05)
        if drip and not writer.is_closing():
            writer.write(drip)
    writer.close()
    answer = b"" if task.exception() else task.result()
    return monotonic() - began, answer


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        (b"", b""),
        (b"PRI * HT", b""),
        (b"GET / HTTP/1.1\r\nHo", b""),
        (b"GET / HTTP/1.1\r\n", b"X"),
        (POST + b"Content-Length: 90\r\n\r\nhalf", b""),
        (POST + b"Content-Length: 9000\r\n\r\nhalf", b"x"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n", b""),
        (GET, b""),
    ],
    ids=[
        "silent",
        "half preface",
        "half header",
        "dripped header",
        "half body",
        "dripped body",
        "half chunk",
        "idle",
    ],
)
async def test_a_slow_client_is_dropped_in_time(first, drip):
    """P-32, FX-11 (slowloris)."""
    async with running(QUICK) as server:
        took, _ = await time_to_close(server.port, first, drip)
    assert 0.2 < took < 1.5


async def test_a_slow_body_is_told_so():
    """P-32."""
    async with running(QUICK) as server:
        _, answer = await time_to_close(server.port, POST + b"Content-Length: 90\r\n\r\nhalf")
    assert (status(answer), b"HTTP-TooSlow" in answer) == (408, True)


async def test_a_body_that_keeps_the_minimum_rate_gets_more_time():
    """P-32: 30 s and one more for every so many bytes; here 0.3 s and 1 s per 20 bytes."""
    limits = Limits(body_timeout=0.3, body_rate=20, header_timeout=0.3)
    async with running(limits) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(POST + b"Content-Length: 60\r\n\r\n")
        for _ in range(6):
            writer.write(b"x" * 10)
            await asyncio.sleep(0.12)
        assert status(await reader.read(9999)) == 200
        writer.close()


async def test_who_does_not_read_the_answer_is_dropped():
    """FX-11: slow reader."""
    async with running(QUICK) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
        writer.write(b"GET /big HTTP/1.1\r\n" + HOST + b"\r\n")
        await asyncio.sleep(0.1)
        assert len(server._opened.guests) == 1
        await asyncio.sleep(1.0)
        assert not server._opened.guests
        writer.close()


async def test_a_slow_body_over_http2_is_told_so():
    """P-32."""
    async with running(QUICK) as server:
        client = await H2Client.connect(server.port)
        status_, _, _ = await client.response(client.head("/", "POST", end=False))
    assert status_ == 408


async def test_an_idle_http2_connection_is_sent_away():
    async with running(QUICK) as server:
        client = await H2Client.connect(server.port)
        assert (await client.closed()).error_code == ErrorCodes.NO_ERROR


async def test_one_address_may_open_only_so_many_connections():
    """P-32."""
    async with running(Limits(connections_per_ip=3)) as server:
        open_ = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
        await asyncio.sleep(0.05)
        assert await send(server.port, GET, wait=0.5) == (b"", True)
        open_[0][1].close()
        await asyncio.sleep(0.05)
        assert (await fetch(server.port, "/"))[0] == 200
        for _, writer in open_:
            writer.close()


async def test_a_trusted_proxy_may_open_more():
    async with running(Limits(connections_per_ip=1), trusted_proxies=("127.0.0.1",)) as server:
        _, first = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.sleep(0.05)
        assert (await fetch(server.port, "/"))[0] == 200
        first.close()


CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"
BODIES = {
    "one byte too many": b"Content-Length: 1048577\r\n\r\n" + b"x" * 1048577,
    "1 GiB announced": b"Content-Length: 1073741824\r\n\r\n",
    "endless chunks": b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK * 20,
    "gzip bomb": b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s",
}


@pytest.mark.parametrize("case", BODIES)
async def test_a_body_over_the_limit_is_413(case):
    """P-35, FX-12."""
    bomb = gzip.compress(b"\0" * 50_000_000)
    tail = BODIES[case] % (len(bomb), bomb) if case == "gzip bomb" else BODIES[case]
    async with running() as server:
        answer, closed = await send(server.port, POST + tail)
    assert closed
    assert status(answer) in ({413} if case in {"1 GiB announced", "gzip bomb"} else {413, 0})


@pytest.mark.parametrize("path", [b"/", b"/none"], ids=["read", "unread"])
async def test_a_packed_body_is_unpacked_no_further_than_the_limit(monkeypatch, path):
    """FX-12: nor is the rest, which is not wanted any more, once the answer is given."""
    fed, feed = [], StreamReader.feed_data
    monkeypatch.setattr(StreamReader, "feed_data", lambda *a: fed.append(len(a[1])) or feed(*a))
    bomb = gzip.compress(b"\0" * 50_000_000)
    tail = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(bomb), bomb)
    async with running() as server:
        head = b"POST " + path + b" HTTP/1.1\r\n" + HOST
        answer, closed = await send(server.port, head + tail)
    assert (status(answer), closed) == (413 if path == b"/" else 404, True)
    assert sum(fed) < 8 << 20


async def test_a_body_of_exactly_the_limit_is_taken():
    async with running() as server:
        answer, _ = await send(
            server.port, POST + b"Content-Length: 1048576\r\n\r\n" + b"x" * 1048576, wait=1.0
        )
    assert (status(answer), len(answer.partition(b"\r\n\r\n")[2])) == (200, 1048576)


def ping(_):
    return PingFrame(0, opaque_data=b"12345678").serialize()


def settings(_):
    return SettingsFrame(0, settings={3: 100}).serialize()


def priority(n):
    return PriorityFrame(2 * n + 1, depends_on=0, stream_weight=1).serialize()


def unknown(_):
    return b"\0\0\0\xee\0\0\0\0\0"


def empty(_):
    return DataFrame(1, b"").serialize()


@pytest.mark.parametrize(
    "frame", [ping, settings, priority, unknown, empty], ids=lambda f: f.__name__
)
async def test_a_flood_of_cheap_frames_is_stopped(frame):
    """FX-13."""
    async with running() as server:
        client = await H2Client.connect(server.port)
        client.head("/", "POST", end=False)
        client.writer.write(b"".join(frame(n) for n in range(3000)))
        goaway = await client.closed()
        assert goaway is None or goaway.error_code == ErrorCodes.ENHANCE_YOUR_CALM
        assert (await fetch(server.port, "/"))[0] == 200


async def test_rapid_reset_is_stopped():
    """FX-13 (CVE-2023-44487)."""
    seen = {}
    async with running(seen=seen) as server:
        client = await H2Client.connect(server.port)
        for _ in range(600):
            client.h2.reset_stream(client.head("/slow?for=0"), ErrorCodes.CANCEL)
        client.flush()
        goaway = await client.closed()
    assert goaway is None or goaway.error_code == ErrorCodes.ENHANCE_YOUR_CALM
    assert seen.get("started", 0) <= 300


async def test_resets_between_answered_requests_are_no_attack():
    """FX-23: clients with short deadlines."""
    async with running(Limits(reset_burst=10, reset_rate=0)) as server:
        client = await H2Client.connect(server.port)
        for _ in range(40):
            client.h2.reset_stream(client.head("/slow?for=0"), ErrorCodes.CANCEL)
            assert (await client.response(client.head()))[0] == 200


async def test_a_header_block_without_end_is_stopped():
    """FX-13: CONTINUATION flood."""
    async with running() as server:
        client = await H2Client.connect(server.port)
        client.writer.write(HeadersFrame(1, b"\x00\x01a\x01b").serialize())
        client.writer.write(ContinuationFrame(1, b"\x00\x01a\x01b").serialize() * 200)
        goaway = await client.closed()
    assert goaway.error_code == ErrorCodes.PROTOCOL_ERROR


async def test_a_header_list_over_the_limit_is_stopped():
    async with running() as server:
        client = await H2Client.connect(server.port)
        client.head("/", extra=[(f"x-{n}", "a" * 1000) for n in range(40)])
        assert await client.closed() is not None


async def test_more_streams_than_allowed_are_refused():
    async with running(Limits(streams=2)) as server:
        client = await H2Client.connect(server.port)
        first, second = client.head("/slow?for=0.3"), client.head("/slow?for=0.3")
        for stream in (first, second):
            client.h2.reset_stream(stream, ErrorCodes.CANCEL)
        third = client.head()
        assert (await client.response(third))[0] == 0
        reset = next(
            e
            for e in client.events
            if isinstance(e, h2.events.StreamReset) and e.stream_id == third
        )
    assert reset.error_code == ErrorCodes.REFUSED_STREAM


async def test_a_refused_stream_that_its_client_has_ended_already_ends_no_others():
    async with running(Limits(streams=1)) as server:
        client = await H2Client.connect(server.port)
        client.h2.reset_stream(client.head("/slow?for=0.2"), ErrorCodes.CANCEL)
        client.flush()
        await asyncio.sleep(0.1)  # it runs to its end, so that there is no room
        client.h2.reset_stream(client.head(), ErrorCodes.CANCEL)  # both in one packet
        client.flush()
        await asyncio.sleep(0.2)
        assert (await client.response(client.head()))[0] == 200


@pytest.mark.parametrize(
    "bytes_", [b"\xff" * 300, b"\0" * 900, bytes(range(256)) * 40], ids=["ff", "00", "mixed"]
)
async def test_random_bytes_after_the_preface_end_the_connection(bytes_):
    """FX-13."""
    async with running() as server:
        client = await H2Client.connect(server.port)
        client.writer.write(bytes_)
        await client.closed()
        assert (await fetch(server.port, "/"))[0] == 200
        assert not server._opened.guests


async def test_connections_leave_some_files_to_everything_else(monkeypatch):
    """FX-11: most systems give a program 1,024 files until it asks for more."""
    limits = {"soft": 1024, "hard": 4096}
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limits["soft"], limits["hard"]))
    monkeypatch.setattr(resource, "setrlimit", lambda _, both: limits.update(soft=both[0]))
    assert (room_for(3000), limits["soft"]) == (3000, 3256)
    assert (room_for(20_000), limits["soft"]) == (3840, 4096)
    assert (room_for(100), limits["soft"]) == (100, 4096)
    limits["hard"] = resource.RLIM_INFINITY
    assert (room_for(20_000), limits["soft"]) == (20_000, 20_256)
