"""Logout that a client begins (OpenID Connect RP-Initiated Logout 1.0)."""

from __future__ import annotations

from functools import partial

from aiohttp import web
from personae.actors.aggregates.clients import client_of
from personae.actors.domain.kit import Caller, Refusal, Stream
from personae.actors.domain.session.commands import TerminateSession
from personae.actors.domain.session.state import Session, Status
from personae.http.identity import logged_out
from personae.http.identity.agent import agent_of, keep, living
from personae.http.identity.authorization_answer import with_query
from personae.http.identity.sign_in_pages import pages_elsewhere
from personae.http.oidc import paths
from personae.http.oidc.authorize.ask import load_client
from personae.http.oidc.authorize.response import redirect
from personae.http.oidc.call import Call
from personae.http.oidc.errors import (
    HINT_INVALID,
    PARAMETER_MISSING,
    REDIRECT_NOT_REGISTERED,
    server_side,
)
from personae.http.oidc.form import Form
from personae.http.oidc.hints import Hint, subject_of_hint

PASSED_ON = ("client_id", "post_logout_redirect_uri", "state", "logout_hint", "ui_locales")


async def end_session(request: web.Request) -> web.Response:
    """End the session an ID token came from, or ask the person at the browser first.

    "Logout requests without a valid id_token_hint value are a potential means of denial of
    service; therefore, OPs should obtain explicit confirmation from the End-User before acting
    upon them." (section 6) The page that asks then sends the browser to :func:`session_ended`.
    """
    call = await Call.of(request, (await Form.of_either(request)).unique())
    hint = await _hint(call)
    target = await _target(call, hint)
    elsewhere = await _elsewhere(call, hint)
    if await _must_ask(call, hint, elsewhere):
        return redirect(_confirmation(call, hint, elsewhere), method=request.method)
    if hint is None or not hint.session_id:
        return redirect(target, method=request.method)
    ended = (call.services, call.instance_id, (hint.session_id,))
    where = await logged_out.location(*ended, then=target)
    response = redirect(where, method=request.method)
    await _end(call, hint, response)
    return response


async def _elsewhere(call: Call, hint: Hint | None) -> str:
    """Return where the pages of others are, if people sign in to the client there."""
    client_id, world = _client_id(call, hint), call.services.world
    client = await client_of(world, call.instance_id, client_id) if client_id else None
    return await pages_elsewhere(world, call.instance_id, client.app.oidc if client else None)


def _client_id(call: Call, hint: Hint | None) -> str:
    return hint.client_id if hint else call.form.get("client_id")


async def _must_ask(call: Call, hint: Hint | None, elsewhere: str) -> bool:
    """Say whether somebody is signed in here of whom the hint, if any, says nothing.

    Who is signed in at pages elsewhere only those know: they are asked whenever no hint says whom.

    "… the OP MUST ask the End-User this question if an id_token_hint was not provided or if the
    supplied ID Token does not belong to the current OP session with the RP and/or currently
    logged in End-User." (section 2)
    """
    if elsewhere and not (hint and hint.session_id):
        return True
    agent = agent_of(call.request, call.services, call.instance_id)
    held = [each.session_id for each, _ in await living(agent, call.services, call.instance_id)]
    return bool(held) and (hint is None or hint.session_id not in held)


async def session_ended(request: web.Request) -> web.Response:
    """Go back to the client, with the parameters that the page which asked was given."""
    call = await Call.of(request, (await Form.of_either(request)).unique())
    return redirect(await _target(call, None))


async def _hint(call: Call) -> Hint | None:
    text = call.form.get("id_token_hint")
    if not text:
        return None
    try:
        return await subject_of_hint(call, text, call.form.get("client_id"))
    except Refusal as refusal:
        if server_side(refusal):
            raise
        raise HINT_INVALID() from None


async def _target(call: Call, hint: Hint | None) -> str:
    """Return where the browser goes afterwards.

    "The value MUST have been previously registered with the OP" (section 2): compared as it is.
    """
    uri = call.form.get("post_logout_redirect_uri")
    if not uri:
        return logged_out.PAGE
    client_id = _client_id(call, hint)
    if not client_id:
        raise PARAMETER_MISSING(name="client_id")
    asked = partial(_check_registered, call, client_id, uri)
    await call.services.world.certain(call.instance_id, asked)
    state = call.form.get("state")
    return with_query(uri, {"state": state} if state else {})


async def _check_registered(call: Call, client_id: str, uri: str) -> None:
    _, oidc = await load_client(call, client_id)
    if uri not in oidc.post_logout_redirect_uris:
        raise REDIRECT_NOT_REGISTERED()


def _confirmation(call: Call, hint: Hint | None, elsewhere: str) -> str:
    passed_on = {name: call.form.get(name) for name in PASSED_ON if call.form.get(name)}
    if hint:
        passed_on["client_id"] = hint.client_id
    return with_query(f"{elsewhere}/logout" if elsewhere else paths.LOGOUT_PAGE, passed_on)


async def _end(call: Call, hint: Hint, response: web.Response) -> None:
    """End the session of a hint: who has its ID token is the client it was made for."""
    services = call.services
    stream = Stream(call.instance_id, "session", hint.session_id)
    session: Session = await services.world.state(stream)
    if session.status is Status.ACTIVE and session.user_id == hint.user_id:
        order = TerminateSession(session_id=hint.session_id)
        await services.send(order, Caller.of_system(call.instance_id))
    agent = agent_of(call.request, services, call.instance_id)
    if agent.held(hint.session_id):
        keep(response, agent.without(hint.session_id), services, call.instance_id)
