"""The public keys that tokens are verified with (RFC 7517, section 5)."""

from __future__ import annotations

from aiohttp import web
from personae.http.oidc.answers import answer
from personae.http.oidc.call import Call

CACHE = "max-age=300, must-revalidate"


async def keys(call: Call) -> web.Response:
    """Answer with the JWK set, rendered once per change of the keys."""
    return answer((await call.services.keys.of(call.instance_id)).jwks, CACHE)
