"""JWT as authorization grant (RFC 7523, 2.1): a machine user signs with one of its keys."""

from __future__ import annotations

from functools import partial
from typing import Any

from personae.actors.domain.kit import Refusal
from personae.http.identity.jwt import UNKNOWN_KEY
from personae.http.oidc.assertions import claimed, verify
from personae.http.oidc.call import Call
from personae.http.oidc.clients import shows_proof
from personae.http.oidc.errors import ASSERTION_INVALID
from personae.http.oidc.grants.machine import open_for
from personae.http.oidc.machines import LivingMachine, authenticate_either, living_machine


async def jwt_bearer(call: Call) -> dict[str, Any]:
    """Give a machine user tokens for what it signed; no client need authenticate beside it.

    "However, if client credentials are present in the request, the authorization server MUST
    validate them." (RFC 7521, 4.1)
    """
    if shows_proof(call):
        await authenticate_either(call)
    try:
        asked = partial(_proved, call, call.form.required("assertion"))
        found = await call.services.world.certain(call.instance_id, asked)
    except Refusal as refusal:
        if not refusal.id.startswith(("TOKEN-", "OIDC-AssertionReplayed")):
            raise
        raise ASSERTION_INVALID(cause=refusal.id) from None
    return await open_for(call, found, reason="jwt_profile")


async def _proved(call: Call, assertion: str) -> LivingMachine:
    found = await living_machine(call, claimed(assertion).issuer)
    if found is None:
        raise UNKNOWN_KEY()
    await verify(call, assertion, found.user_id, found.machine.keys)
    return found
