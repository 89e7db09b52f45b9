"""A real server on a free loopback port, and raw clients for it."""

import asyncio
from contextlib import asynccontextmanager

import h2.config
import h2.connection
import h2.events
from aiohttp import web
from google.protobuf.wrappers_pb2 import StringValue
from grpclib.const import Cardinality, Handler
from personae.http.server import Limits, Server, ServerSettings
from personae.http.server.body import read_json

HOST = b"Host: id.example.com\r\n"
GET = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
ECHO = "/test.v1.Echo/Say"
QUICK = Limits(
    header_timeout=0.3,
    body_timeout=0.3,
    body_rate=1 << 20,
    write_timeout=0.3,
    idle_timeout=0.4,
    request_timeout=0.4,
)


def application(seen=None):
    seen = {} if seen is None else seen
    app = web.Application()

    async def hello(request):
        return web.json_response({key: request[key] for key in ("host", "client_ip", "request_id")})

    async def echo(request):
        return web.Response(body=await request.read())

    async def slow(request):
        seen["started"] = seen.get("started", 0) + 1
        await asyncio.sleep(float(request.query.get("for", "0.15")))
        seen["ended"] = seen.get("ended", 0) + 1
        return web.Response(text="slept")

    async def page(_request):
        return web.Response(text="<p>hello", content_type="text/html")

    async def broken(_request):
        raise ZeroDivisionError("the secret is 42")

    async def big(_request):
        return web.Response(body=b"x" * 8_000_000)

    async def streamed(request):
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(30):
            await response.write(b"y" * 10_000)
        return response

    async def json(request):
        return web.json_response(await read_json(request))

    app.add_routes(
        [
            web.get("/", hello),
            web.post("/", echo),
            web.get("/slow", slow),
            web.post("/slow", slow),
            web.get("/page", page),
            web.get("/broken", broken),
            web.get("/big", big),
            web.get("/streamed", streamed),
            web.post("/json", json),
            web.get("/users/{id}", hello),
            web.route("*", "/any", hello),
        ]
    )
    return app


def calls(seen=None):
    seen = {} if seen is None else seen

    async def say(stream):
        message = await stream.recv_message()
        seen["metadata"] = stream.metadata
        if message.value.startswith("sleep"):
            seen["started"] = seen.get("started", 0) + 1
            await asyncio.sleep(float(message.value[5:]))
        times = 20_000 if message.value.startswith("at length") else 1
        await stream.send_message(StringValue(value="you said " + message.value[:20] * times))

    return {ECHO: Handler(say, Cardinality.UNARY_UNARY, StringValue, StringValue)}


@asynccontextmanager
async def running(
    limits=None, seen=None, checks=None, faults=None, routes=(), *, tree=None, **settings
):
    app = application(seen)
    app.add_routes(routes)
    chosen = ServerSettings(port=0, limits=limits or Limits(), **settings)
    server = Server(app, calls(seen), chosen, checks=checks, faults=faults, tree=tree)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def send(port, data, wait=2.0):
    """Send bytes; return all that comes back until the server closes or ``wait`` has passed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    answer, closed = b"", False
    try:
        async with asyncio.timeout(wait):
            while chunk := await reader.read(65536):
                answer += chunk
            closed = True
    except TimeoutError:
        pass
    except ConnectionError:
        closed = True
    finally:
        writer.close()
    return answer, closed


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.") else 0


async def fetch(port, path, method="GET", headers="", body=b""):
    """Return (status, headers and body) of one HTTP/1.1 request that closes its connection."""
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    head = f"{method} {path} HTTP/1.1\r\nHost: id.example.com\r\nConnection: close\r\n{length}{headers}\r\n"
    answer, _ = await send(port, head.encode() + body)
    return status(answer), answer.decode("latin-1")


class H2Client:
    """HTTP/2 with prior knowledge, as a proxy speaks it; frame by frame where a test needs it."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        config = h2.config.H2Configuration(
            client_side=True,
            header_encoding="utf-8",
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        self.h2 = h2.connection.H2Connection(config)
        self.events = []

    @classmethod
    async def connect(cls, port, **tls):
        client = cls(*await asyncio.open_connection("127.0.0.1", port, **tls))
        client.h2.initiate_connection()
        client.flush()
        return client

    def flush(self):
        self.writer.write(self.h2.data_to_send())

    def head(self, path="/", method="GET", extra=(), end=True, authority="id.example.com"):
        stream = self.h2.get_next_available_stream_id()
        headers = [
            (":method", method),
            (":path", path),
            (":scheme", "http"),
            (":authority", authority),
            *extra,
        ]
        self.h2.send_headers(stream, headers, end_stream=end)
        self.flush()
        return stream

    async def body(self, stream, data):
        while data:
            size = min(
                self.h2.local_flow_control_window(stream),
                self.h2.max_outbound_frame_size,
                len(data),
            )
            if not size:
                self.flush()
                if not await self.pump():
                    raise ConnectionError("closed")
                if any(isinstance(e, h2.events.StreamReset) for e in self.events):
                    return  # the rest is not wanted
                continue
            self.h2.send_data(stream, data[:size], end_stream=size == len(data))
            data = data[size:]
        self.flush()

    async def pump(self):
        """Read once; return whether the connection is still open."""
        data = await self.reader.read(65536)
        if not data:
            return False
        for event in self.h2.receive_data(data):
            self.events.append(event)
            if isinstance(event, h2.events.ConnectionTerminated):
                # h2 calls this closed, RFC 9113 section 6.8 lets the open streams end
                self.h2.state_machine.state = h2.connection.ConnectionState.CLIENT_OPEN
            if isinstance(event, h2.events.DataReceived):
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        self.flush()
        return True

    async def response(self, stream, wait=5.0):
        """Return (status, headers, body)."""
        async with asyncio.timeout(wait):
            while not any(
                isinstance(e, (h2.events.StreamEnded, h2.events.StreamReset))
                and e.stream_id == stream
                for e in self.events
            ):
                if not await self.pump():
                    raise ConnectionError("closed")
        mine = [e for e in self.events if getattr(e, "stream_id", 0) == stream]
        headers = next(
            (dict(e.headers) for e in mine if isinstance(e, h2.events.ResponseReceived)), {}
        )
        return (
            int(headers.get(":status", 0)),
            headers,
            b"".join(e.data for e in mine if isinstance(e, h2.events.DataReceived)),
        )

    async def closed(self, wait=3.0):
        """Return the GOAWAY event, or None when the connection ended without."""
        try:
            async with asyncio.timeout(wait):
                while await self.pump():
                    pass
        except ConnectionError:
            pass
        return next((e for e in self.events if isinstance(e, h2.events.ConnectionTerminated)), None)
