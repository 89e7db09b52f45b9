"""HTTP/1.1: aiohttp's own request handler, with the deadlines and checks that it lacks.

Deadlines are not timers: a sweep over all connections a few times per second looks at the times
noted here, so that a fast request pays for nothing but two attribute tests.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any

import orjson
from aiohttp import web
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler
from personae.http.server.refusals import BAD_REQUEST, SENTENCES

if TYPE_CHECKING:
    from personae.http.server.port import Port

_PIECE = 4096


class SlowBodyError(web.RequestPayloadError):
    """The body did not arrive in time."""


_BAD_REQUEST = orjson.dumps(
    {"code": BAD_REQUEST.code.value, "message": f"{SENTENCES[BAD_REQUEST.id]} ({BAD_REQUEST.id})"}
)


class Http1(RequestHandler):
    """One HTTP/1.1 connection."""

    __slots__ = (
        "_body",
        "_body_since",
        "_chunked",
        "_closing_since",
        "_decoded",
        "_header_since",
        "_port",
        "_raw",
        "_socket",
        "_stalled_since",
    )

    def __init__(self, port: Port) -> None:
        limits = port.settings.limits
        super().__init__(
            port.manager,
            loop=port.loop,
            keepalive_timeout=limits.idle_timeout,
            access_log=None,  # type: ignore[arg-type]
            max_line_size=limits.line_size,
            max_field_size=limits.field_size,
            max_headers=limits.fields,
            lingering_time=1.0,
        )
        self._port = port
        self._socket: asyncio.Transport | None = None
        self._header_since = 0.0
        self._stalled_since = 0.0
        self._closing_since = 0.0
        self._body: StreamReader | None = None
        self._body_since = 0.0
        self._chunked = False
        self._raw = self._decoded = 0

    # the transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection over."""
        super().connection_made(transport)
        self._socket = self.transport

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection, and what is left of a body: it would wait for the collector."""
        self._port.forget(self)
        self._body = None
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Note since when the client does not read."""
        super().pause_writing()
        self._stalled_since = monotonic()

    def resume_writing(self) -> None:
        """Note that the client reads again."""
        super().resume_writing()
        self._stalled_since = 0.0

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002 — aiohttp's
        """Go on reading, if reading was paused; aiohttp asks after every read of a body."""
        if self._reading_paused:
            super().resume_reading(resume_parser)

    def data_received(self, data: bytes) -> None:
        """Parse in pieces, so that framing without content is noticed within one piece."""
        if len(data) <= _PIECE:
            self._feed(data)
            return
        for start in range(0, len(data), _PIECE):
            self._feed(data[start : start + _PIECE])

    def _feed(self, piece: bytes) -> None:
        before = self._request_count
        super().data_received(piece)
        if self._request_count != before:
            self._header_since = 0.0
            if self._messages:
                self._begin(*self._messages[-1])
        elif self._body is not None:
            self._follow(len(piece))
        elif piece and not self._header_since:
            self._header_since = monotonic()

    def _begin(self, message: Any, payload: StreamReader) -> None:
        if self._body is not None and not self._body.is_eof() and not hasattr(message, "version"):
            # The parser failed inside a body: aiohttp queues its 400 behind the handler that
            # still waits for that body, so tell the handler instead.
            self._refuse_body(web.RequestPayloadError("malformed body"))
            return
        self._body = None if payload.is_eof() else payload
        if self._body is not None:
            self._body_since = monotonic()
            self._chunked = message.chunked
            self._raw = self._decoded = 0
            if message.compression:
                # aiohttp reads on for a moment when nobody wants the rest of a body, so that a
                # client which still sends sees its answer; 48 kB of gzip may hold 50 MB.
                self._lingering_time = 0.0

    def _follow(self, size: int) -> None:
        body = self._body
        if body is None or body.is_eof():
            self._body = None
            return
        if not self._chunked or self._reading_paused:
            return
        self._raw += size
        if self._raw >= _PIECE:
            if body.total_raw_bytes - self._decoded < self._raw >> 4:
                self._refuse_body(web.RequestPayloadError("more framing than content"))
            self._raw, self._decoded = 0, body.total_raw_bytes

    def _refuse_body(self, exc: web.RequestPayloadError) -> None:
        if self._body is not None:
            self._body.set_exception(exc)
            self._body = None
        self.close()

    # deadlines and the end

    def sweep(self, now: float) -> None:
        """Cut the connection when it has used up its time."""
        limits = self._port.settings.limits
        transport = self._socket
        if transport is None:
            return
        if transport.is_closing():
            self._closing_since = self._closing_since or now
            if now - self._closing_since > limits.write_timeout:
                transport.abort()
        elif self._stalled_since and now - self._stalled_since > limits.write_timeout:
            transport.abort()
        elif self._header_since and now - self._header_since > limits.header_timeout:
            self.force_close()
        elif self._body is not None:
            self._sweep_body(self._body, now)

    def _sweep_body(self, body: StreamReader, now: float) -> None:
        limits = self._port.settings.limits
        if body.is_eof():
            self._body = None
        elif not self._reading_paused:
            allowed = limits.body_timeout + body.total_raw_bytes / limits.body_rate
            if now - self._body_since > allowed:
                self._refuse_body(SlowBodyError("too slow"))

    def drain(self, now: float) -> None:
        """Close when idle: no request is under way and none came for a moment."""
        waiter, socket = self._waiter, self._socket
        if waiter is None or waiter.done() or self._messages or self._header_since:
            return
        idle_since = self._next_keepalive_close_time - self._keepalive_timeout
        if socket is not None and self._port.may_leave(socket, idle_since, now):
            self.force_close()

    def abort(self) -> None:
        """Cut the connection now."""
        if self._socket is not None:
            self._socket.abort()

    # answers of the parser

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 — aiohttp's text echoes what was sent
    ) -> web.StreamResponse:
        """Answer what the parser refused, without a word of what was sent, and close."""
        if exc is not None and status >= 500:  # noqa: PLR2004
            self.logger.error("Error before any handler", exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("the response has begun")
        response = web.Response(status=status, body=_BAD_REQUEST, content_type="application/json")
        response.force_close()
        return response

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Keep quiet about bodies that were refused or cut: the client's doing, not ours."""
        if not isinstance(kw.get("exc_info"), (web.RequestPayloadError, ConnectionError)):
            super().log_exception(*args, **kw)
