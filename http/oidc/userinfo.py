"""The UserInfo endpoint (OIDC Core, 5.3): who a token stands for."""

from __future__ import annotations

from aiohttp import web
from personae.actors.domain.kit import Code, Refusal
from personae.http.identity.bearer import shown_token
from personae.http.identity.dpop import PROOF_INVALID
from personae.http.identity.live import LiveToken
from personae.http.oidc import claims
from personae.http.oidc.answers import answer
from personae.http.oidc.call import Call
from personae.http.oidc.custom_claims import added_to_token
from personae.http.oidc.errors import PROOF_REFUSED, TOKEN_INVALID, TOKEN_MISSING, TOKEN_TWICE
from personae.http.oidc.form import FORM, Form
from personae.http.oidc.roles import roles_for_client

_SCHEMES = ("bearer", "dpop")


async def userinfo(call: Call) -> web.Response:
    """Answer with the claims that the token's scopes allow."""
    live = await _shown(call)
    about = await claims.userinfo(call, live.user_id, live.scopes)
    about |= await roles_for_client(call, live)
    return answer(await added_to_token(call, live, about))


async def _shown(call: Call) -> LiveToken:
    """Return the token of header or form, never of the query (RFC 6750, section 2).

    Raises OIDC-TokenTwice for one in both and for two headers (3.1; RFC 9449, 7.2),
    OIDC-TokenMissing, OIDC-TokenInvalid, OIDC-ProofInvalid.
    """
    request, headers = call.request, call.request.headers
    form_token = ""
    if request.method == "POST" and request.content_type == FORM:
        form_token = (await Form.of(request)).unique().get("access_token")
    if len(headers.getall("Authorization", ())) + bool(form_token) > 1:
        raise TOKEN_TWICE()
    if not (form_token or headers.get("Authorization", "").lower().startswith(_SCHEMES)):
        raise TOKEN_MISSING()  # also for "an unsupported authentication method" (RFC 6750, 3.1)
    shown = {"authorization": f"Bearer {form_token}"} if form_token else headers
    about = {"issuer": call.issuer, "method": request.method, "path": request.path}
    try:
        return await shown_token(call.services, call.instance_id, shown, **about)
    except Refusal as refusal:
        if refusal.reason is PROOF_INVALID:
            raise PROOF_REFUSED(**refusal.params) from None
        if refusal.code is not Code.UNAUTHENTICATED:
            raise
        raise TOKEN_INVALID() from None
