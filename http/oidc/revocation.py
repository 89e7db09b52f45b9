"""Token revocation (RFC 7009): a client gives tokens back."""

from __future__ import annotations

from aiohttp import web
from personae.actors.domain.kit import Refusal, Stream
from personae.actors.domain.oidc_session.commands import RevokeAccessToken, RevokeOIDCSession
from personae.actors.domain.oidc_session.state import OIDCSession
from personae.http.identity.live import live_token
from personae.http.identity.opaque import TokenKind
from personae.http.oidc.answers import answer
from personae.http.oidc.call import Call
from personae.http.oidc.errors import NOT_REVOCABLE, TOKEN_OF_ANOTHER, server_side
from personae.http.oidc.machines import authenticate_either

DONE = b"{}"


async def revocation(call: Call) -> web.Response:
    """End a token; a refresh token takes all tokens of its family with it.

    "The authorization server responds with HTTP status code 200 if the token has been revoked
    successfully or if the client submitted an invalid token." (2.2)
    """
    owner = await authenticate_either(call)
    order = await _order(call, call.form.required("token"))
    if order is None:
        return answer(DONE)
    stream = Stream(call.instance_id, "oidc_session", order.oidc_session_id)
    family: OIDCSession = await call.services.world.state(stream)
    if family.client_id != owner:
        raise TOKEN_OF_ANOTHER()
    await call.services.send(order, call.caller(client_id=owner))
    return answer(DONE)


async def _order(call: Call, text: str) -> RevokeAccessToken | RevokeOIDCSession | None:
    """Return how to end a token, or ``None`` for one that is no token of ours, or of nobody's.

    Raises OIDC-TokenNotRevocable for one that does not end here (2.2.1).
    """
    try:
        if text.count(".") == 2:  # noqa: PLR2004 — the parts of a signed JWT
            live = await live_token(call.services, call.instance_id, text, call.issuer)
            return RevokeAccessToken(oidc_session_id=live.family_id, token_id=live.token_id)
        kind, ids = call.services.tokens.read(call.instance_id, text)
    except Refusal as refusal:
        # "If the server responds with HTTP status code 503, the client must assume the token still
        # exists and may retry" (2.2.1): never 200 for a token that may.
        if server_side(refusal):
            raise
        return None
    if kind is TokenKind.REFRESH:
        return RevokeOIDCSession(oidc_session_id=ids[0])
    if kind is TokenKind.ACCESS:
        return RevokeAccessToken(oidc_session_id=ids[0], token_id=ids[1])
    if kind is TokenKind.PERSONAL:  # its owner removes it through the API; it lives until then
        raise NOT_REVOCABLE()
    return None
