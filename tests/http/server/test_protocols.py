"""Every protocol on the one port: HTTP/1.1, HTTP/2 with prior knowledge, gRPC; clear and TLS."""

import asyncio
import random
import ssl
import warnings
from datetime import UTC, datetime, timedelta

import grpc
import h2.events
import hpack
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from google.protobuf.wrappers_pb2 import StringValue
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from personae.http.server import Limits, tls_context
from personae.http.server.h2_headers import KnownDecoder

from tests.http.server.kit import ECHO, QUICK, H2Client, fetch, running


def say(channel, path=ECHO):
    return channel.unary_unary(
        path,
        request_serializer=StringValue.SerializeToString,
        response_deserializer=StringValue.FromString,
    )


async def ask(port, text, path=ECHO, **options):
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        return await say(channel, path)(StringValue(value=text), timeout=5, **options)


async def refusal_of(call):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value.code()


async def test_grpc_and_both_versions_of_http_share_one_port():
    """P-31."""
    async with running() as server:
        assert (await ask(server.port, "hi")).value == "you said hi"
        assert (await fetch(server.port, "/"))[0] == 200
        client = await H2Client.connect(server.port)
        assert (await client.response(client.head()))[0] == 200


async def test_a_grpc_handler_finds_what_was_checked_in_its_metadata():
    """P-33 and AV-32: what the caller claims about itself is replaced."""
    seen = {}
    async with running(seen=seen) as server:
        await ask(
            server.port, "hi", metadata=(("x-client-ip", "6.6.6.6"), ("x-request-id", "abcdefgh"))
        )
        assert seen["metadata"].getall("x-client-ip") == ["127.0.0.1"]
        assert seen["metadata"].getall("host") == [f"127.0.0.1:{server.port}"]
        assert seen["metadata"]["x-request-id"] == "abcdefgh"


def asked(text):
    """Return the bytes of a gRPC message, and what its headers have beside those of all requests."""
    message = StringValue(value=text).SerializeToString()
    extra = (("content-type", "application/grpc"), ("te", "trailers"))
    return b"\0" + len(message).to_bytes(4) + message, extra


async def test_the_answer_of_a_grpc_call_leaves_as_one_write():
    body, extra = asked("hi")
    async with running() as server:
        client = await H2Client.connect(server.port)
        await client.response(client.head())
        (guest,) = server._opened.guests
        written, transport = [], guest._socket

        class Spy:
            def write(self, data):
                written.append(bytes(data))
                transport.write(data)

            def __getattr__(self, name):
                return getattr(transport, name)

        guest.connection._transport = Spy()
        stream = client.head(ECHO, "POST", extra=extra, end=False)
        await client.body(stream, body)
        _, headers, answer = await client.response(stream)
    assert (headers["content-type"], answer[7:]) == ("application/grpc+proto", b"you said hi")
    HEADERS = 1  # noqa: N806 — RFC 9113 section 6.2
    last = written[-1]
    assert (last[3], b"you said hi" in last) == (HEADERS, True)


async def test_a_long_grpc_answer_waits_for_the_clients_window_and_arrives_whole():
    said = (await asyncio.wait_for(long_answer(), 10)).removeprefix("you said ")
    assert said == "at length" * 20_000


async def long_answer():
    body, extra = asked("at length")
    async with running() as server:
        client = await H2Client.connect(server.port)
        stream = client.head(ECHO, "POST", extra=extra, end=False)
        client.h2.send_data(stream, body, end_stream=True)
        client.flush()
        while not any(isinstance(e, h2.events.DataReceived) for e in client.events):
            client.events += client.h2.receive_data(await client.reader.read(65536))
        await asyncio.sleep(0.2)
        (guest,) = server._opened.guests
        assert guest.connection.data_sent <= 65535
        client.writer.close()
        return (await ask(server.port, "at length")).value


async def test_an_unknown_grpc_method_is_unimplemented():
    async with running() as server:
        code = await refusal_of(ask(server.port, "hi", path="/no.Such/Method"))
    assert code == grpc.StatusCode.UNIMPLEMENTED


async def test_a_grpc_message_over_the_limit_is_refused():
    """FX-13: a 5 MiB message."""
    async with running() as server:
        code = await refusal_of(ask(server.port, "x" * (5 << 20)))
        assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert (await ask(server.port, "x" * (3 << 20))).value.startswith("you said")


GRPC = (("content-type", "application/grpc"), ("te", "trailers"))


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        (b"\0\0\0\0\x0ahi", "3"),
        (b"\0\xff\xff\xff\xffhi", "8"),
        (b"\0\0\0\0\x03\x0a\x01\xff", "3"),
        (b"\0\0\0\0\x04" + b"\x0b" * 4, "3"),
        (b"\1\0\0\0\x02hi", "12"),
    ],
    ids=["truncated", "prefix lies", "bad UTF-8", "open groups", "compressed"],
)
async def test_hostile_grpc_messages_are_the_callers_fault(frame, status):
    """FX-13."""
    async with running() as server:
        client = await H2Client.connect(server.port)
        stream = client.head(ECHO, "POST", GRPC, end=False)
        await client.body(stream, frame)
        _, headers, _ = await client.response(stream)
    assert headers["grpc-status"] == status


async def test_a_cancelled_grpc_call_leaves_nothing_behind():
    """A call cancelled before its first step must release its stream all the same."""
    async with running() as server:
        client = await H2Client.connect(server.port)
        for _ in range(50):
            stream = client.head(ECHO, "POST", GRPC, end=False)
            client.h2.reset_stream(stream, ErrorCodes.CANCEL)
        client.flush()
        await asyncio.sleep(0.2)
        (guest,) = server._opened.guests
        assert (guest.streams.running, guest.processor.streams, guest.streams._tasks) == (
            {},
            {},
            {},
        )


async def test_a_grpc_call_past_the_servers_deadline_ends():
    async with running(QUICK) as server:
        code = await refusal_of(ask(server.port, "sleep 5"))
    assert code == grpc.StatusCode.DEADLINE_EXCEEDED


async def test_http2_requests_are_the_same_requests():
    async with running() as server:
        client = await H2Client.connect(server.port)
        status, headers, body = await client.response(client.head("/users/7?a=b"))
        assert (status, headers["content-type"]) == (200, "application/json; charset=utf-8")
        assert b'"host": "id.example.com", "client_ip": "127.0.0.1"' in body
        assert "server" not in headers


async def test_head_has_no_body_and_unknown_paths_are_404_over_http2():
    async with running() as server:
        client = await H2Client.connect(server.port)
        status, headers, body = await client.response(client.head("/page", "HEAD"))
        assert (status, headers["content-length"], body) == (200, "8", b"")
        status, _, body = await client.response(client.head("/none"))
        assert (status, b"HTTP-NotFound" in body) == (404, True)


async def test_300_kb_go_in_and_out_over_http2():
    sent = bytes(range(256)) * 1200
    async with running() as server:
        client = await H2Client.connect(server.port)
        stream = client.head("/", "POST", end=False)
        await client.body(stream, sent)
        status, _, body = await client.response(stream)
        assert (status, body == sent) == (200, True)
        _, headers, body = await client.response(client.head("/streamed"))
    assert (len(body), "transfer-encoding" in headers) == (300_000, False)


async def test_a_body_over_the_limit_is_413_over_http2():
    """P-35."""
    async with running(Limits(body_size=100_000)) as server:
        client = await H2Client.connect(server.port)
        stream = client.head("/", "POST", end=False)
        while not any(isinstance(e, h2.events.SettingsAcknowledged) for e in client.events):
            await client.pump()
        for _ in range(8):
            client.h2.send_data(stream, b"x" * 16_000)
            client.flush()
        status, _, _ = await client.response(stream)
        assert status == 413
        assert (await client.response(client.head()))[0] == 200


async def test_a_response_waits_for_the_clients_window():
    async with running() as server:
        client = await H2Client.connect(server.port)
        client.head("/big")
        while not any(isinstance(e, h2.events.DataReceived) for e in client.events):
            for event in client.h2.receive_data(await client.reader.read(65536)):
                client.events.append(event)
        await asyncio.sleep(0.2)
        (guest,) = server._opened.guests
        assert guest.connection.data_sent <= 65535
        client.writer.close()


@pytest.mark.parametrize(
    "extra",
    [
        (("x-a", "b\r\nx-c: d"),),
        (("x-a", "b\0c"),),
        (("X-Upper", "a"),),
        (("transfer-encoding", "chunked"),),
        (("connection", "close"),),
        (("te", "gzip"),),
        (("host", "evil.example.com"),),
        ((":path", "/other"),),
    ],
    ids=lambda extra: f"{extra[0][0]}",
)
async def test_headers_that_could_be_smuggled_end_the_http2_connection(extra):
    """AV-33."""
    async with running() as server:
        client = await H2Client.connect(server.port)
        client.head("/", extra=extra)
        goaway = await client.closed()
    assert goaway.error_code == ErrorCodes.PROTOCOL_ERROR
    assert not any(isinstance(e, h2.events.ResponseReceived) for e in client.events)


@pytest.mark.parametrize("trailer", [("x-a", "b\0c"), ("X-Upper", "a"), (":path", "/other")])
async def test_trailers_that_could_be_smuggled_end_the_http2_connection(trailer):
    async with running() as server:
        client = await H2Client.connect(server.port)
        stream = client.head("/", "POST", end=False)
        client.h2.send_headers(stream, [trailer], end_stream=True)
        client.flush()
        goaway = await client.closed()
    assert goaway.error_code == ErrorCodes.PROTOCOL_ERROR


async def test_headers_that_are_no_text_end_the_http2_connection():
    async with running() as server:
        client = await H2Client.connect(server.port)
        client.head("/", extra=((b"x-a", b"\xff\xfe"),))
        goaway = await client.closed()
    assert goaway.error_code == ErrorCodes.PROTOCOL_ERROR


def test_header_blocks_that_come_again_say_what_hpack_says():
    """Of two decoders one remembers blocks: they agree, whatever the table holds by then."""
    dice = random.Random(3)
    for _ in range(30):
        known, plain, encoder = KnownDecoder(65536), hpack.Decoder(65536), hpack.Encoder()
        blocks = [encoder.encode([(b":method", b"GET"), (b"x", b"y", True)])]
        for _ in range(200):
            if dice.random() < 0.05:
                encoder.header_table_size = dice.choice([64, 200, 4096])
            names = dice.choices("abcd", k=dice.randrange(1, 4))
            blocks.append(
                encoder.encode([(n, dice.choice("xyz") * 9, dice.random() < 0.8) for n in names])
            )
            for block in (blocks[-1], *dice.choices(blocks, k=3)):
                assert said(known, block) == said(plain, block)


def said(decoder, block):
    """Return what a decoder says of a block: headers and whether they may be indexed, or its error."""
    try:
        return [(*h, h.indexable) for h in decoder.decode(block, raw=True)]
    except hpack.HPACKError as error:
        return type(error)


async def test_a_changed_header_table_is_told_before_known_answers():
    """RFC 7541 section 4.2: a client that wants a smaller table hears of it in the next block."""
    body, extra = asked("hi")
    async with running() as server:
        client = await H2Client.connect(server.port)
        for size in (4096, 0, 64):
            client.h2.update_settings({SettingCodes.HEADER_TABLE_SIZE: size})
            client.flush()
            for _ in range(2):
                stream = client.head(ECHO, "POST", extra=extra, end=False)
                await client.body(stream, body)
                status, headers, _ = await client.response(stream)
                assert (status, headers["content-type"]) == (200, "application/grpc+proto")


async def test_a_body_shorter_than_announced_is_400_over_http2():
    async with running() as server:
        client = await H2Client.connect(server.port)
        stream = client.head("/", "POST", (("content-length", "5"),))
        assert (await client.response(stream))[0] == 400


def certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    made = (
        builder.not_valid_before(now - timedelta(1))
        .not_valid_after(now + timedelta(1))
        .add_extension(names, False)
    )
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (folder / "cert.pem").write_bytes(pem)
    raw = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(raw)
    return pem, tls_context(str(folder / "cert.pem"), str(folder / "key.pem"))


async def test_tls_gives_grpc_clients_http2(tmp_path):
    pem, tls = certificate(tmp_path)
    async with running(tls=tls, external_secure=True) as server:
        credentials = grpc.ssl_channel_credentials(pem)
        async with grpc.aio.secure_channel(f"localhost:{server.port}", credentials) as channel:
            assert (await say(channel)(StringValue(value="hi"), timeout=5)).value == "you said hi"


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [(["h2", "http/1.1"], "http/1.1"), (["h2"], "h2"), ([], None)],
    ids=["browser", "h2", "none"],
)
async def test_alpn_prefers_http1_for_browsers(tmp_path, offered, chosen):
    pem, tls = certificate(tmp_path)
    client = ssl.create_default_context(cadata=pem.decode())
    if offered:
        client.set_alpn_protocols(offered)
    async with running(tls=tls) as server:
        _, writer = await asyncio.open_connection(
            "127.0.0.1", server.port, ssl=client, server_hostname="localhost"
        )
        assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == chosen
        writer.close()


@pytest.mark.parametrize(
    ("suites", "taken"),
    [("ECDHE-ECDSA-AES128-GCM-SHA256", True), ("ECDHE-ECDSA-CHACHA20-POLY1305", True),
     ("ECDHE-ECDSA-AES128-SHA256", False), ("ECDHE-ECDSA-AES256-SHA", False)],
)  # fmt: skip
async def test_of_tls_1_2_only_the_recommended_suites_are_taken(tmp_path, suites, taken):
    """BCP 195 (RFC 9325, 4.2), as FAPI 2.0 wants it (5.2.2, 5.2.3)."""
    pem, tls = certificate(tmp_path)
    client = ssl.create_default_context(cadata=pem.decode())
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    client.set_ciphers(f"{suites}:@SECLEVEL=0")
    address = {"host": "127.0.0.1", "server_hostname": "localhost", "ssl": client}
    async with running(tls=tls) as server:
        if not taken:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await asyncio.open_connection(port=server.port, **address)
            return
        _, writer = await asyncio.open_connection(port=server.port, **address)
        assert writer.get_extra_info("ssl_object").cipher()[0] == suites
        writer.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_older_tls_is_refused(tmp_path, version):
    pem, tls = certificate(tmp_path)
    client = ssl.create_default_context(cadata=pem.decode())
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        client.minimum_version = client.maximum_version = version
    client.set_ciphers("ALL:@SECLEVEL=0")
    async with running(tls=tls) as server:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection(
                "127.0.0.1", server.port, ssl=client, server_hostname="localhost"
            )
