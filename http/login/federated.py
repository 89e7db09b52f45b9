"""Where identity providers of others send people back to, whoever sent them there."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from aiohttp import web
from personae.actors.domain.kit import Refusal
from personae.http.identity.federation.intents import CALLBACK, JWT_CALLBACK, Intents
from personae.http.identity.federation.web import Answer
from personae.http.identity.services import SERVICES
from personae.http.login.errors import refused
from personae.http.login.visit import visit_of

LONGEST = 32 * 1024
"""Characters of an answer that are read at all."""
MOST = 50
"""Parameters of an answer."""


def add_routes(app: web.Application) -> None:
    """Add the two addresses; the application must have its services."""
    app.router.add_get(CALLBACK, callback)
    app.router.add_post(CALLBACK, callback)
    app.router.add_get(JWT_CALLBACK, jwt_callback)
    app.router.add_post(JWT_CALLBACK, jwt_callback)


async def callback(request: web.Request) -> web.Response:
    """Take what came in the address, or in a form (OAuth 2.0 Form Post Response Mode)."""
    given = await _given(request)
    answer = Answer(
        code=given.get("code", ""),
        error=given.get("error", ""),
        issuer=given.get("iss", ""),
        user=given.get("user", ""),
    )
    try:
        intents = await intents_of(request)
        return _on(await intents.finish(given.get("state", ""), answer))
    except Refusal as refusal:
        return refused(await visit_of(request), refusal)


async def jwt_callback(request: web.Request) -> web.Response:
    """Take the token that what stands before us put into a header."""
    try:
        intents = await intents_of(request)
        state = request.query.get("authRequestID", "")
        return _on(await intents.finish_jwt(state, request.headers))
    except Refusal as refusal:
        return refused(await visit_of(request), refusal)


async def intents_of(request: web.Request) -> Intents:
    """Return the sign-ins elsewhere of the instance that a request reaches."""
    services, host = request.app[SERVICES], request.get("host") or request.host
    return Intents(services, await services.instance_of(host), services.origins.of(host))


async def _given(request: web.Request) -> Mapping[str, str]:
    """Return the parameters; each counts only once, and an answer that is too long says nothing."""
    if request.method == "GET":
        text = request.rel_url.raw_query_string
    elif (request.content_length or 0) > LONGEST:
        return {}
    else:
        text = (await request.read()).decode("ascii", "replace")
    if len(text) > LONGEST:
        return {}
    try:
        found = parse_qs(text, keep_blank_values=True, max_num_fields=MOST)
    except ValueError:
        return {}
    return {name: each[0] for name, each in found.items() if len(each) == 1}


def _on(url: str) -> web.Response:
    """Send the browser on: what it brought stays out of its history and of other sites' logs."""
    headers = {"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return web.Response(status=303, headers=headers)
