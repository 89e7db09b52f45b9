"""HTTP/2: grpclib's protocol object, with the limits that it lacks.

gRPC streams go to grpclib's own handler, all others to the HTTP application (:mod:`h2_rest`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, cast

import hpack
import hpack.hpack
from google.protobuf.message import DecodeError
from grpclib.config import Configuration
from grpclib.const import Status
from grpclib.encoding.proto import ProtoCodec, ProtoStatusDetailsCodec
from grpclib.events import _DispatchServerEvents
from grpclib.exceptions import GRPCError
from grpclib.protocol import Connection, EventsProcessor, H2Protocol, Stream
from grpclib.server import Handler
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    PingReceived,
    PriorityUpdated,
    RemoteSettingsChanged,
    RequestReceived,
    StreamReset,
    TrailersReceived,
    UnknownFrameReceived,
)
from h2.exceptions import ProtocolError, StreamClosedError
from h2.settings import SettingCodes, Settings
from h2.utilities import HeaderValidationFlags, validate_headers
from hpack.hpack import decode_integer
from hpack.table import HeaderTable
from hyperframe.frame import GoAwayFrame
from personae.http.server import h2_rest
from personae.http.server.budget import Budget
from personae.http.server.origin import Origin, checked_host, request_id

if TYPE_CHECKING:
    from personae.http.server.port import Port

log = logging.getLogger("personae.http")

Headers = list[tuple[str, str]]
Fields = tuple[tuple[str, str], ...]

_CONFIG = Configuration().__for_server__()
_H2_CONFIG = H2Configuration(
    client_side=False,
    header_encoding=None,
    validate_inbound_headers=False,
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)
"""Headers that come are checked here (:func:`checked`); those that go are written by our own code,
which :mod:`h2_rest` makes of what applications say."""
_CHECKED = frozenset({"host", "x-request-id", "x-client-ip"})
_FRAME_COST: dict[type[Event], int] = {
    PingReceived: 1,
    PriorityUpdated: 1,
    RemoteSettingsChanged: 4,
    UnknownFrameReceived: 1,
}

_SHORT, _BLOCKS = 256, 16
"""Longest value and block of headers that is remembered in bytes; blocks of one connection."""
_KNOWN_ANSWERS = (
    ((b":status", b"200"), (b"content-type", b"application/grpc+proto")),
    ((b"grpc-status", b"0"),),
)


@lru_cache(1024)
def literal(data: bytes) -> Any:
    """Return the header that a literal says by itself; paths and tokens come again and again.

    Undoing Huffman's code is half of the time that hpack needs for a request's headers.
    """
    return hpack.Decoder()._decode_literal_no_index(data)[0]  # noqa: SLF001 — its own kind


@lru_cache(128)
def checked(headers: tuple[tuple[bytes, bytes], ...], *, trailers: bool = False) -> Fields:
    """Return headers as text. Raises ``ProtocolError`` for what RFC 9113 section 8.2 forbids.

    h2 checks them one by one for every request; most requests of a client have the same.
    """
    flags = HeaderValidationFlags(
        is_client=False, is_trailer=trailers, is_response_header=False, is_push_promise=False
    )
    try:
        return tuple((n.decode(), v.decode()) for n, v in validate_headers(headers, flags))
    except UnicodeDecodeError as exc:
        raise ProtocolError("not UTF-8") from exc


class KnownDecoder(hpack.Decoder):
    """hpack's decoder; a block that comes again while the table stays the same says the same."""

    def __init__(self, max_header_list_size: int) -> None:
        super().__init__(max_header_list_size)
        self._known: dict[bytes, Any] = {}
        self._table: tuple[Any, ...] = ()

    def decode(self, data: Any, raw: bool = False) -> Any:  # noqa: FBT001, FBT002
        """Return the headers of a block; nobody may change them."""
        if (same := self._known.get(data)) is not None:
            return same
        before, known = self._table, self._known
        self._table, self._known = (), {}
        headers = super().decode(data, raw)
        self._table = (*self.header_table.dynamic_entries, self.header_table.maxsize)
        if self._table == before and len(known) < _BLOCKS:
            self._known = known
            if len(data) < _SHORT:
                known[data] = headers
        return headers

    def _decode_literal_no_index(self, data: Any) -> Any:
        """Return a header that is not to be remembered, and its length (RFC 7541, 6.2.2, 6.2.3).

        Were it called otherwise in hpack some day, this would not be called, and nothing else.
        """
        name, after_name = decode_integer(data, 4)
        if not 0 < name <= HeaderTable.STATIC_TABLE_LENGTH:
            return super()._decode_literal_no_index(data)
        size, after_size = decode_integer(data[after_name:], 7)
        end = after_name + after_size + size
        if not 0 < size < _SHORT or end > len(data):
            return super()._decode_literal_no_index(data)
        return literal(bytes(data[:end])), end


class KnownEncoder(hpack.Encoder):
    """hpack's encoder; how calls that succeed begin and end is encoded once for all."""

    blocks: ClassVar = {
        headers: hpack.Encoder().encode([(name, value, True) for name, value in headers])
        for headers in _KNOWN_ANSWERS
    }

    def encode(self, headers: Any, huffman: bool = True) -> bytes:  # noqa: FBT001, FBT002
        """Return the block of headers; known ones leave the table of the connection alone."""
        block = None if self.header_table.resized else self.blocks.get(tuple(headers))
        return block or super().encode(headers, huffman)


class Codec(ProtoCodec):
    """Protocol buffers; bytes that are none are the caller's fault."""

    def decode(self, data: bytes, message_type: Any) -> Any:
        """Return the message. Raises ``GRPCError`` with INVALID_ARGUMENT."""
        try:
            return super().decode(data, message_type)
        except DecodeError as exc:
            raise GRPCError(Status.INVALID_ARGUMENT, "malformed message") from exc


class CallStream(Stream):
    """One HTTP/2 stream. As a gRPC call: bounded in message size, counted by its status."""

    path = ""
    """The method of a gRPC call; empty for every other request."""
    unary = True
    in_vain = False
    """Refused, or reset by its client: it earns no further frames and resets."""
    max_message = 0
    encoding = ""
    at_prefix = True
    count: Callable[[str, str], None]
    on_terminated: Callable[[], None] | None = None

    @property
    def transport(self) -> asyncio.Transport:
        """The connection underneath."""
        return self._transport

    def acknowledge(self, size: int) -> None:
        """Give the client its window back."""
        assert self.id is not None  # noqa: S101 — for the type checker; always set here
        if not self.connection.is_closing():
            self.connection.ack(self.id, size)

    def reset_nowait(self, error_code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """End the stream, unless the client did so in the very packet that we answer."""
        with contextlib.suppress(StreamClosedError):
            super().reset_nowait(error_code)

    def __terminated__(self, reason: str) -> None:
        super().__terminated__(reason)
        if self.on_terminated is not None:
            self.on_terminated()

    async def recv_data(self, size: int) -> bytes:
        """Return ``size`` bytes of the call. Raises ``GRPCError`` when they cannot be had."""
        if size > self.max_message:
            raise GRPCError(Status.RESOURCE_EXHAUSTED, "message too large")
        try:
            data = await super().recv_data(size)
        except AssertionError as exc:
            raise GRPCError(Status.INVALID_ARGUMENT, "truncated message") from exc
        # Reads take turns: a prefix, then the message it announces, which may be as long.
        if self.at_prefix and data and data[0] and self.encoding != "gzip":
            raise GRPCError(Status.UNIMPLEMENTED, "no compression but gzip is supported")
        self.at_prefix = not (self.at_prefix and data)
        return data

    async def send_headers(self, headers: Headers, end_stream: bool = False) -> None:  # noqa: FBT001, FBT002
        """Send headers or trailers; trailers carry the status that is counted.

        What a call with one answer sends before its trailers leaves with them, as one write.
        """
        if self.path and self.unary and not end_stream:
            self._h2_connection.send_headers(await self._ready(), headers)
            return
        await super().send_headers(headers, end_stream)
        if end_stream and self.path:
            self.count(self.path, next((v for k, v in headers if k == "grpc-status"), ""))

    async def send_data(self, data: bytes, end_stream: bool = False) -> None:  # noqa: FBT001, FBT002
        """Send a message, as soon as the client's window lets it."""
        id_, h2 = await self._ready(), self._h2_connection
        room = min(h2.local_flow_control_window(id_), h2.max_outbound_frame_size)
        if end_stream or len(data) > room or not (self.path and self.unary):
            self.connection.flush()
            await super().send_data(data, end_stream)
            return
        h2.send_data(id_, data)
        self.data_sent += len(data)
        self.connection.data_sent += len(data)

    async def _ready(self) -> int:
        """Wait until the connection takes bytes, return our id. Raises ``StreamClosedError``."""
        await self.connection.write_ready.wait()
        assert self.id is not None  # noqa: S101 — for the type checker; always set here
        if self.id not in self._h2_connection.streams:
            raise StreamClosedError(self.id)
        return self.id


class Processor(EventsProcessor):
    """grpclib's event loop of one connection; ignores what RFC 9113 tells to ignore."""

    def __init__(self, owner: Http2, connection: Connection) -> None:
        super().__init__(owner.streams, connection)
        self.owner = owner

    def process(self, event: Event) -> None:
        """Act on one event; unknown ones are no error (RFC 9113 section 5.5)."""
        if event.__class__ in getattr(self, "processors", ()):
            super().process(event)

    def process_request_received(self, event: RequestReceived) -> None:
        """Open a stream and hand it on."""
        connection = self.connection
        stream = CallStream(
            connection,
            connection._connection,  # noqa: SLF001 — as grpclib's own create_stream does
            connection._transport,  # noqa: SLF001
            stream_id=event.stream_id,
        )
        headers: Any = tuple(event.headers)
        self.handler.accept(stream, list(checked(headers)), self.register(stream))

    def process_trailers_received(self, event: TrailersReceived) -> None:
        """Check the trailers of a request."""
        headers: Any = tuple(event.headers)
        event.headers = list(checked(headers, trailers=True))  # type: ignore[arg-type]
        super().process_trailers_received(event)

    def register(self, stream: Stream) -> Callable[[], None]:
        """Keep the stream until the returned function is called, once or more often."""
        assert stream.id is not None  # noqa: S101 — for the type checker; always set here
        stream_id = stream.id
        self.streams[stream_id] = stream

        def release() -> None:
            if self.streams.pop(stream_id, None) is None:
                return
            self.owner.released(useful=not getattr(stream, "in_vain", False))
            if not self.connection.is_closing():
                self.connection.ack(stream_id, stream.buffer.unacked_size())

        return release


class Streams(Handler):
    """The streams of one connection: accepted or refused, routed by content type."""

    def __init__(self, owner: Http2) -> None:
        port = owner.port
        super().__init__(port.grpc, Codec(), ProtoStatusDetailsCodec(), port.grpc_events)
        self.owner = owner
        self.running: dict[asyncio.Task[None], CallStream] = {}

    def accept(self, stream: Any, headers: Headers, release_stream: Callable[[], Any]) -> None:
        """Start the call or request that these headers open."""
        owner = self.owner
        if owner.leaving or len(self.running) >= owner.port.settings.limits.streams:
            stream.in_vain = True
            stream.reset_nowait(ErrorCodes.REFUSED_STREAM)
            release_stream()
            return
        fields = dict(headers)
        if is_grpc(fields.get("content-type", "")):
            task = self._call(stream, headers, fields, release_stream)
        else:
            exchange = h2_rest.Exchange(owner.port, stream, headers)
            task = self._tasks[stream] = self.loop.create_task(exchange.run())
        if task is None:
            return
        self.running[task] = stream
        task.add_done_callback(lambda done: self._done(done, stream, release_stream))

    def _done(self, task: asyncio.Task[None], stream: Any, release: Callable[[], Any]) -> None:
        # A task that was cancelled before its first step never reached its own `finally`.
        self.running.pop(task, None)
        self._tasks.pop(stream, None)
        release()

    def _call(
        self, stream: CallStream, headers: Headers, fields: dict[str, str], release: Any
    ) -> asyncio.Task[None] | None:
        port = self.owner.port
        origin = self._origin(headers, fields)
        if origin is None:
            stream.reset_nowait(ErrorCodes.PROTOCOL_ERROR)
            release()
            return None
        path = fields.get(":path", "")
        method = port.grpc.get(path)
        stream.path = path if method is not None else "unknown"
        stream.unary = method is None or not (
            method.cardinality.client_streaming or method.cardinality.server_streaming
        )
        stream.max_message = port.settings.limits.message_size
        stream.encoding = fields.get("grpc-encoding", "")
        stream.count = port.metrics.count_call
        port.origin(origin)
        super().accept(stream, with_origin(headers, origin), release)
        return self._tasks[stream]

    def _origin(self, headers: Headers, fields: dict[str, str]) -> Origin | None:
        port = self.owner.port
        named = port.proxies.certificate_header
        values = [value for name, value in headers if name == named] if named else []
        shown = port.proxies.certificate(self.owner.peer, values)
        host, client = port.proxies.seen(
            self.owner.peer,
            fields.get(":authority", fields.get("host", "")),
            fields.get("x-forwarded-for"),
            fields.get("x-forwarded-host"),
        )
        try:
            id_ = request_id(fields.get("x-request-id"))
            return Origin(id_, checked_host(host), client, shown)
        except ValueError:
            return None

    def cancel(self, stream: Any) -> None:
        """End a call that the client has reset. Other requests run to their end (P-36)."""
        stream.in_vain = True
        task = self._tasks.pop(stream, None)
        if task is not None and stream.path:
            task.cancel()

    def close(self) -> None:
        """End the calls of a lost connection. Other requests run to their end."""
        for task, stream in self.running.items():
            if stream.path:
                task.cancel()
        self.closing = True

    def sweep(self, now: float) -> None:
        """End what has used up its time."""
        limits = self.owner.port.settings.limits
        for task, stream in list(self.running.items()):
            age = now - (stream.created or now)
            if stream.path and stream.unary and age > limits.request_timeout:
                if stream.wrapper is not None:
                    stream.wrapper.cancel(TimeoutError("deadline"))
            elif isinstance(stream.buffer, h2_rest.Body):
                stream.buffer.sweep(now, limits)
                if age > limits.request_timeout + limits.write_timeout:
                    stream.reset_nowait(ErrorCodes.CANCEL)
                    task.cancel()


def is_grpc(content_type: str) -> bool:
    """Tell native gRPC from gRPC-web, Connect and everything else."""
    return content_type == "application/grpc" or content_type.startswith("application/grpc+")


def with_origin(headers: Headers, origin: Origin) -> Headers:
    """Return the headers with what was checked in place of what was sent.

    Handlers find ``host``, ``x-request-id`` and ``x-client-ip`` in their metadata.
    """
    kept = [header for header in headers if header[0] not in _CHECKED]
    kept += [
        ("host", origin.host),
        ("x-request-id", origin.request_id),
        ("x-client-ip", origin.client_ip),
    ]
    return kept


class Http2(H2Protocol):
    """One HTTP/2 connection."""

    def __init__(self, port: Port, peer: str) -> None:
        self.port = port
        self.peer = peer
        self.leaving = False
        self.streams = Streams(self)
        limits = port.settings.limits
        self._frames = Budget(limits.frame_burst, limits.frame_rate)
        self._resets = Budget(limits.reset_burst, limits.reset_rate)
        self._idle_since = monotonic()
        self._stalled_since = self._closing_since = 0.0
        super().__init__(self.streams, _CONFIG, _H2_CONFIG)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet with our settings."""
        self._socket = cast("asyncio.Transport", transport)
        h2 = H2Connection(config=_H2_CONFIG)
        limits = self.port.settings.limits
        h2.local_settings = Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: limits.streams,
                SettingCodes.MAX_HEADER_LIST_SIZE: limits.header_list_size,
                SettingCodes.INITIAL_WINDOW_SIZE: limits.window,
                SettingCodes.ENABLE_CONNECT_PROTOCOL: 0,
            },
        )
        h2.decoder = KnownDecoder(limits.header_list_size)
        h2.encoder = KnownEncoder()
        h2.initiate_connection()
        h2.increment_flow_control_window(2 * limits.window)
        self.h2 = h2
        self.connection = Connection(h2, self._socket, config=self.config)
        self.connection.flush()
        self.processor = Processor(self, self.connection)

    def data_received(self, data: bytes) -> None:
        """Parse frames and act on them; a client that breaks the rules gets GOAWAY."""
        try:
            events = self.connection.feed(data)
        except ProtocolError:
            self._cut("Protocol error")
            return
        except Exception:
            log.warning("HTTP/2 parser failed", exc_info=True)
            self._cut("Protocol error")
            return
        if self._overlong():
            self._goaway(ErrorCodes.FRAME_SIZE_ERROR)
            self._cut("Frame too large")
            return
        self.connection.flush()
        for event in events:
            if not self._affordable(event):
                self._goaway(ErrorCodes.ENHANCE_YOUR_CALM)
                self._cut("Too many frames")
                return
            try:
                self.processor.process(event)
            except ProtocolError:
                self._goaway(ErrorCodes.PROTOCOL_ERROR)
                self._cut("Protocol error")
                return
        if not self.connection.is_closing():
            self.connection.flush()

    def _overlong(self) -> bool:
        # h2 looks at a frame's length only when all of the frame (up to 16 MiB) has arrived.
        pending = self.h2.incoming_buffer._data  # noqa: SLF001
        return int.from_bytes(pending[:3]) > self.h2.max_inbound_frame_size and len(pending) > 2  # noqa: PLR2004

    def _affordable(self, event: Event) -> bool:
        kind = event.__class__
        if kind is StreamReset:
            return self._resets.spend()
        if kind is DataReceived and not event.data and event.stream_ended is None:  # type: ignore[attr-defined]
            return self._frames.spend()
        cost = _FRAME_COST.get(kind)
        return cost is None or self._frames.spend(cost)

    def released(self, *, useful: bool) -> None:
        """Note that a stream has ended: useful work earns more frames and resets."""
        self._idle_since = monotonic()
        if useful:
            self._frames.earn(8)
            self._resets.earn()

    def _cut(self, reason: str) -> None:
        if not self.connection.is_closing():
            self.connection.flush()
        self.processor.close(reason)

    def _goaway(self, code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        # h2's own close_connection would forbid the streams that still run to end.
        frame = GoAwayFrame(0)
        frame.last_stream_id = self.h2.highest_inbound_stream_id
        frame.error_code = code
        if not self._socket.is_closing():
            self.connection.flush()
            self._socket.write(frame.serialize())

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        self.port.forget(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Note since when the client does not read."""
        super().pause_writing()
        self._stalled_since = monotonic()

    def resume_writing(self) -> None:
        """Note that the client reads again."""
        super().resume_writing()
        self._stalled_since = 0.0

    def sweep(self, now: float) -> None:
        """Cut the connection, or single streams, when they have used up their time."""
        limits = self.port.settings.limits
        if self._socket.is_closing():
            self._closing_since = self._closing_since or now
            if now - self._closing_since > limits.write_timeout:
                self._socket.abort()
        elif self._stalled_since and now - self._stalled_since > limits.write_timeout:
            self._socket.abort()
        elif self.streams.running:
            self.streams.sweep(now)
        elif self.leaving or now - self._idle_since > limits.idle_timeout:
            self.drain(now)

    def drain(self, now: float) -> None:
        """Say that no further stream is served; close when the last one has ended."""
        if not self.leaving:
            self.leaving = True
            self._idle_since = now
            self._goaway()
        elif not self.streams.running and self.port.may_leave(self._socket, self._idle_since, now):
            self._cut("Drained")

    def abort(self) -> None:
        """Cut the connection now."""
        self._socket.abort()


def dispatcher() -> _DispatchServerEvents:
    """Return grpclib's hooks around calls, one set per port."""
    return _DispatchServerEvents()
