"""The raw-request set: what no parser may let through, byte by byte through a plain socket."""

import pytest

from tests.http.server.kit import GET, HOST, running, send, status

POST = b"POST / HTTP/1.1\r\n" + HOST
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"

REFUSED = {
    "length and chunked together": POST
    + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    + END,
    "two lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "length with plus": POST + b"Content-Length: +5\r\n\r\nhello",
    "length with underscore": POST + b"Content-Length: 5_0\r\n\r\nhello",
    "negative length": POST + b"Content-Length: -1\r\n\r\n",
    "hexadecimal length": POST + b"Content-Length: 0x5\r\n\r\nhello",
    "empty length": POST + b"Content-Length: \r\n\r\n",
    "unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n" + END,
    "chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + END,
    "identity then chunked": POST + b"Transfer-Encoding: identity, chunked\r\n\r\n" + END,
    "identity alone": POST + b"Transfer-Encoding: identity\r\n\r\nhello",
    "coding in HTTP/1.0": b"POST / HTTP/1.0\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + END,
    "blank before the colon": b"GET / HTTP/1.1\r\n" + HOST + b"X-A : b\r\n\r\n",
    "tab in a name": b"GET / HTTP/1.1\r\n" + HOST + b"X\tA: b\r\n\r\n",
    "folded line": b"GET / HTTP/1.1\r\n" + HOST + b"X-A: b\r\n c\r\n\r\n",
    "line feeds only": b"GET / HTTP/1.1\nHost: id.example.com\n\n",
    "lone carriage return": b"GET / HTTP/1.1\r\n" + HOST + b"X-A: b\rc\r\n\r\n",
    "NUL in a value": b"GET / HTTP/1.1\r\n" + HOST + b"X-A: b\0c\r\n\r\n",
    "foreign digits": POST + "Content-Length: \u0665\r\n\r\nhello".encode(),
    "chunk size with 0x": CHUNKED + b"0x1\r\na\r\n" + END,
    "chunk size with blank": CHUNKED + b"1 \r\na\r\n" + END,
    "line feed in an extension": CHUNKED + b"1;a\nb\r\na\r\n" + END,
    "20 kB chunk extension": CHUNKED + b"1;" + b"a" * 20_000 + b"\r\na\r\n" + END,
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "no host in HTTP/1.0": b"GET / HTTP/1.0\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "malformed host": b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
    "target of another host": b"GET http://evil.example.com/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "target with user": b"GET http://a@id.example.com/ HTTP/1.1\r\n" + HOST + b"\r\n",
    "authority as target": b"CONNECT id.example.com:80 HTTP/1.1\r\n" + HOST + b"\r\n",
    "long request line": b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "long header": b"GET / HTTP/1.1\r\n" + HOST + b"X-A: " + b"a" * 9000 + b"\r\n\r\n",
    "130 headers": b"GET / HTTP/1.1\r\n"
    + HOST
    + b"".join(b"X-%d: a\r\n" % n for n in range(130))
    + b"\r\n",
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 4,
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_doubtful_request_is_answered_400_and_closed(case):
    """P-33, P-35, P-40 (OA-37, AV-33)."""
    async with running() as server:
        answer, closed = await send(server.port, REFUSED[case])
    assert (status(answer), closed) == (400, True)
    assert answer.count(b" 400 Bad Request\r\n") == answer.count(b"HTTP/1.") == 1


@pytest.mark.parametrize("case", REFUSED)
async def test_a_refusal_never_echoes_what_was_sent(case):
    """P-35: no text of the request, no version of the software."""
    async with running() as server:
        answer, _ = await send(server.port, REFUSED[case])
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Server:" not in head
    assert body.startswith(b'{"code":3,"message":"The ')
    assert b"evil" not in answer
    assert b"aaaa" not in answer


async def test_framing_that_fails_in_a_later_packet_is_refused_at_once():
    async with running() as server:
        answer, closed = await send_slowly(server.port, [CHUNKED + b"1\r\na\r\n", b"zz\r\n"])
    assert (status(answer), closed) == (400, True)


async def test_an_extension_that_comes_drop_by_drop_is_refused():
    async with running() as server:
        answer, closed = await send_slowly(server.port, [CHUNKED + b"1;"] + [b"a" * 1000] * 10)
    assert closed
    assert status(answer) in {0, 400}, "who still sends while we close may see a reset"


async def test_one_byte_chunks_are_no_attack():
    async with running() as server:
        body = b"1\r\na\r\n" * 5000 + END
        answer, _ = await send(server.port, CHUNKED + body, wait=0.5)
    assert status(answer) == 200
    assert answer.endswith(b"a" * 5000)


async def test_the_http2_preface_is_answered_with_http2():
    """P-31."""
    async with running() as server:
        answer, _ = await send(server.port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", wait=0.3)
    assert answer[3] == 4, "a SETTINGS frame"


async def test_the_same_host_in_the_target_is_accepted():
    async with running() as server:
        answer, _ = await send(
            server.port, b"GET http://ID.example.com/ HTTP/1.1\r\n" + HOST + b"\r\n", wait=0.3
        )
    assert status(answer) == 200
    assert b'"host": "id.example.com"' in answer


async def test_pipelined_requests_are_answered_in_order():
    async with running() as server:
        answer, _ = await send(
            server.port, GET * 3 + POST + b"Content-Length: 3\r\n\r\nend", wait=0.4
        )
    assert answer.count(b"HTTP/1.1 200 OK") == 4
    assert answer.endswith(b"end")


async def send_slowly(port, pieces):
    import asyncio

    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        if not writer.is_closing():
            writer.write(piece)
        await asyncio.sleep(0.03)
    async with asyncio.timeout(3):
        try:
            answer = await reader.read()
        except ConnectionError:
            return b"", True
    writer.close()
    return answer, True
