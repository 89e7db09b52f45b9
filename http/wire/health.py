"""gRPC's health checking protocol, over the server's own readiness."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from grpclib import GRPCError
from grpclib.const import Cardinality, Handler, Status
from personae.http.wire.descriptors import message_class
from personae.http.wire.grpc import receive
from personae.http.wire.methods import METHODS
from personae.http.wire.turns import Turns

Ready = Callable[[], Awaitable[bool]]
REQUEST: Final = message_class("grpc.health.v1.HealthCheckRequest")
REPLY: Final = message_class("grpc.health.v1.HealthCheckResponse")
LOOK_EVERY = 1.0
"""Seconds between two looks of a Watch."""
SERVICES = {"", *(name.partition("/")[0] for name in METHODS)}


def handlers(ready: Ready, turns: Turns) -> dict[str, Handler]:
    """Return the handlers of ``grpc.health.v1.Health``."""

    async def status_of(service: str) -> str:
        if service not in SERVICES:
            return "SERVICE_UNKNOWN"
        return "SERVING" if await ready() else "NOT_SERVING"

    async def check(stream: Any) -> None:
        request: Any = REQUEST.FromString(await receive(stream, turns) or b"")
        status = await status_of(request.service)
        if status == "SERVICE_UNKNOWN":
            raise GRPCError(Status.NOT_FOUND, "unknown service")
        await stream.send_message(REPLY(status=status))

    async def watch(stream: Any) -> None:
        request: Any = REQUEST.FromString(await receive(stream, turns) or b"")
        told = ""
        while True:
            status = await status_of(request.service)
            if status != told:
                await stream.send_message(REPLY(status=status))
                told = status
            await asyncio.sleep(LOOK_EVERY)

    return {
        "/grpc.health.v1.Health/Check": Handler(check, Cardinality.UNARY_UNARY, REQUEST, REPLY),
        "/grpc.health.v1.Health/Watch": Handler(watch, Cardinality.UNARY_STREAM, REQUEST, REPLY),
    }
