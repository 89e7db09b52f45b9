"""Back from the sign-in pages: the client gets its answer, if this browser earned it."""

from __future__ import annotations

from aiohttp import web
from personae.actors.domain.auth_request.refusals import ALREADY_HANDLED, NOT_FOUND
from personae.actors.domain.auth_request.state import AuthRequest, Status
from personae.actors.domain.kit import Stream
from personae.http.identity.agent import agent_of, living
from personae.http.oidc.authorize.ask import check_redirect_uri, load_client
from personae.http.oidc.authorize.code import answer_failed, answer_granted
from personae.http.oidc.authorize.login_page import login_page
from personae.http.oidc.authorize.response import redirect
from personae.http.oidc.call import Call
from personae.http.oidc.errors import OTHER_BROWSER
from personae.http.oidc.form import Form

LONGEST_ID = 64


async def callback(request: web.Request) -> web.Response:
    """Answer the client. Whatever is refused here is shown on a page."""
    form = await Form.of_either(request)
    call = await Call.of(request, form.unique())
    request_id = form.required("id")
    if len(request_id) > LONGEST_ID:
        raise NOT_FOUND()
    await call.services.world.current(call.instance_id)  # the pages may be another process'
    state: AuthRequest = await call.services.world.state(
        Stream(call.instance_id, "auth_request", request_id)
    )
    if state.asked is None:
        raise NOT_FOUND()
    _, oidc = await load_client(call, state.asked.client_id)
    check_redirect_uri(oidc, state.asked.redirect_uri)
    if state.status is Status.ADDED:
        return redirect(await login_page(call, request_id, state.asked))
    if state.status is Status.FAILED:
        return answer_failed(call, state.asked, state.error or "server_error")
    if state.status is not Status.CODE_ADDED:
        raise ALREADY_HANDLED()
    await _check_browser(call, state)
    return await answer_granted(call, state.asked, request_id)


async def _check_browser(call: Call, state: AuthRequest) -> None:
    """Refuse a browser that does not hold the session the request was answered with.

    Else somebody could lead another person's browser to finish a sign-in that is not its own
    (RFC 9700, 4.7), or fetch the code of somebody whose request id is known.
    """
    agent = agent_of(call.request, call.services, call.instance_id)
    held = [each for each, _ in await living(agent, call.services, call.instance_id)]
    if not any(each.session_id == state.session_id for each in held):
        raise OTHER_BROWSER()
