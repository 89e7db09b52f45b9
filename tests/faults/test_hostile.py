"""Thousands of connections that dawdle, and what is cheap to send and dear to take: FX-11, FX-12, FX-13.

A good client asks beside each attack: it is answered, and in time. The server's memory stays bounded, and
nothing that is sent makes it say that it is at fault.
"""

import asyncio
import contextlib
import gzip
import itertools
import json
import random
import resource
import socket
import time
from collections import Counter

import h2.exceptions
import pytest
from hpack import Encoder
from hyperframe.frame import (
    ContinuationFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
)
from personae.http.wire import METHODS

from tests.faults.probe import probing
from tests.http.server.kit import H2Client, send, status
from tests.running import RunningServer

CONNECTIONS = 5_000
ADDRESSES = ("127.0.0.2", "127.0.0.3")
"""One address may have 4,096 connections."""
P99 = 0.25
GROWTH_SLOW, GROWTH = 150, 64
"""MiB that memory may grow under slow connections, and under everything else."""
SECONDS, AT_ONCE = 5, 8
LIST = "/zitadel.user.v2.UserService/ListUsers"
TOKEN = "/oauth/v2/token"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
PASSKEY = "/zitadel.user.v2.UserService/VerifyPasskeyRegistration"


class Fewer(RunningServer):
    """A server that is started with as few open files as most systems give a program."""

    prefix = ("sh", "-c", 'ulimit -S -n 1024 && exec "$@"', "sh")


@pytest.fixture(scope="module")
def server():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    server = Fewer()
    try:
        yield server.start()
    finally:
        server.remove()


@pytest.fixture(scope="module")
def path(server):
    """Where a user is asked for."""
    return asyncio.run(somebody(server))


def head(server, verb, target, *fields):
    """Return the head of a request of the owner's, but for its last line."""
    every = (
        f"{verb} {target} HTTP/1.1", f"Host: localhost:{server.port}",
        f"Authorization: Bearer {server.pat}", *fields,
    )  # fmt: skip
    return "\r\n".join((*every, "")).encode()


async def somebody(server):
    body, kind = b'{"query": {"limit": 1}}', "Content-Type: application/json"
    sent = head(server, "POST", LIST, kind, f"Content-Length: {len(body)}", "Connection: close")
    answer, _ = await send(server.port, sent + b"\r\n" + body)
    return "/v2/users/" + json.loads(answer.partition(b"\r\n\r\n")[2])["result"][0]["userId"]


@contextlib.asynccontextmanager
async def watched(server, path, measured, growth):
    """Note what the good client waits and how far memory grows, while the body runs."""
    before = most = server.memory()

    async def watch():
        nonlocal most
        while True:
            most = max(most, server.memory())
            await asyncio.sleep(0.1)

    watcher = asyncio.create_task(watch())
    async with probing(server, path) as probe:
        yield
    watcher.cancel()
    measured("good requests", probe.statuses.total())
    assert set(probe.statuses) == {200}
    measured("a good request at p99, s", probe.p99, P99)
    measured("memory before, MiB", before)
    measured("memory grown at most, MiB", max(most, server.memory()) - before, growth)
    assert "Traceback" not in server.log.read_text()


# FX-11


class Dawdler(asyncio.Protocol):
    """Says something, then a byte each second, and notes when it is shown out."""

    def __init__(self, first, drip):
        self.first, self.drip = first, drip
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport, self.began = transport, time.monotonic()
        if self.first:
            transport.write(self.first)
        if self.drip:
            self.again()
        if b"openapi" in self.first:
            transport.pause_reading()
            # Whoever does not read does not see the end either.
            asyncio.get_running_loop().call_later(35, transport.resume_reading)

    def again(self):
        if not self.transport.is_closing():
            self.transport.write(self.drip)
            asyncio.get_running_loop().call_later(1, self.again)

    def connection_lost(self, _error):
        self.ended.set_result(time.monotonic() - self.began)


def dawdlers(server, path):
    """Return what each kind sends at first, what again and again, and how long it may stay."""
    form = head(server, "POST", TOKEN, f"Content-Type: {FORM}", "Content-Length: 9000") + b"\r\na=b"
    get = head(server, "GET", path)
    return {
        "no bytes": (b"", b"", 15),
        "half header": (get[:-20], b"", 15),
        "header drip": (get[:-20], b"x", 15),
        "half body": (form, b"", 32),
        "body drip": (form, b"x", 32),
        "slow reader": ((head(server, "GET", "/openapi.json") + b"\r\n") * 3, b"", 40),
        "idle": (get + b"\r\n", b"", 77),
    }


async def dawdle(server, sort, address, first, drip):
    """Open one connection and return what becomes of it."""
    loop, opened = asyncio.get_running_loop(), socket.socket()
    opened.setblocking(False)
    if sort == "slow reader":
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    opened.bind((address, 0))
    await loop.sock_connect(opened, ("127.0.0.1", server.port))
    _, dawdler = await loop.create_connection(lambda: Dawdler(first, drip), sock=opened)
    return dawdler


async def test_five_thousand_connections_that_dawdle(server, path, measured):
    kinds = dawdlers(server, path)
    turns = zip(range(CONNECTIONS), itertools.cycle(kinds), itertools.cycle(ADDRESSES))
    async with watched(server, path, measured, GROWTH_SLOW):
        opened = {sort: [] for sort in kinds}
        for _, sort, address in turns:
            first, drip, _ = kinds[sort]
            opened[sort].append(await dawdle(server, sort, address, first, drip))
        measured("connections", sum(map(len, opened.values())))
        for sort, (_, _, most) in kinds.items():
            times = await asyncio.wait_for(asyncio.gather(*(d.ended for d in opened[sort])), 120)
            measured(f"{sort}: closed after, s", max(times), most)
            assert min(times) > 5, sort  # it was let in


# FX-12


def deep(opening, inner, closing):
    return opening * 200_000 + inner + closing * 200_000


def multipart(parts):
    each = b'--x\r\nContent-Disposition: form-data; name="%d"\r\n\r\n\r\n'
    return b"".join(each % number for number in range(parts)) + b"--x--\r\n"


def keys(number):
    return json.dumps(dict.fromkeys(map(str, range(number)), 0), separators=(",", ":")).encode()


BODIES = {
    "1 MiB + 1": (LIST, JSON, b" " * (1 << 20) + b"0", {413}),
    "200,000 deep lists": (LIST, JSON, deep(b"[", b"", b"]"), {400}),
    "200,000 deep objects": (LIST, JSON, deep(b'{"a":', b"0", b"}")[: 1 << 20], {400}),
    "100,000 keys": (LIST, JSON, keys(100_000), {200, 413}),
    "80,000 keys": (LIST, JSON, keys(80_000), {200}),
    "2^64": (LIST, JSON, b'{"query": {"offset": 18446744073709551616}}', {400}),
    "digits": (LIST, JSON, b'{"query": {"offset": %s}}' % (b"9" * 1_000_000), {400}),
    "NaN": (LIST, JSON, b'{"query": {"limit": NaN}}', {400}),
    "lone surrogate": (LIST, JSON, b'{"queries": [{"userNameQuery": {"userName": "\\ud800"}}]}', {400}),
    "invalid UTF-8": (LIST, JSON, b'{"queries": [{"userNameQuery": {"userName": "\xff"}}]}', {400}),
    "deep Struct": (PASSKEY, JSON, b'{"publicKeyCredential":' + deep(b'{"a":', b"0", b"}")[:900_000], {400}),
    "15,000 parts": (TOKEN, "multipart/form-data; boundary=x", multipart(15_000), {400, 413, 415}),
    "15,000 parts of SAML": ("/saml/v2/SSO", "multipart/form-data; boundary=x", multipart(15_000), {400, 413, 415}),
    "endless part": (TOKEN, "multipart/form-data; boundary=x", b"--x\r\n" + b"a" * 900_000, {400, 413, 415}),
    "100,000 fields": (TOKEN, FORM, b"a=&" * 100_000, {400, 413}),
    "invalid UTF-8 in a form": (TOKEN, FORM, b"grant_type=%ff&client_id=\xff", {400, 401}),
}  # fmt: skip
BOMBS = {
    "1 GiB declared": ("Content-Length: 1073741824", lambda: b"x" * 1000),
    "chunks without end": ("Transfer-Encoding: chunked", lambda: (b"ffff\r\n" + b" " * 65_535 + b"\r\n") * 20),
    "gzip of 50 MB": ("Content-Encoding: gzip", lambda: gzip.compress(b"\0" * 50_000_000)),
}  # fmt: skip


async def sent_again(server, request, allowed, seconds=SECONDS):
    """Send a request for some seconds over several connections; returns how often what was answered."""
    ends, answers = time.monotonic() + seconds, Counter()

    async def sender():
        while time.monotonic() < ends:
            answer, _ = await send(server.port, request, wait=10)
            answers[status(answer)] += 1

    await asyncio.gather(*(sender() for _ in range(AT_ONCE)))
    print(dict(answers))
    assert set(answers) <= allowed
    return answers


@pytest.mark.parametrize("case", BODIES)
async def test_bodies_that_are_dear_to_read(server, path, measured, case):
    target, kind, body, allowed = BODIES[case]
    fields = f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close"
    request = head(server, "POST", target, *fields) + b"\r\n" + body
    async with watched(server, path, measured, GROWTH):
        answers = await sent_again(server, request, allowed | {0})
    # Who still sends when it is refused may see the connection reset before the answer.
    assert answers.total() > answers[0] or allowed == {413}


@pytest.mark.parametrize("case", BOMBS)
async def test_bodies_that_are_larger_than_they_look(server, path, measured, case):
    field, made = BOMBS[case]
    body = made()
    fields = [f"Content-Type: {JSON}", field, "Connection: close"]
    if case.startswith("gzip"):
        fields.append(f"Content-Length: {len(body)}")
    request = head(server, "POST", LIST, *fields) + b"\r\n" + body
    async with watched(server, path, measured, GROWTH):
        answers = await sent_again(server, request, {413, 0})
    assert answers[413] or case == "chunks without end"


# FX-13

GRPC = (("content-type", "application/grpc"), ("te", "trailers"))
OK, INVALID, EXHAUSTED = "0", "3", "8"


def framed(message, length=None, packed=0):
    size = len(message) if length is None else length
    return bytes([packed]) + size.to_bytes(4) + message


def groups(number, closed):
    return b"\xa3\x06" * number + b"\xa4\x06" * number * closed


def named(name):
    fields = {"queries": [{"user_name_query": {"user_name": name}}]}
    return METHODS[LIST[1:]].request(**fields).SerializeToString()


MESSAGES = {
    "5 MiB": (framed(b"\x0a" + b"x" * (5 << 20)), {EXHAUSTED}),
    "length of 4 GiB": (framed(b"hi", 0xFFFFFFFF), {EXHAUSTED}),
    "length too long": (framed(b"hi", 10), {INVALID}),
    "length too short": (framed(b"\x0a\x7fhi", 2), {INVALID}),
    "10,000 open groups": (framed(groups(10_000, closed=False)), {INVALID}),
    "10,000 nested groups": (framed(groups(10_000, closed=True)), {INVALID}),
    "10,000 nested messages": (framed(b"\x0a\x80\x80\x02" * 10_000), {INVALID}),
    "a million unknown fields": (framed(b"\xa0\x06\x01" * 1_000_000), {OK, INVALID}),
    "bad UTF-8": (framed(named("giraffe").replace(b"giraffe", b"gir\xffffe")), {INVALID}),
    "gzip of 50 MB": (framed(gzip.compress(b"\0" * 50_000_000), packed=1), {EXHAUSTED}),
}


@pytest.mark.parametrize("case", MESSAGES)
async def test_messages_that_are_dear_to_read(server, path, measured, case):
    message, allowed = MESSAGES[case]
    extra = (*GRPC, ("authorization", f"Bearer {server.pat}"), ("grpc-encoding", "gzip"))
    ends, codes = time.monotonic() + SECONDS, Counter()

    async def sender():
        client = await H2Client.connect(server.port)
        while time.monotonic() < ends:
            stream = client.head(
                LIST, "POST", extra, end=False, authority=f"localhost:{server.port}"
            )
            with contextlib.suppress(h2.exceptions.StreamClosedError):  # refused before all is sent
                await client.body(stream, message)
            _, headers, _ = await client.response(stream, wait=10)
            codes[headers.get("grpc-status", OK)] += 1  # after an answer it is in the trailers
            client.events.clear()

    async with watched(server, path, measured, GROWTH):
        await asyncio.gather(*(sender() for _ in range(AT_ONCE)))
    print(dict(codes))
    assert set(codes) <= allowed


PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SettingsFrame(0).serialize()
PER_SECOND = 10_000
BATCH = 1_000


def opened(server, stream):
    """Return the frame that opens a request which nobody will wait for."""
    block = Encoder().encode(
        [
            (":method", "POST"), (":path", LIST), (":scheme", "http"),
            (":authority", f"localhost:{server.port}"), *GRPC,
        ]
    )  # fmt: skip
    frame = HeadersFrame(stream, block)
    frame.flags.add("END_HEADERS")
    return frame.serialize()


def resets(server):
    return b"".join(
        opened(server, number) + RstStreamFrame(number, error_code=8).serialize()
        for number in range(1, 2 * BATCH, 2)
    )


def continuations(_server):
    more = ContinuationFrame(1, b"\x00\x01a\x01b").serialize()
    return HeadersFrame(1, b"\x00\x01a\x01b").serialize() + more * BATCH


def settings(_server):
    return SettingsFrame(0, settings={3: 100}).serialize() * BATCH


def pings(_server):
    return PingFrame(0, opaque_data=b"12345678").serialize() * BATCH


def random_frames(_server):
    """Return frames of the right form with anything in them."""
    out = []
    for _ in range(BATCH):
        payload = random.randbytes(random.choice((0, 1, 4, 8, 40)))
        stream = random.choice((0, 1, 2, 3, 2**31 - 1)).to_bytes(4)
        kind, flags = random.randrange(12), random.randrange(256)
        out.append(len(payload).to_bytes(3) + bytes([kind, flags]) + stream + payload)
    return b"".join(out)


def noise(_server):
    return random.randbytes(20_000)


FLOODS = {
    "bad preface": (b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", noise),
    "noise": (PREFACE, noise),
    "random frames": (PREFACE, random_frames),
    "rapid reset": (PREFACE, resets),
    "CONTINUATION": (PREFACE, continuations),
    "SETTINGS": (PREFACE, settings),
    "PING": (PREFACE, pings),
}


@pytest.mark.parametrize("case", FLOODS)
async def test_floods_of_frames(server, path, measured, case):
    """Ten thousand in a second, over a new connection whenever the old one is closed."""
    preface, made = FLOODS[case]
    began, sent, ended = time.monotonic(), 0, Counter()
    async with watched(server, path, measured, GROWTH):
        while time.monotonic() < began + SECONDS:
            answer, closed = await send(server.port, preface + made(server), wait=5)
            ended["closed" if closed else "open"] += 1
            ended["GOAWAY"] += b"\0\0\x08\x07\0" in answer
            sent += BATCH
            await asyncio.sleep(max(0, began + sent / PER_SECOND - time.monotonic()))
    measured("frames or resets in a second", sent / (time.monotonic() - began))
    print(dict(ended))
    assert not ended["open"]
