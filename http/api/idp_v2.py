"""``zitadel.idp.v2.IdentityProviderService``: one identity provider, without its secret."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.idp.refusals import NOT_FOUND
from personae.http.api.idps import details_of, shown
from personae.http.api.reading import aggregate_of, services_of
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.projections.idps import IDPS

SERVICE = "zitadel.idp.v2.IdentityProviderService"


@rpc(f"{SERVICE}/GetIDPByID")
async def get_idp_by_id(request: Any, call: Call) -> Message:
    """Return one: to those who may see the instance's, or those of their organisation."""
    caller, may = call.caller, services_of(call).world.permissions
    if not await may.allows(caller, "iam.idp.read"):
        await may.require(caller, "org.idp.read", caller.org_id)
    instance = await aggregate_of(call, "instance", caller.instance_id)
    idp = instance.state.idps.get(request.id)
    row = await services_of(call).find(IDPS, caller.instance_id, request.id)
    if idp is None or row is None:
        raise NOT_FOUND()
    return call.reply(idp=shown(request.id, idp, details_of(row), pkce=False))
