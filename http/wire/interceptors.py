"""What happens to every call before its function runs: one ordered list for all wires."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.kit import Caller
from personae.http.wire.call import Call
from personae.http.wire.reasons import NOT_YET
from personae.http.wire.registry import Answer, Registry
from personae.http.wire.services import Services
from personae.http.wire.turns import Turns
from personae.http.wire.validate import validate
from personae.http.wire.wrong import Wrong

KEY_HEADER, ORG_HEADER = "idempotency-key", "x-zitadel-orgid"
LONGEST_KEY = 255
PUBLIC = {"", "public"}
ANY_TOKEN = "authenticated"  # noqa: S105 — a permission's name
Step = Callable[[Call, Any], Awaitable[None]]


class Wire(IntEnum):
    """The columns of the table below."""

    REST = 1
    CONNECT = 2
    GRPC_WEB = 3
    GRPC = 4


async def find_instance(call: Call, _request: Any) -> None:
    """Whose users and settings: told by the host asked for."""
    instance_id = await call.services.instance_of(call.host)
    call.caller = Caller(instance_id=instance_id, language=call.language)


async def authenticate(call: Call, _request: Any) -> None:
    """Who is calling: told by the token, where the method asks for one."""
    if call.method.permission not in PUBLIC:
        asked = call.caller.instance_id, call.headers, call.target
        caller = await call.services.authenticate(*asked)
        same = caller.language == call.language
        call.caller = caller if same else replace(caller, language=call.language)


async def permit(call: Call, request: Any) -> None:
    """Whether they may, in the organization and project that the request or the caller names."""
    method = call.method
    if method.permission in PUBLIC or method.permission == ANY_TOKEN:
        return
    asked = call.caller
    if method.org_field:
        of = method.org_field
        named = getattr(request, of)
        domain = _id(named.org_domain, "org_domain", of)
        org_id = _id(named.org_id, "org_id", of) or await _by_domain(call, domain)
        asked = asked.at(org_id) if org_id else asked
    project_id = _id(getattr(request, method.project_field, ""), method.project_field)
    await call.services.permit(asked, method.permission, project_id)


def _id(value: str, *path: str) -> str:
    """Return what something is looked up by before the field rules are asked; no text has NUL."""
    if "\0" in value:
        raise Wrong("no NUL", *path)
    return value


async def _by_domain(call: Call, domain: str) -> str:
    return await call.services.org_of(call.caller.instance_id, domain) if domain else ""


async def check(_call: Call, request: Any) -> None:
    """Whether the request keeps the field rules."""
    validate(request)


async def once(function: Answer, request: Message, call: Call) -> Message:
    """Answer a call that has a key and was carried out before as it was answered then.

    Keys belong to who gives them, so those of anonymous callers are not looked at.
    """
    key = call.headers.get(KEY_HEADER, "")
    if not key or not call.caller.user_id:
        answer: Message = await function(request, call)
        return answer
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise Wrong("key", KEY_HEADER)
    asked = call.method.name.encode() + b"\0" + request.SerializeToString(deterministic=True)
    if org_id := call.headers.get(ORG_HEADER, ""):  # the same, asked elsewhere, is another request
        asked += b"\0" + org_id.encode()
    return await call.services.once(call.caller, key, asked, lambda: function(request, call))


#   step           REST   Connect gRPC-web gRPC
ORDER: tuple[tuple[Step, bool, bool, bool, bool], ...] = (
    (find_instance, True, True, True, True),
    (authenticate, True, True, True, True),
    (permit, True, True, True, True),
    (check, True, True, True, True),
)
"""Run within the call's deadline, which therefore covers them all."""


@dataclass(frozen=True, slots=True)
class Door:
    """One wire's way to the functions of a registry."""

    wire: Wire
    registry: Registry
    services: Services
    turns: Turns = field(default_factory=Turns)

    async def answer(self, call: Call, read: Callable[[Message], Awaitable[None]]) -> Message:
        """Fill the request with ``read``, run all steps and the function; returns its answer.

        All of it within the deadline, a body that trickles in too. Raises ``Refusal``, ``Wrong``,
        ``DecodeError`` or ``TimeoutError``.
        """
        function = self.registry.function(call.method.name)
        if function is None:
            raise NOT_YET(method=call.method.name)
        request = call.method.request()
        async with asyncio.timeout(call.seconds):
            await read(request)
            for row in ORDER:
                if row[self.wire]:
                    await row[0](call, request)
            return await once(function, request, call)
