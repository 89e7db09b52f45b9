"""none: a public client only names itself; PKCE protects its codes (RFC 7636)."""

from __future__ import annotations

from personae.actors.aggregates.clients import Client
from personae.actors.domain.project.values import AuthMethod
from personae.http.oidc.call import Call
from personae.http.oidc.clients.shown import Shown


def show_public(call: Call) -> Shown | None:
    """Return the client id, when nothing else is shown."""
    more = ("client_secret", "client_assertion", "client_assertion_type")
    if "Authorization" in call.request.headers or any(map(call.form.get, more)):
        return None
    client_id = call.form.get("client_id")
    return Shown(AuthMethod.NONE, client_id) if client_id else None


async def prove_public(_call: Call, _shown: Shown, _client: Client) -> bool:
    """Say that there is nothing to prove."""
    return True
