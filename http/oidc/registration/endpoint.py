"""The client registration endpoint (RFC 7591, 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
from aiohttp import web
from personae.actors.aggregates.orders import Done
from personae.actors.domain.kit import Caller, Refusal
from personae.actors.domain.project.commands import AddOIDCApp, NewOIDCClient, RegisterClient
from personae.actors.domain.project.refusals import APP_NAME_TAKEN
from personae.http.oidc import paths
from personae.http.oidc.answers import answer
from personae.http.oidc.call import Call
from personae.http.oidc.errors import METADATA_INVALID, TOKEN_INVALID, server_side
from personae.http.oidc.registration.access import issue
from personae.http.oidc.registration.described import described
from personae.http.oidc.registration.metadata import Metadata, read
from personae.http.oidc.registration.served import check_served

LONGEST = 64 * 1024
JSON = "application/json"
CREATED = 201


async def register(call: Call) -> web.Response:
    """Add a client for whoever has an initial access token.

    That is an access token of a user with the permission ``project.app.write`` in the project.
    """
    caller = await _allowed(call)
    found = read(await body_of(call))
    await check_served(call, found)
    services, project_id = call.services, call.provider.profiles.registration_project
    app_id, client_id, token_id = (services.new_id() for _ in range(3))
    order = RegisterClient(
        project_id=project_id,
        app=AddOIDCApp(
            project_id=project_id,
            app_id=app_id,
            client_id=client_id,
            name=found.name or client_id,
            client=client_of(found),
        ),
        settings=replace(found.settings, registration=token_id),
    )
    done = await _sent(call, order, caller)
    secret = done.secrets.get("client_secret", "")
    about = await described(call, app_id, issue(call, app_id, token_id), secret)
    about["client_id_issued_at"] = int(done.changed_at.timestamp())
    return answer(about, status=CREATED)


async def _allowed(call: Call) -> Caller:
    """Return who registers. Raises OIDC-TokenInvalid."""
    request = call.request
    try:
        return await call.services.authenticate(
            call.instance_id, request.headers, (request.method, paths.REGISTER)
        )
    except Refusal as refusal:
        if server_side(refusal):
            raise
        raise TOKEN_INVALID() from None


async def body_of(call: Call) -> dict[str, Any]:
    """Return the JSON object that a request has. Raises OIDC-ClientMetadataInvalid."""
    request = call.request
    raw = await request.read()
    if request.content_type != JSON or len(raw) > LONGEST:
        raise METADATA_INVALID(name="body")
    try:
        found = orjson.loads(raw)
    except ValueError:
        raise METADATA_INVALID(name="body") from None
    if not isinstance(found, dict):
        raise METADATA_INVALID(name="body")
    return found


def client_of(found: Metadata) -> NewOIDCClient:
    """Return a client as it is created."""
    return NewOIDCClient(
        redirect_uris=found.redirect_uris,
        response_types=found.responses,
        grant_types=found.grants,
        application_type=found.kind,
        auth_method_type=found.auth_method_type,
        post_logout_redirect_uris=found.post_logout_redirect_uris,
        back_channel_logout_uri=found.back_channel_logout_uri,
    )


async def _sent(call: Call, order: RegisterClient, caller: Caller) -> Done:
    """Have it added; names of clients may be the same, those of applications may not."""
    try:
        return await call.services.send(order, caller)
    except Refusal as refusal:
        if refusal.reason is not APP_NAME_TAKEN:
            raise
    named = replace(order.app, name=f"{order.app.name} ({order.app.client_id})")
    return await call.services.send(replace(order, app=named), caller)
