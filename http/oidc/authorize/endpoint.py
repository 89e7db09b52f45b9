"""The authorization endpoint itself: check, keep, send to the sign-in pages."""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import web
from personae.actors.domain.auth_request.commands import AddAuthRequest, FailAuthRequest
from personae.actors.domain.kit import Refusal
from personae.http.oidc import paths
from personae.http.oidc.authorize.ask import Ask, load
from personae.http.oidc.authorize.asked import NONE, asked
from personae.http.oidc.authorize.checks import check
from personae.http.oidc.authorize.code import answer_code, answer_refused
from personae.http.oidc.authorize.response import redirect
from personae.http.oidc.authorize.silent import link_silently
from personae.http.oidc.call import Call
from personae.http.oidc.errors import oauth_error
from personae.http.oidc.form import Form


async def authorize(request: web.Request) -> web.Response:
    """Take an authorization request; refuse on a page, or at the client's redirect URI."""
    call = await Call.of(request, await Form.of_either(request))
    ask = await load(call)
    try:
        check(ask)
        return await _accept(call, ask)
    except Refusal as refusal:
        return answer_refused(call, ask, refusal)


async def _accept(call: Call, ask: Ask) -> web.Response:
    request_id = f"V2_{call.services.new_id()}"
    wanted = await asked(call, ask)
    order = AddAuthRequest(request_id=request_id, instance_id=call.instance_id, asked=wanted)
    await call.services.send(order, call.caller(client_id=ask.client.client_id))
    if NONE not in wanted.prompt:
        return redirect(login_page(request_id), method=call.request.method)
    try:
        await link_silently(call, request_id, wanted)
    except Refusal as refusal:
        reason = oauth_error(refusal).code
        await call.services.send(
            FailAuthRequest(request_id=request_id, reason=reason), call.caller()
        )
        raise
    return answer_code(call, wanted, request_id)


def login_page(request_id: str) -> str:
    """Return where people sign in for a request."""
    return f"{paths.LOGIN_PAGE}?{urlencode({'authRequestID': request_id})}"
