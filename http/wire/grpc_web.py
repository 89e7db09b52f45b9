"""gRPC-web's unary calls, binary and as base64 text: frames, the last one with the trailers."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from urllib.parse import quote

from aiohttp import web
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from personae.http.wire.faults import Fault, call_fault
from personae.http.wire.http_calls import body_of, call_of, media_type, respond
from personae.http.wire.interceptors import Door
from personae.http.wire.limits import grpc_seconds
from personae.http.wire.methods import Method
from personae.http.wire.packing import unpacked
from personae.http.wire.reasons import WRONG_TYPE
from personae.http.wire.turns import LARGE
from personae.http.wire.wrong import Wrong

TYPE = "application/grpc-web"
TEXT = "application/grpc-web-text"
TYPES = {TYPE, f"{TYPE}+proto", TEXT, f"{TEXT}+proto"}
HEAD = 5
"""Bytes before a message: flags, and its length."""
TRAILERS = 0x80
_SEGMENT = re.compile(rb"[A-Za-z0-9+/]+={0,2}")


async def answer(door: Door, method: Method, request: web.Request) -> web.Response:
    """Answer one call. The HTTP status is always 200: the trailers tell how it went."""
    call = call_of(request, method, door.services)
    kind = media_type(request)
    try:
        call.seconds = grpc_seconds(request.headers.get("grpc-timeout"))
        reply = await door.answer(call, lambda message: _read(door, request, kind, message))
        frames = frame(0, reply.SerializeToString()) + frame(TRAILERS, b"grpc-status:0\r\n")
    except Exception as error:  # noqa: BLE001 — whatever it is, the caller gets a fault
        fault = call_fault(error, call)
        frames = frame(TRAILERS, trailers(fault))
    body = b64encode(frames) if kind.startswith(TEXT) else frames
    return respond(request, body, kind if kind in TYPES else TYPE)


def frame(flags: int, data: bytes) -> bytes:
    """Return data behind its head."""
    return bytes((flags,)) + len(data).to_bytes(4) + data


def trailers(fault: Fault) -> bytes:
    """Return the trailers of a fault, with its details."""
    status = Status(code=fault.code.value, message=fault.message)
    status.details.add().Pack(fault.detail())
    details = b64encode(status.SerializeToString()).decode().rstrip("=")
    lines = {
        "grpc-status": str(fault.code.value),
        "grpc-message": quote(fault.message, safe=" !#$&'()*+,/:;=?@[]~"),
        "grpc-status-details-bin": details,
        **{name.lower(): value for name, value in fault.headers.items()},
    }
    return "".join(f"{name}:{value}\r\n" for name, value in lines.items()).encode()


async def _read(door: Door, request: web.Request, kind: str, message: Message) -> None:
    body = await body_of(request)
    if kind not in TYPES:
        raise WRONG_TYPE(expected=TYPE)
    data = _plain(body) if kind.startswith(TEXT) else body
    if len(data) < HEAD or len(data) - HEAD < int.from_bytes(data[1:HEAD]):
        raise Wrong("gRPC frame")
    if data[0] > 1:
        raise Wrong("gRPC frame")
    body = data[HEAD : HEAD + int.from_bytes(data[1:HEAD])]
    if data[0]:
        body = await door.turns.read(LARGE, lambda: unpacked(body))
    await door.turns.read(len(body), lambda: message.ParseFromString(body))


def _plain(text: bytes) -> bytes:
    """Decode base64 that may be several padded pieces in a row."""
    try:
        return b"".join(b64decode(piece) for piece in _SEGMENT.findall(text))
    except binascii.Error:
        raise Wrong("base64") from None
