"""Native gRPC through grpclib: a handler for every method, in grpclib's own terms.

The server room puts into the metadata what it has checked: ``host``, ``x-client-ip`` and
``x-request-id``.
"""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from grpclib.const import Cardinality, Handler, Status
from grpclib.exceptions import GRPCError
from multidict import CIMultiDict, CIMultiDictProxy
from personae.http.wire.call import Call
from personae.http.wire.faults import Fault, call_fault
from personae.http.wire.interceptors import Door
from personae.http.wire.limits import DEADLINE, MESSAGE
from personae.http.wire.methods import METHODS, Method
from personae.http.wire.packing import SMALLEST, packed, unpacked
from personae.http.wire.reasons import COMPRESSED, TOO_LARGE
from personae.http.wire.turns import LARGE, Turns
from personae.http.wire.wrong import Wrong

HEAD = 5
"""Bytes before a message: a flag, and its length."""
_HEAD = [(":status", "200"), ("content-type", "application/grpc+proto")]
_TAIL = [("grpc-status", "0")]
_REFUSED = {Status.RESOURCE_EXHAUSTED: TOO_LARGE, Status.UNIMPLEMENTED: COMPRESSED}


def handlers(door: Door) -> dict[str, Handler]:
    """Return a handler for every method, by path."""
    return {method.path: _handler(door, method) for method in METHODS.values()}


async def receive(stream: Any, turns: Turns) -> bytes | None:
    """Return the next message's bytes, ``None`` after the last.

    grpclib would take any length and fail on gzip. Lengths are bounded here if not already by the
    server room's stream, which also refuses other encodings. Raises ``Refusal``, :class:`Wrong`.
    """
    try:
        head = await stream._stream.recv_data(HEAD)  # noqa: SLF001 — no public access to bytes
        if not head:
            return None
        if head[0] > 1:
            raise Wrong("gRPC frame")
        length = int.from_bytes(head[1:])
        if length > MESSAGE:
            raise TOO_LARGE()
        stream.packed = head[0] == 1
        body = bytes(await stream._stream.recv_data(length))  # noqa: SLF001
        return await turns.read(LARGE, lambda: unpacked(body)) if stream.packed else body
    except AssertionError:
        raise Wrong("gRPC frame") from None
    except GRPCError as error:
        refused = _REFUSED.get(error.status)
        raise (refused() if refused else Wrong("gRPC frame")) from None


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
            reply = await door.answer(call, lambda message: _read(door, stream, message))
        except Exception as error:  # noqa: BLE001 — whatever it is, the caller gets a fault
            await refuse(stream, call_fault(error, call))
        else:
            await _send(stream, reply)

    return Handler(handle, Cardinality.UNARY_UNARY, method.request, method.reply)


async def _send(stream: Any, reply: Message) -> None:
    """Send the answer, packed if its question was, as grpc-go does.

    grpclib never packs, and asks hooks that nobody has: its own steps are taken here one by one.
    """
    body, flag, headers = reply.SerializeToString(), b"\0", _HEAD
    if getattr(stream, "packed", False) and len(body) >= SMALLEST:
        body, flag, headers = packed(body), b"\1", [*_HEAD, ("grpc-encoding", "gzip")]
    below = stream._stream  # noqa: SLF001 — no public access to bytes
    await below.send_headers(headers)
    await below.send_data(flag + len(body).to_bytes(4) + body)
    await below.send_headers(_TAIL, end_stream=True)
    stream._send_initial_metadata_done = stream._send_message_done = True  # noqa: SLF001
    stream._send_trailing_metadata_done = True  # noqa: SLF001


async def _read(door: Door, stream: Any, message: Message) -> None:
    body = await receive(stream, door.turns)
    if body is None:
        raise Wrong("one message")
    await door.turns.read(len(body), lambda: message.ParseFromString(body))


def _call(door: Door, method: Method, stream: Any) -> Call:
    headers = CIMultiDict(stream.metadata, **{"user-agent": stream.user_agent or ""})
    left = stream.deadline.time_remaining() if stream.deadline else DEADLINE
    return Call(
        method=method,
        services=door.services,
        headers=CIMultiDictProxy(headers),
        host=headers.get("host", ""),
        client_ip=headers.get("x-client-ip", ""),
        request_id=headers.get("x-request-id", ""),
        seconds=min(DEADLINE, left),
        target=("POST", method.path),
        language=door.services.language(headers.get("accept-language", "")),
    )
