"""Native gRPC through grpclib: a handler for every method, in grpclib's own terms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpclib.server
from google.protobuf.message import Message
from grpclib.const import Cardinality, Handler, Status
from grpclib.encoding.proto import ProtoCodec, ProtoStatusDetailsCodec
from grpclib.events import _DispatchServerEvents
from multidict import CIMultiDict, CIMultiDictProxy
from personae.http.wire.call import Call
from personae.http.wire.faults import Fault, fault_of
from personae.http.wire.interceptors import Door
from personae.http.wire.limits import DEADLINE, MESSAGE
from personae.http.wire.methods import METHODS, Method
from personae.http.wire.reasons import COMPRESSED, TOO_LARGE
from personae.http.wire.wrong import Wrong

HEAD = 5
"""Bytes before a message: a flag, and its length."""


class Acceptor(grpclib.server.Handler):
    """grpclib's acceptor of streams, which also tells functions the host asked for.

    One per connection: it ends its calls with it.
    """

    def __init__(self, mapping: dict[str, Handler]) -> None:
        super().__init__(mapping, ProtoCodec(), ProtoStatusDetailsCodec(), _DispatchServerEvents())

    def accept(self, stream: Any, headers: Any, release_stream: Callable[[], Any]) -> None:
        """Start a call; the pseudo header ``:authority`` becomes the metadata ``host``.

        Binary metadata is left out: nothing of ours reads it, and grpclib fails on what is not
        base64.
        """
        kept = [(k, v) for k, v in headers if k != "host" and not k.endswith("-bin")]
        named = dict(headers)
        host = named.get(":authority") or named.get("host") or ""
        super().accept(stream, [*kept, ("host", host)], release_stream)


def handlers(door: Door) -> dict[str, Handler]:
    """Return a handler for every method, by path."""
    return {method.path: _handler(door, method) for method in METHODS.values()}


async def receive(stream: Any) -> bytes | None:
    """Return the next message's bytes, ``None`` after the last.

    grpclib would take any length and fail on compression; here both are refused. Raises
    ``Refusal`` and :class:`Wrong`.
    """
    try:
        head = await stream._stream.recv_data(HEAD)  # noqa: SLF001 — no public access to bytes
        if not head:
            return None
        if head[0]:
            raise COMPRESSED() if head[0] == 1 else Wrong("gRPC frame")
        length = int.from_bytes(head[1:])
        if length > MESSAGE:
            raise TOO_LARGE()
        return bytes(await stream._stream.recv_data(length))  # noqa: SLF001
    except AssertionError:
        raise Wrong("gRPC frame") from None


async def refuse(stream: Any, fault: Fault) -> None:
    """End a stream with a fault."""
    await stream.send_trailing_metadata(
        status=Status(fault.code.value),
        status_message=fault.message,
        status_details=[fault.detail()],
        metadata={name.lower(): value for name, value in fault.headers.items()},
    )


def _handler(door: Door, method: Method) -> Handler:
    async def handle(stream: Any) -> None:
        call = _call(door, method, stream)
        try:
            reply = await door.answer(call, lambda message: _read(stream, message))
        except Exception as error:  # noqa: BLE001 — whatever it is, the caller gets a fault
            request_id = call.headers.get("x-request-id", "")
            context = {"method": method.name, "request_id": request_id}
            await refuse(stream, fault_of(error, door.services, call.language, **context))
        else:
            await stream.send_message(reply)

    return Handler(handle, Cardinality.UNARY_UNARY, method.request, method.reply)


async def _read(stream: Any, message: Message) -> None:
    body = await receive(stream)
    if body is None:
        raise Wrong("one message")
    message.ParseFromString(body)


def _call(door: Door, method: Method, stream: Any) -> Call:
    headers = CIMultiDict(stream.metadata, **{"user-agent": stream.user_agent or ""})
    left = stream.deadline.time_remaining() if stream.deadline else DEADLINE
    return Call(
        method=method,
        services=door.services,
        headers=CIMultiDictProxy(headers),
        host=headers.get("host", ""),
        seconds=min(DEADLINE, left),
        language=door.services.language(headers.get("accept-language", "")),
    )
