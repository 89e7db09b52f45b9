"""HTTP/2: grpclib's protocol object, with the limits that it lacks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from grpclib.config import Configuration
from grpclib.events import _DispatchServerEvents
from grpclib.protocol import Connection, EventsProcessor, H2Protocol, Stream
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
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame
from personae.http.server.budget import Budget
from personae.http.server.h2_call import CallStream
from personae.http.server.h2_headers import KnownDecoder, KnownEncoder, checked
from personae.http.server.h2_streams import Streams

if TYPE_CHECKING:
    from personae.http.server.port import Port

log = logging.getLogger("personae.http")

_CONFIG = Configuration().__for_server__()
_H2_CONFIG = H2Configuration(
    client_side=False,
    header_encoding=None,
    validate_inbound_headers=False,
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)
"""Headers that come are checked in :mod:`h2_headers`; those that go are written by our own code,
which :mod:`h2_rest` makes of what applications say."""
_FRAME_COST: dict[type[Event], int] = {
    PingReceived: 1,
    PriorityUpdated: 1,
    RemoteSettingsChanged: 4,
    UnknownFrameReceived: 1,
}


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
