"""The UserInfo endpoint (OIDC Core, 5.3): who a token stands for."""

from __future__ import annotations

from aiohttp import web
from personae.actors.domain.kit import Code, Refusal
from personae.http.identity.live import live_token
from personae.http.oidc import claims
from personae.http.oidc.answers import answer
from personae.http.oidc.call import Call
from personae.http.oidc.errors import TOKEN_INVALID
from personae.http.oidc.form import FORM, Form
from personae.http.oidc.roles import roles_for_client


async def userinfo(call: Call) -> web.Response:
    """Answer with the claims that the token's scopes allow."""
    text = await _bearer(call)
    try:
        live = await live_token(call.services, call.instance_id, text, call.issuer)
    except Refusal as refusal:
        if refusal.code is not Code.UNAUTHENTICATED:
            raise
        raise TOKEN_INVALID() from None
    about = await claims.userinfo(call, live.user_id, live.scopes)
    return answer({**about, **await roles_for_client(call, live)})


async def _bearer(call: Call) -> str:
    """Return the token of header or form, never of the query (RFC 6750, section 2)."""
    request = call.request
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and text.strip():
        return text.strip()
    if request.method == "POST" and request.content_type == FORM:
        found = (await Form.of(request)).unique().get("access_token")
        if found:
            return found
    raise TOKEN_INVALID()
