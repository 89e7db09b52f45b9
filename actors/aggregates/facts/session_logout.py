"""What commands that hand out tokens in a session must know of its logouts."""

from __future__ import annotations

from personae.actors.aggregates.clients import client_of
from personae.actors.aggregates.turn import Turn
from personae.actors.domain.auth_request.commands import ExchangeCode
from personae.actors.domain.device_auth.commands import RedeemDeviceCode
from personae.actors.domain.session_logout.commands import RegisterListener
from personae.actors.domain.session_logout.listening import Listening


async def listening_of(cmd: ExchangeCode | RedeemDeviceCode, turn: Turn) -> Listening | None:
    """Return what keeps that a client wants to hear of the end of the session it gets tokens in.

    ``None`` when it does not, or when there is no session.
    """
    client = await client_of(turn.world, turn.caller.instance_id, cmd.client_id)
    session_id, user_id = turn.state.session_id, turn.state.user_id
    if client is None or not session_id:
        return None
    uri = client.app.oidc.back_channel_logout_uri if client.app.oidc else ""
    front = bool(client.app.oauth.front_channel_logout_uri)
    if not (uri or front):
        return None
    order = RegisterListener(
        session_id=session_id,
        oidc_session_id=cmd.oidc_session_id,
        user_id=user_id,
        client_id=cmd.client_id,
        issuer=cmd.issuer,
        uri=uri,
        front=front,
    )
    kept = await turn.beginning("session_logout", session_id)
    return Listening(order=order, stream=kept.stream, state=kept.state, version=kept.version)
