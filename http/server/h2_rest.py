"""Requests over HTTP/2 that are not gRPC: needed behind proxies that speak h2c to us.

Each becomes an ordinary aiohttp request; its response is written as HTTP/2 frames.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.compression_utils import ZLibCompressor
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from grpclib.protocol import Stream
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from multidict import CIMultiDict, CIMultiDictProxy
from personae.http.server.http1 import SlowBodyError
from personae.http.server.settings import Limits
from yarl import URL

if TYPE_CHECKING:
    from personae.http.server.port import Port

log = logging.getLogger("personae.http")

# RFC 9113 section 8.2.2
_CONNECTION_FIELDS = frozenset(
    {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"}
)


class Body:
    """The request body, in place of grpclib's buffer: fed to aiohttp's reader, bounded.

    What arrives is acknowledged at once: the size limit bounds the memory, not the window.
    """

    def __init__(
        self,
        reader: StreamReader,
        acknowledge: Callable[[int], None],
        limit: int,
        announced: str | None,
    ) -> None:
        self._announced = announced
        self.reader = reader
        self._acknowledge = acknowledge
        self._limit = limit
        self._since = monotonic()
        self.ended = False

    def add(self, data: bytes, ack_size: int) -> None:
        """Take one DATA frame."""
        self._acknowledge(ack_size)
        if self.reader.exception() is not None:
            return
        if self.reader.total_bytes + len(data) > self._limit:
            self.reader.set_exception(web.HTTPRequestEntityTooLarge(self._limit))
        else:
            self.reader.feed_data(data)

    def eof(self) -> None:
        """Note that the body is complete. h2 compares lengths only when there was any DATA."""
        self.ended = True
        if self._announced not in {None, str(self.reader.total_bytes)}:
            self.reader.set_exception(web.RequestPayloadError("not the announced length"))
        self.reader.feed_eof()

    def unacked_size(self) -> int:
        """Nothing is ever left to acknowledge."""
        return 0

    def sweep(self, now: float, limits: Limits) -> None:
        """Refuse a body that comes too slowly."""
        allowed = limits.body_timeout + self.reader.total_bytes / limits.body_rate
        if not self.ended and self.reader.exception() is None and now - self._since > allowed:
            self.reader.set_exception(SlowBodyError("too slow"))


class Connected:
    """What an aiohttp request wants to know of its connection."""

    __slots__ = ("peername", "sockname", "ssl_context", "transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport: asyncio.Transport | None = transport
        self.peername = transport.get_extra_info("peername")
        self.sockname = transport.get_extra_info("sockname")
        self.ssl_context = transport.get_extra_info("sslcontext")

    @property
    def connected(self) -> bool:
        """Whether more may still arrive."""
        return self.transport is not None

    def pause_reading(self) -> None:
        """Do nothing: the body is bounded."""

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002
        """Do nothing: reading is never paused."""


class FrameWriter(AbstractStreamWriter):
    """Writes a response as HTTP/2 frames, within the client's flow-control windows."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._headers: list[tuple[str, str]] | None = None
        self._compress: ZLibCompressor | None = None
        self._ended = False
        self.sending = False

    def enable_chunking(self) -> None:
        """Do nothing: frames have lengths."""

    def enable_compression(self, encoding: str = "deflate", strategy: int | None = None) -> None:
        """Compress what is written from now on."""
        self._compress = ZLibCompressor(encoding=encoding, strategy=strategy)

    async def write_headers(self, status_line: str, headers: CIMultiDict[str]) -> None:
        """Keep the headers until it is known whether a body follows."""
        self._headers = [(":status", status_line.split(" ", 2)[1])]
        for name, value in headers.items():
            lower = name.lower()
            if lower not in _CONNECTION_FIELDS:
                self._headers.append((lower, value.strip()))

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Write a part of the body; waits while the client's window is closed."""
        data = bytes(chunk)
        if self._compress is not None:
            data = await self._compress.compress(data)
        await self._flush_headers()
        if data:
            await self._stream.send_data(data)
            self.output_size += len(data)

    async def write_eof(self, chunk: bytes = b"") -> None:
        """Write the last part and end the stream."""
        if self._ended:
            return
        self._ended = True
        if self._compress is not None:
            chunk = (
                await self._compress.compress(chunk) if chunk else b""
            ) + self._compress.flush()
        if chunk:
            await self._flush_headers()
            await self._stream.send_data(chunk, end_stream=True)
            self.output_size += len(chunk)
        elif self._headers is not None:
            await self._flush_headers(end_stream=True)
        else:
            await self._stream.end()

    async def drain(self) -> None:
        """Do nothing: every write waits for its window."""

    async def _flush_headers(self, *, end_stream: bool = False) -> None:
        headers, self._headers = self._headers, None
        self.sending = True
        if headers is not None:
            await self._stream.send_headers(headers, end_stream)


def to_message(headers: list[tuple[str, str]], max_fields: int) -> RawRequestMessage:
    """Return the request head as aiohttp's parser would. Raises ``ValueError``."""
    pseudo = {name: value for name, value in headers if name.startswith(":")}
    fields = CIMultiDict((name, value) for name, value in headers if not name.startswith(":"))
    method, target = pseudo.get(":method", ""), pseudo.get(":path", "")
    if not target.startswith("/") or "#" in target or len(fields) > max_fields:
        raise ValueError("malformed request")
    if ":authority" in pseudo:
        fields["Host"] = pseudo[":authority"]
    path, _, query = target.partition("?")
    return RawRequestMessage(
        method,
        target,
        HttpVersion11,
        CIMultiDictProxy(fields),
        tuple((name.encode(), value.encode()) for name, value in fields.items()),
        should_close=False,
        compression=None,
        upgrade=False,
        chunked=False,
        url=URL.build(path=path, query_string=query, encoded=True),
    )


class Exchange:
    """One request and its response."""

    def __init__(self, port: Port, stream: Any, headers: list[tuple[str, str]]) -> None:
        self._port = port
        self._stream = stream
        self._writer = FrameWriter(stream)
        connected: Any = Connected(stream.transport)
        limits = port.settings.limits
        self._reader = StreamReader(connected, limits.body_size, loop=port.loop)
        self._connected = connected
        announced = next((v for k, v in headers if k == "content-length"), None)
        stream.buffer = Body(self._reader, stream.acknowledge, limits.body_size, announced)
        stream.on_terminated = self._terminated
        self._task: asyncio.Task[None] | None = None
        try:
            self._message: RawRequestMessage | None = to_message(headers, limits.fields)
        except ValueError:
            self._message = None

    def _terminated(self) -> None:
        self._connected.transport = None
        if not self._reader.is_eof():
            self._reader.set_exception(ConnectionResetError("stream reset"))
        if self._writer.sending and self._task is not None:
            self._task.cancel()

    async def run(self) -> None:
        """Answer, unless the client leaves first: then the handler still runs to its end."""
        self._task = asyncio.current_task()
        try:
            if self._message is None:
                await self._stream.send_headers([(":status", "400")], end_stream=True)
            else:
                await self._answer(self._message)
        except (ConnectionError, ProtocolError):
            log.debug("client left before its response")
        if self._stream.closable and not self._stream.buffer.ended:
            # RFC 9113 section 8.1: the response is complete, the rest of the body is not wanted
            self._stream.reset_nowait(ErrorCodes.NO_ERROR)

    async def _answer(self, message: RawRequestMessage) -> None:
        task: Any = self._task
        request = self._port.request(message, self._reader, self._connected, self._writer, task)
        try:
            response = await self._port.manager.request_handler(request)
        except web.HTTPException as exc:
            response = exc
        await response.prepare(request)
        await response.write_eof()
