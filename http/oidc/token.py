"""The token endpoint (RFC 6749, 3.2)."""

from __future__ import annotations

from aiohttp import web
from personae.actors.domain.kit import Refusal
from personae.http.oidc.answers import answer
from personae.http.oidc.call import Call
from personae.http.oidc.errors import GRANT_UNSUPPORTED, oauth_error
from personae.http.oidc.grants import GRANTS


async def token(call: Call) -> web.Response:
    """Exchange a grant for tokens."""
    name = call.form.required("grant_type")
    grant = GRANTS.get(name)
    counters = call.services.counters
    if grant is None:
        counters.token("unknown", oauth_error(GRANT_UNSUPPORTED()).code)
        raise GRANT_UNSUPPORTED()
    try:
        body = await grant(call)
    except Refusal as refusal:
        counters.token(name, oauth_error(refusal).code)
        raise
    counters.token(name, "success")
    return answer(body)
