"""Direct answers to clients: JSON, never cached unless said so, readable from any origin.

``Access-Control-Allow-Origin: *`` goes with none of the browser's credentials (Fetch, 3.3): these
endpoints take no cookie, so a page learns nothing that any program could not. The authorization
endpoint has no such header (RFC 9700, 2.6).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from aiohttp import web
from multidict import CIMultiDict
from personae.actors.domain.kit import Refusal
from personae.http.identity.jose import ALGORITHMS
from personae.http.identity.services import SERVICES, Services
from personae.http.oidc.call import Call
from personae.http.oidc.errors import TOKEN_MISSING, oauth_error
from personae.http.oidc.form import Form

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Answering = Callable[[Call], Awaitable[web.StreamResponse]]

UNAUTHORIZED, INTERNAL = 401, 500
BEARER = ("Bearer", "DPoP")
SCHEMES = {"invalid_token": BEARER, "invalid_dpop_proof": ("DPoP",)}
NO_STORE = "no-store"
_JSON = "application/json"
_KEPT = CIMultiDict({"Content-Type": _JSON, "Access-Control-Allow-Origin": "*"})
# "… as well as the "Pragma" response header field with a value of "no-cache"" (RFC 6749, 5.1)
_NOT_KEPT = CIMultiDict(_KEPT, **{"Cache-Control": NO_STORE, "Pragma": "no-cache"})


def answer(
    body: Mapping[str, Any] | bytes, cache: str = NO_STORE, status: int = 200
) -> web.Response:
    """Return a JSON answer; bytes are rendered already."""
    text = body if isinstance(body, bytes) else orjson.dumps(body)
    if cache == NO_STORE:
        return web.Response(status=status, body=text, headers=_NOT_KEPT)
    return web.Response(status=status, body=text, headers={**_KEPT, "Cache-Control": cache})


def description(services: Services, refusal: Refusal) -> str:
    """Return the sentence of a refusal with its id, in the characters RFC 6749 allows (5.2)."""
    text = f"{services.sentence(refusal, 'en')} ({refusal.id})"
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in text)


def refused(
    services: Services, refusal: Refusal, issuer: str = "", shown: tuple[str, ...] = ()
) -> web.Response:
    """Return the error that a client is told (RFC 6749, 5.2; RFC 6750, 3).

    ``shown``: the schemes of tokens that this place is shown, told with every error of a client.
    """
    error = oauth_error(refusal)
    said = description(services, refusal)
    response = answer({"error": error.code, "error_description": said}, status=error.status)
    otherwise = ("Basic",) if error.status == UNAUTHORIZED else shown
    if schemes := error.status < INTERNAL and SCHEMES.get(error.code, otherwise):
        about = f'realm="{issuer}"'
        if refusal.reason is not TOKEN_MISSING:
            # "If the request lacks any authentication information […] SHOULD NOT include an error
            # code or other error information." (RFC 6750, 3.1)
            about += f', error="{error.code}", error_description="{said}"'
        for scheme in schemes:
            more = f', algs="{" ".join(ALGORITHMS)}"' if scheme == "DPoP" else ""
            response.headers.add("WWW-Authenticate", f"{scheme} {about}{more}")
        # "… the server needs to make it available to the application" (RFC 9449, 7.1)
        response.headers["Access-Control-Expose-Headers"] = "WWW-Authenticate"
    return response


def unshared(handle: Handler) -> Handler:
    """Make a handler whose answers pages of other origins cannot read: no page has a secret."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = await handle(request)
        response.headers.popall("Access-Control-Allow-Origin", None)
        return response

    return handler


def posted(handle: Answering) -> Handler:
    """Make a handler of one that takes a form and answers JSON or refuses."""

    async def handler(request: web.Request) -> web.StreamResponse:
        issuer = ""
        try:
            call = await Call.of(request, await Form.of(request))
            issuer = call.issuer
            call.form.unique()
            return await handle(call)
        except Refusal as refusal:
            return refused(request.app[SERVICES], refusal, issuer)

    return handler


def got(handle: Answering, shown: tuple[str, ...] = ()) -> Handler:
    """Make a handler of one that takes no parameters and answers JSON or refuses.

    ``shown``: the schemes of tokens that it is shown.
    """

    async def handler(request: web.Request) -> web.StreamResponse:
        issuer = ""
        try:
            call = await Call.of(request, NOTHING)
            issuer = call.issuer
            return await handle(call)
        except Refusal as refusal:
            return refused(request.app[SERVICES], refusal, issuer, shown)

    return handler


NOTHING = Form({})


async def preflight(_request: web.Request) -> web.Response:
    """Answer a browser that asks whether a page of another origin may call (Fetch, 3.3.3)."""
    return web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, DPoP",
            "Access-Control-Max-Age": "7200",
        },
    )
