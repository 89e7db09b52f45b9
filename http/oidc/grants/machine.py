"""Tokens of machine users: there is no application, so scopes alone say whom they are for."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.oidc_session.commands import OpenOIDCSession
from personae.actors.domain.oidc_session.opening import Opening
from personae.http.oidc import scopes
from personae.http.oidc.call import Call
from personae.http.oidc.details import details_of
from personae.http.oidc.machines import LivingMachine
from personae.http.oidc.proofs import key_shown
from personae.http.oidc.resources import names_of
from personae.http.oidc.tokens import Ids, Recipient, issued, token_response


async def open_for(
    call: Call, found: LivingMachine, reason: str, methods: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Open a family of tokens for a machine user and return the token response."""
    ids = Ids.new(call)
    scope = await scopes.fitting(call, scopes.granted(call.form.get("scope")), found.org_id)
    to = Recipient.of_machine(found.user_id, found.machine)
    opening = Opening(
        user_id=found.user_id,
        org_id=found.org_id,
        client_id=to.client_id,
        audience=await scopes.audience(call, (), scope),
        scope=scope,
        auth_methods=methods,
        auth_time=call.services.world.now(),
        access_token_id=ids.access,
        reason=reason,
        dpop_jkt=await key_shown(call),
        details=details_of(call, None, call.form) or (),
        resources=await names_of(call, call.form),
    )
    order = OpenOIDCSession(oidc_session_id=ids.family, org_id=found.org_id, opening=opening)
    done = await call.services.send(order, call.caller(found.user_id))
    access = issued(done.events)
    assert access is not None  # noqa: S101 — for the type checker; opening hands one out
    return await token_response(call, to, ids.family, access)
