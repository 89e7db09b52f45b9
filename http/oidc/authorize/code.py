"""The answer to a request that was granted or refused."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from personae.actors.domain.auth_request.commands import ExchangeCode
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.kit import Refusal
from personae.actors.domain.project.values import ResponseType
from personae.http.identity.authorization_answer import parameters, with_code
from personae.http.oidc.answers import description
from personae.http.oidc.authorize.ask import Ask, load_client
from personae.http.oidc.authorize.response import respond
from personae.http.oidc.authorize.types import mode_of
from personae.http.oidc.call import Call
from personae.http.oidc.errors import oauth_error
from personae.http.oidc.session_state import session_state
from personae.http.oidc.tokens import Ids, Recipient, direct_response, family_of


async def answer_granted(call: Call, asked: AuthRequestAdded, request_id: str) -> web.Response:
    """Give the client its code (RFC 6749, 4.1.2) or its tokens (OIDC Core, 3.2.2.5)."""
    state = session_state(call, asked.client_id, asked.redirect_uri)
    if asked.response_type == ResponseType.CODE:
        code = with_code(call.services, call.instance_id, request_id)
        return _answer(call, asked, {**code, **state})
    return _answer(call, asked, {**await _tokens(call, asked, request_id), **state})


async def _tokens(call: Call, asked: AuthRequestAdded, request_id: str) -> dict[str, str]:
    ids = Ids.new(call)
    order = ExchangeCode(
        request_id=request_id,
        client_id=asked.client_id,
        issuer=call.issuer,
        redirect_uri=asked.redirect_uri,
        code_verifier="",
        oidc_session_id=ids.family,
        access_token_id=ids.access,
        refresh_token_id="",
    )
    await call.services.send(order, call.caller(client_id=asked.client_id))
    client, _ = await load_client(call, asked.client_id)
    family = await family_of(call, ids.family)
    token = asked.response_type == ResponseType.ID_TOKEN_TOKEN
    return await direct_response(call, Recipient.of_client(client), ids.family, family, token=token)


def answer_failed(call: Call, asked: AuthRequestAdded, error: str) -> web.Response:
    """Tell the client that its request was refused."""
    return _answer(call, asked, {"error": error})


def answer_refused(
    call: Call, refusal: Refusal, ask: Ask | None = None, asked: AuthRequestAdded | None = None
) -> web.Response:
    """Tell the client what is wrong with its request (RFC 6749, 4.1.2.1)."""
    params = {
        "error": oauth_error(refusal).code,
        "error_description": description(call.services, refusal),
    }
    if asked:
        return _answer(call, asked, params)
    assert ask is not None  # noqa: S101 — for the type checker; one of both is given
    state = "" if "state" in ask.form.repeated else ask.form.get("state")
    every = {**params, "state": state, "iss": call.issuer}
    return respond(ask.redirect_uri, every, mode_of(ask.form), method=call.request.method)


def _answer(call: Call, asked: AuthRequestAdded, params: Mapping[str, str]) -> web.Response:
    every = parameters(asked, call.issuer, params)
    return respond(asked.redirect_uri, every, asked.response_mode, method=call.request.method)
