"""One stream of HTTP/2, and a gRPC call on it: bounded in size, sent in one write, counted."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError
from grpclib.const import Status
from grpclib.encoding.proto import ProtoCodec
from grpclib.exceptions import GRPCError
from grpclib.protocol import Stream
from h2.errors import ErrorCodes
from h2.exceptions import StreamClosedError
from personae.http.server.h2_headers import Headers


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
