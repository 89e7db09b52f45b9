"""``zitadel.oidc.v2.OIDCService``: authorization requests, answered by sign-in pages elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from google.protobuf.message import Message
from personae.actors.aggregates.aggregate import Aggregate
from personae.actors.aggregates.clients import client_of
from personae.actors.domain.auth_request.commands import FailAuthRequest, LinkSession
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.auth_request.refusals import NOT_FOUND
from personae.actors.domain.project.redirects import registered
from personae.actors.domain.project.refusals import APP_NOT_FOUND
from personae.actors.domain.project.values import ResponseType
from personae.http.api.reading import aggregate_of, services_of
from personae.http.api.reasons import (
    FORM_POST_UNSUPPORTED,
    IMPLICIT_UNSUPPORTED,
)
from personae.http.api.replies import aggregate_details
from personae.http.api.session_v2_tokens import current
from personae.http.identity.authorization_answer import (
    FORM_POST,
    location,
    parameters,
    with_code,
)
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong

SERVICE = "zitadel.oidc.v2.OIDCService"
LINK = "session.link"
ERRORS = (
    "",
    "invalid_request",
    "unauthorized_client",
    "access_denied",
    "unsupported_response_type",
    "invalid_scope",
    "server_error",
    "temporarily_unavailable",
    "interaction_required",
    "login_required",
    "account_selection_required",
    "consent_required",
    "invalid_request_uri",
    "invalid_request_object",
    "request_not_supported",
    "request_uri_not_supported",
    "registration_not_supported",
)
"""Errors (RFC 6749, 4.1.2.1; OIDC Core, 3.1.2.6) by the numbers of ``ErrorReason``."""

LONGEST = 1000
"""Characters of an error's description or address: all of it goes into a URL."""


@rpc(f"{SERVICE}/GetAuthRequest")
async def get_auth_request(request: Any, call: Call) -> Message:
    """Return what a client asked, to those who answer for people."""
    found, asked = await asked_of(request, call)
    age = asked.max_age
    return call.reply(
        auth_request={
            "id": found.stream.id,
            "creation_date": found.created_at,
            "client_id": asked.client_id,
            "scope": asked.scope,
            "redirect_uri": asked.redirect_uri,
            "prompt": asked.prompt,
            "ui_locales": asked.ui_locales,
            "login_hint": asked.login_hint,
            "max_age": None if age is None else timedelta(seconds=age),
            "hint_user_id": asked.hint_user_id,
        }
    )


async def asked_of(request: Any, call: Call) -> tuple[Aggregate, AuthRequestAdded]:
    """Return an authorization request and what was asked.

    Raises AUTH-PermissionDenied, AUTHREQUEST-NotFound.
    """
    await services_of(call).world.permissions.require(call.caller, LINK)
    found = await aggregate_of(call, "auth_request", request.auth_request_id)
    asked: AuthRequestAdded | None = found.state.asked
    if asked is None:
        raise NOT_FOUND()
    return found, asked


@rpc(f"{SERVICE}/CreateCallback")
async def create_callback(request: Any, call: Call) -> Message:
    """Answer a request by a session or an error; returns where to send the browser with it."""
    found, asked = await asked_of(request, call)
    await _check_client(call, asked)
    match request.WhichOneof("callback_kind"):
        case "session":
            answer = await _grant(request, call)
        case "error":
            answer = await _refuse(request, call)
        case _:
            raise Wrong("session or error", "callback_kind")
    issuer = asked.issuer or services_of(call).origins.of(call.host)
    told = parameters(asked, issuer, answer)
    url = location(asked.redirect_uri, told, asked.response_mode)
    return call.reply(details=aggregate_details(found), callback_url=url)


async def _check_client(call: Call, asked: AuthRequestAdded) -> None:
    """Refuse to send people where the client is no more, or never was."""
    world = services_of(call).world
    client = await client_of(world, call.caller.instance_id, asked.client_id)
    oidc = client.app.oidc if client else None
    if oidc is None:
        raise APP_NOT_FOUND()
    known, kind = oidc.redirect_uris, oidc.application_type
    if not registered(asked.redirect_uri, known, kind, dev_mode=oidc.dev_mode):
        raise APP_NOT_FOUND()
    if asked.response_mode == FORM_POST:
        raise FORM_POST_UNSUPPORTED()
    if asked.response_type != ResponseType.CODE:
        raise IMPLICIT_UNSUPPORTED()


async def _grant(request: Any, call: Call) -> dict[str, str]:
    session_id, token_id = request.session.session_id, await current(call, request.session)
    request_id = request.auth_request_id
    order = LinkSession(request_id=request_id, session_id=session_id, presented=token_id)
    await call.send(order)
    return with_code(services_of(call), call.caller.instance_id, request_id)


async def _refuse(request: Any, call: Call) -> dict[str, str]:
    number = request.error.error
    if not 1 <= number < len(ERRORS):
        raise Wrong("defined_only", "error", "error")
    await call.send(FailAuthRequest(request_id=request.auth_request_id, reason=ERRORS[number]))
    return {
        "error": ERRORS[number],
        "error_description": request.error.error_description[:LONGEST],
        "error_uri": request.error.error_uri[:LONGEST],
    }
