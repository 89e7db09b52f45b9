"""The Connect protocol's unary calls: POST with JSON or protobuf (connectrpc.com/docs/protocol)."""

from __future__ import annotations

from aiohttp import web
from google.protobuf.message import Message
from personae.http.wire.decode import from_json
from personae.http.wire.faults import call_fault
from personae.http.wire.http_calls import (
    JSON,
    body_of,
    call_of,
    media_type,
    respond,
    respond_fault,
)
from personae.http.wire.interceptors import Door
from personae.http.wire.limits import connect_seconds
from personae.http.wire.methods import Method
from personae.http.wire.reasons import WRONG_TYPE
from personae.http.wire.render import answer_json

PROTO = "application/proto"


async def answer(door: Door, method: Method, request: web.Request) -> web.Response:
    """Answer one call; the answer comes in the encoding of the request."""
    call = call_of(request, method, door.services)
    kind = media_type(request)
    call.json = kind == JSON
    try:
        call.seconds = connect_seconds(request.headers.get("Connect-Timeout-Ms"))
        reply = await door.answer(call, lambda message: _read(door, request, kind, message))
        body = answer_json(reply) if call.json else reply.SerializeToString()
        return respond(request, body, kind)
    except Exception as error:  # noqa: BLE001 — whatever it is, the caller gets a fault
        fault = call_fault(error, call)
        return respond_fault(request, fault, fault.connect())


async def _read(door: Door, request: web.Request, kind: str, message: Message) -> None:
    body = await body_of(request)
    if kind == JSON:
        await door.turns.read(len(body), lambda: from_json(body, message))
    elif kind == PROTO:
        await door.turns.read(len(body), lambda: message.ParseFromString(body))
    else:
        raise WRONG_TYPE(expected=f"{JSON}, {PROTO}")
