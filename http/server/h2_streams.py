"""The streams of an HTTP/2 connection: calls of gRPC or requests, and how long they may last.

gRPC streams go to grpclib's own handler, all others to the HTTP application (:mod:`h2_rest`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from grpclib.encoding.proto import ProtoStatusDetailsCodec
from grpclib.server import Handler
from h2.errors import ErrorCodes
from personae.http.server import h2_rest
from personae.http.server.h2_call import CallStream, Codec
from personae.http.server.h2_headers import Headers
from personae.http.server.origin import Origin, checked_host, request_id

if TYPE_CHECKING:
    from personae.http.server.http2 import Http2

_CHECKED = frozenset({"host", "x-request-id", "x-client-ip"})


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
