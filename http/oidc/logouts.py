"""Clients that want to hear of a session's end, each in its way."""

from __future__ import annotations

from personae.actors.aggregates.clients import Client
from personae.actors.domain.kit import Caller
from personae.actors.domain.oidc_session.state import OIDCSession
from personae.actors.domain.session_logout.commands import RegisterFrontChannel, RegisterLogout
from personae.http.oidc.call import Call


async def register_logout(call: Call, client: Client, family_id: str, family: OIDCSession) -> None:
    """Keep that a client got tokens in a session, when it wants to be told of its end.

    Directly (OpenID Connect Back-Channel Logout 1.0), in the browser (Front-Channel Logout 1.0), or
    both.
    """
    if not family.session_id:
        return
    session = {"session_id": family.session_id, "instance_id": call.instance_id}
    about = {**session, "client_id": client.client_id, "issuer": call.issuer}
    uri = client.app.oidc.back_channel_logout_uri if client.app.oidc else ""
    system = Caller.of_system(call.instance_id)
    if uri:
        order = RegisterLogout(**about, oidc_session_id=family_id, user_id=family.user_id, uri=uri)
        await call.services.send(order, system)
    if client.app.oauth.front_channel_logout_uri:
        await call.services.send(RegisterFrontChannel(**about), system)
