"""``zitadel.idp.v2.IdentityProviderService``: waits for federation."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.http.api.reading import services_of
from personae.http.api.reasons import IDP_NOT_FOUND
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc

SERVICE = "zitadel.idp.v2.IdentityProviderService"


@rpc(f"{SERVICE}/GetIDPByID")
async def get_idp_by_id(_request: Any, call: Call) -> Message:
    """Find no identity provider: none can be added until federation exists."""
    caller, may = call.caller, services_of(call).world.permissions
    if not await may.allows(caller, "iam.idp.read"):
        await may.require(caller, "org.idp.read", caller.org_id)
    raise IDP_NOT_FOUND()
