"""The client configuration endpoint (RFC 7592): read, replace and end one's registration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web
from personae.actors.domain.kit import Caller, Refusal
from personae.actors.domain.project.commands import (
    ChangeApp,
    OIDCChanges,
    RemoveApp,
    UpdateRegistration,
)
from personae.actors.domain.project.refusals import APP_NAME_TAKEN
from personae.http.oidc.answers import answer
from personae.http.oidc.call import Call
from personae.http.oidc.errors import METADATA_INVALID
from personae.http.oidc.registration.access import Registered, issue, registered
from personae.http.oidc.registration.described import described
from personae.http.oidc.registration.endpoint import body_of
from personae.http.oidc.registration.metadata import Metadata, read
from personae.http.oidc.registration.served import check_served

NOT_TO_BE_SENT = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)
GONE = 204


async def show(call: Call) -> web.Response:
    """Tell a client what is registered of it (2.1)."""
    client = await registered(call)
    return answer(await described(call, client.app_id, client.token))


async def update(call: Call) -> web.Response:
    """Replace what is registered (2.2); the token is replaced with it."""
    client = await registered(call)
    asked = await body_of(call)
    await _check_own(call, client, asked)
    found = read(asked)
    await check_served(call, found)
    token_id = call.services.new_id()
    order = UpdateRegistration(
        project_id=call.provider.profiles.registration_project,
        change=ChangeApp(
            project_id=call.provider.profiles.registration_project,
            app_id=client.app_id,
            name=found.name,
            oidc=_changes(found),
        ),
        settings=replace(found.settings, registration=token_id),
        presented=client.token_id,
    )
    secret = await _sent(call, order, client)
    token = issue(call, client.app_id, token_id)
    return answer(await described(call, client.app_id, token, secret))


async def end(call: Call) -> web.Response:
    """Remove a client, and with it all its tokens (2.3)."""
    client = await registered(call)
    project_id = call.provider.profiles.registration_project
    await call.services.send(
        RemoveApp(project_id=project_id, app_id=client.app_id), Caller.of_system(call.instance_id)
    )
    return web.Response(status=GONE, headers={"Cache-Control": "no-store"})


async def _sent(call: Call, order: UpdateRegistration, client: Registered) -> str:
    """Have it changed; returns the secret if one had to be made."""
    system = Caller.of_system(call.instance_id)
    try:
        done = await call.services.send(order, system)
    except Refusal as refusal:
        if refusal.reason is not APP_NAME_TAKEN:
            raise
        named = replace(order.change, name=f"{order.change.name} ({client.app.client_id})")
        done = await call.services.send(replace(order, change=named), system)
    return done.secrets.get("client_secret", "")


async def _check_own(call: Call, client: Registered, asked: Mapping[str, Any]) -> None:
    """Refuse what a client must not send of itself, or says wrong."""
    for name in NOT_TO_BE_SENT:
        if name in asked:
            raise METADATA_INVALID(name=name)
    if asked.get("client_id") != client.app.client_id:
        raise METADATA_INVALID(name="client_id")
    secret = asked.get("client_secret")
    secrets, world = call.provider.secrets, call.services.world
    if secret is not None and not (
        isinstance(secret, str) and await secrets.right(world, client.oidc.hashed_secret, secret)
    ):
        raise METADATA_INVALID(name="client_secret")


def _changes(found: Metadata) -> OIDCChanges:
    return OIDCChanges(
        redirect_uris=found.redirect_uris,
        response_types=found.responses,
        grant_types=found.grants,
        application_type=found.kind,
        auth_method_type=found.auth_method_type,
        post_logout_redirect_uris=found.post_logout_redirect_uris,
        back_channel_logout_uri=found.back_channel_logout_uri,
    )
