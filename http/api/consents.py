"""``personae.consent.v1.ConsentService``: what people allowed applications, and take back."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.aggregates.clients import client_of
from personae.actors.domain.user.commands import WithdrawConsent
from personae.actors.domain.user.refusals import NOT_FOUND
from personae.http.api.reading import aggregate_of, services_of
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc

SERVICE = "personae.consent.v1.ConsentService"


@rpc(f"{SERVICE}/ListConsents")
async def list_consents(request: Any, call: Call) -> Message:
    """Return what a user allowed, to oneself and to those who may see the user."""
    user = await aggregate_of(call, "user", request.user_id)
    permissions = services_of(call).world.permissions
    own = request.user_id == call.caller.user_id
    if not user.state.exists or not (
        own or await permissions.allows(call.caller, "user.read", user.owner)
    ):
        raise NOT_FOUND()
    allowed = user.state.consents.items()
    return call.reply(consents=[await _consent(call, *each) for each in allowed])


async def _consent(call: Call, client_id: str, scopes: tuple[str, ...]) -> dict[str, Any]:
    client = await client_of(services_of(call).world, call.caller.instance_id, client_id)
    name = client.app.name if client else ""
    return {"client_id": client_id, "application_name": name, "scopes": scopes}


@rpc(f"{SERVICE}/WithdrawConsent")
async def withdraw_consent(request: Any, call: Call) -> Message:
    """Take it back; the domain says who may."""
    order = WithdrawConsent(user_id=request.user_id, client_id=request.client_id)
    return call.reply(change_date=(await call.send(order)).changed_at)
