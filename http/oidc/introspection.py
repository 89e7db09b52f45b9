"""Token introspection (RFC 7662): what an API asks about a token it was shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from personae.actors.aggregates.clients import Client
from personae.actors.domain.project.values import AuthMethod
from personae.http.identity.live import LiveToken, confirmation, live_token_or_none
from personae.http.identity.opaque import TokenKind
from personae.http.identity.signer import signer_of
from personae.http.oidc import claims
from personae.http.oidc.answers import answer
from personae.http.oidc.call import Call
from personae.http.oidc.clients import authenticate, registered_method
from personae.http.oidc.custom_claims import added_to_token
from personae.http.oidc.details import shown
from personae.http.oidc.errors import CLIENT_METHOD_WRONG
from personae.http.oidc.roles import roles_for_api
from personae.http.oidc.tokens import acting

INACTIVE = {"active": False}
SIGNED = "token-introspection+jwt"


async def introspection(call: Call) -> web.Response:
    """Answer a confidential client about a token that is meant for it.

    "If the introspection call is properly authorized but the token is not active, does not exist
    on this server, or the protected resource is not allowed to introspect this particular token,
    then the authorization server MUST return an introspection response with the "active" field set
    to "false"." (2.2)
    """
    client = await authenticate(call)
    if registered_method(client) is AuthMethod.NONE:
        raise CLIENT_METHOD_WRONG()
    text = call.form.required("token")
    live = await live_token_or_none(call.services, call.instance_id, text, call.issuer)
    if live is None or not _meant_for(client, live):
        return await _answered(call, client, INACTIVE)
    about = await claims.userinfo(call, live.user_id, live.scopes)
    about |= await roles_for_api(call, client, live)
    about = await added_to_token(call, live, about)
    return await _answered(call, client, {**about, **_facts(call, client, live)})


async def _answered(call: Call, client: Client, body: Mapping[str, Any]) -> web.Response:
    """Answer in JSON, or signed for the client that accepts that (RFC 9701, 4 and 5)."""
    accepted = call.request.headers.get("Accept", "")
    if SIGNED not in accepted:
        return answer(body)
    signer = await signer_of(call.services, call.instance_id, fapi=client.app.oauth.fapi)
    about = {
        "iss": call.issuer,
        "aud": client.client_id,
        "iat": int(call.services.world.now().timestamp()),
        "token_introspection": body,
    }
    text = await call.provider.signing.sign(signer, about, SIGNED)
    response = answer(text.encode())
    response.headers["Content-Type"] = f"application/{SIGNED}"
    return response


def _meant_for(client: Client, live: LiveToken) -> bool:
    # Personal access tokens name no audience: whoever is shown one may ask about it.
    return live.kind is TokenKind.PERSONAL or not client.names.isdisjoint(live.audience)


def _facts(call: Call, client: Client, live: LiveToken) -> dict[str, Any]:
    personal = live.kind is TokenKind.PERSONAL
    found: dict[str, Any] = {
        "active": True,
        "iss": call.issuer,
        "sub": live.user_id,
        "username": live.user.user_name,
        "token_type": "DPoP" if live.dpop_jkt else "Bearer",
        "client_id": live.client_id,
        "scope": " ".join(live.scopes),
        "aud": client.audience if personal else live.audience,
        "jti": live.token_id if personal else f"{live.family_id}-{live.token_id}",
    }
    if live.expires:
        found["exp"] = int(live.expires.timestamp())
    if live.made_at:
        found["iat"] = found["nbf"] = int(live.made_at.timestamp())
    if live.details:
        found |= shown(live.details)
    if bound := confirmation(live):
        found["cnf"] = bound
    if live.actors:
        found["act"] = acting(call.issuer, live.actors)
    if live.family.auth_time:
        found["auth_time"] = int(live.family.auth_time.timestamp())
    if live.family.auth_methods:
        found["amr"] = live.family.auth_methods
    return {name: value for name, value in found.items() if value != ""}
