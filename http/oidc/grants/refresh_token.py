"""The refresh token grant (RFC 6749, section 6), with rotation (RFC 9700, 4.14)."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.kit import Refusal
from personae.actors.domain.oidc_session.commands import RefreshTokens
from personae.actors.domain.oidc_session.refusals import REFRESH_REUSED
from personae.actors.domain.project.values import AuthMethod, GrantType
from personae.http.identity.opaque import TokenKind
from personae.http.oidc.call import Call
from personae.http.oidc.clients import authenticate, registered_method
from personae.http.oidc.errors import GRANT_NOT_ALLOWED, REFRESH_UNREADABLE
from personae.http.oidc.form import words
from personae.http.oidc.proofs import key_shown
from personae.http.oidc.terms import terms_of
from personae.http.oidc.tokens import Ids, Recipient, issued, token_response


async def refresh_token(call: Call) -> dict[str, Any]:
    """Redeem a refresh token for new tokens; it counts once."""
    client = await authenticate(call)
    oidc = client.app.oidc
    if oidc is None or GrantType.REFRESH_TOKEN not in oidc.grant_types:
        raise GRANT_NOT_ALLOWED()
    text = call.form.required("refresh_token")
    try:
        family, token_id = call.services.tokens.open(TokenKind.REFRESH, call.instance_id, text)
    except Refusal:
        raise REFRESH_UNREADABLE() from None
    ids, key = Ids.new(call, family), await key_shown(call, client)
    # FAPI 2.0, 5.3.2.1: bound tokens of proved clients "shall not" rotate; an answer that is lost
    # would end the grant.
    next_id = token_id if client.app.oauth.fapi else ids.refresh
    scope = call.form.get("scope")
    order = RefreshTokens(
        oidc_session_id=family,
        client_id=client.client_id,
        presented=token_id,
        scope=tuple(dict.fromkeys(words(scope))) if scope else None,
        access_token_id=ids.access,
        refresh_token_id=next_id,
        dpop_jkt=key,
        terms=await terms_of(call, client, key),
        public=registered_method(client) is AuthMethod.NONE,
    )
    done = await call.services.send(order, call.caller(client_id=client.client_id))
    access = issued(done.events)
    if access is None:
        raise REFRESH_REUSED()
    return await token_response(call, Recipient.of_client(client), family, access, next_id)
