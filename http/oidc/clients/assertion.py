"""private_key_jwt: the client signs who it is (RFC 7523, 2.2 and 3; OIDC Core, 9)."""

from __future__ import annotations

from personae.actors.aggregates.clients import Client
from personae.actors.domain.kit import Refusal
from personae.actors.domain.project.values import AuthMethod
from personae.http.oidc.assertions import claimed, verify
from personae.http.oidc.call import Call
from personae.http.oidc.client_keys import keys_for
from personae.http.oidc.clients.shown import Shown
from personae.http.oidc.errors import CLIENT_ASSERTION_INVALID, CLIENT_METHODS_MIXED, server_side

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def show_assertion(call: Call) -> Shown | None:
    """Return the assertion and whom it claims to be from."""
    text = call.form.get("client_assertion")
    if not text and not call.form.get("client_assertion_type"):
        return None
    if call.form.get("client_assertion_type") != TYPE:
        raise CLIENT_ASSERTION_INVALID(cause="client_assertion_type")
    try:
        client_id = claimed(text).issuer
    except Refusal as refusal:
        raise CLIENT_ASSERTION_INVALID(cause=refusal.id) from None
    if call.form.get("client_id") not in {"", client_id}:
        raise CLIENT_METHODS_MIXED()
    return Shown(AuthMethod.PRIVATE_KEY_JWT, client_id, text)


async def prove_assertion(call: Call, shown: Shown, client: Client) -> bool:
    """Verify the assertion with the client's keys. Raises OIDC-ClientAssertionInvalid."""
    keys = await keys_for(call, client, shown.proof)
    try:
        await verify(call, shown.proof, client.client_id, keys, fapi=client.app.oauth.fapi)
    except Refusal as refusal:
        if server_side(refusal):
            raise
        raise CLIENT_ASSERTION_INVALID(cause=refusal.id) from None
    return True
