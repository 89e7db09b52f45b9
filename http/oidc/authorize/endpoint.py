"""The authorization endpoint itself: check, keep, send to the sign-in pages."""

from __future__ import annotations

from aiohttp import web
from personae.actors.domain.auth_request.commands import (
    AddAuthRequest,
    AddFailedRequest,
    FailAuthRequest,
)
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.auth_request.state import AuthRequest
from personae.actors.domain.kit import Refusal, Stream
from personae.http.oidc.authorize.ask import check_redirect_uri, load, load_client
from personae.http.oidc.authorize.asked import NONE, asked
from personae.http.oidc.authorize.checks import check
from personae.http.oidc.authorize.code import answer_granted, answer_refused
from personae.http.oidc.authorize.login_page import login_page
from personae.http.oidc.authorize.pushed import URN, open_pushed
from personae.http.oidc.authorize.response import redirect
from personae.http.oidc.authorize.silent import link_silently
from personae.http.oidc.call import Call
from personae.http.oidc.errors import oauth_error, server_side
from personae.http.oidc.form import Form


async def authorize(request: web.Request) -> web.Response:
    """Take an authorization request; refuse on a page, or at the client's redirect URI."""
    call = await Call.of(request, await Form.of_either(request))
    if call.form.get("request_uri").startswith(URN) and not call.form.get("request"):
        return await _pushed(call)
    ask = await load(call)
    try:
        check(ask)
        request_id, wanted = f"V2_{call.services.new_id()}", await asked(call, ask)
        if NONE in wanted.prompt:
            return await _answer(call, request_id, wanted, new=True)
        order = AddAuthRequest(request_id=request_id, instance_id=call.instance_id, asked=wanted)
        await call.services.send(order, call.caller(client_id=wanted.client_id))
        return await _ask(call, request_id, wanted)
    except Refusal as refusal:
        return answer_refused(call, refusal, ask=ask)


async def _pushed(call: Call) -> web.Response:
    request_id = await open_pushed(call)
    stream = Stream(call.instance_id, "auth_request", request_id)
    state: AuthRequest = await call.services.world.state(stream)
    assert state.asked is not None  # noqa: S101 — for the type checker; it was just opened
    _, oidc = await load_client(call, state.asked.client_id)
    check_redirect_uri(oidc, state.asked.redirect_uri)
    try:
        if NONE in state.asked.prompt:
            return await _answer(call, request_id, state.asked, new=False)
        return await _ask(call, request_id, state.asked)
    except Refusal as refusal:
        return answer_refused(call, refusal, asked=state.asked)


async def _ask(call: Call, request_id: str, wanted: AuthRequestAdded) -> web.Response:
    """Send the browser to the sign-in pages."""
    page = await login_page(call, request_id, wanted)
    return redirect(page, method=call.request.method)


async def _answer(
    call: Call, request_id: str, wanted: AuthRequestAdded, *, new: bool
) -> web.Response:
    """Answer without a page (``prompt=none``); a ``new`` request is kept with its answer."""
    try:
        await link_silently(call, request_id, wanted, new=new)
    except Refusal as refusal:
        if not server_side(refusal):
            await _fail(call, request_id, wanted, oauth_error(refusal).code, new=new)
        raise
    return await answer_granted(call, wanted, request_id)


async def _fail(
    call: Call, request_id: str, wanted: AuthRequestAdded, reason: str, *, new: bool
) -> None:
    order: object = FailAuthRequest(request_id=request_id, reason=reason)
    if new:
        order = AddFailedRequest(
            request_id=request_id, instance_id=call.instance_id, asked=wanted, reason=reason
        )
    await call.services.send(order, call.caller(client_id=wanted.client_id))
