"""Clients that want to hear of a session's end (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

from personae.actors.aggregates.clients import Client
from personae.actors.domain.kit import Caller
from personae.actors.domain.oidc_session.state import OIDCSession
from personae.actors.domain.session_logout.commands import RegisterLogout
from personae.http.oidc.call import Call


async def register_logout(call: Call, client: Client, family_id: str, family: OIDCSession) -> None:
    """Keep that a client got tokens in a session, when it has an address to be told at."""
    uri = client.app.oidc.back_channel_logout_uri if client.app.oidc else ""
    if not uri or not family.session_id:
        return
    order = RegisterLogout(
        session_id=family.session_id,
        instance_id=call.instance_id,
        oidc_session_id=family_id,
        user_id=family.user_id,
        client_id=client.client_id,
        uri=uri,
        issuer=call.issuer,
    )
    await call.services.send(order, Caller.of_system(call.instance_id))
