"""The answer to a request that was granted or refused."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.kit import Refusal
from personae.http.identity.authorization_answer import parameters, with_code
from personae.http.oidc.answers import description
from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.authorize.response import MODES, respond
from personae.http.oidc.call import Call
from personae.http.oidc.errors import oauth_error


def answer_code(call: Call, asked: AuthRequestAdded, request_id: str) -> web.Response:
    """Give the client its code (RFC 6749, 4.1.2; ``iss``: RFC 9207)."""
    return _answer(call, asked, with_code(call.services, call.instance_id, request_id))


def answer_failed(call: Call, asked: AuthRequestAdded, error: str) -> web.Response:
    """Tell the client that its request was refused."""
    return _answer(call, asked, {"error": error})


def answer_refused(call: Call, ask: Ask, refusal: Refusal) -> web.Response:
    """Tell the client what is wrong with its request (RFC 6749, 4.1.2.1)."""
    params = {
        "error": oauth_error(refusal).code,
        "error_description": description(call.services, refusal),
        "state": "" if "state" in ask.form.repeated else ask.form.get("state"),
        "iss": call.issuer,
    }
    mode = MODES.get(ask.form.get("response_mode"), 0)
    return respond(ask.redirect_uri, params, mode, method=call.request.method)


def _answer(call: Call, asked: AuthRequestAdded, params: Mapping[str, str]) -> web.Response:
    every = parameters(asked, call.issuer, params)
    return respond(asked.redirect_uri, every, asked.response_mode, method=call.request.method)
