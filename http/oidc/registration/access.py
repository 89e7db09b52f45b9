"""Registration access tokens: by which a client manages what it registered (RFC 7592, 1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from personae.actors.domain.kit import Refusal, Stream
from personae.actors.domain.project.state import Application, OIDCConfig, Project
from personae.actors.domain.project.values import Status
from personae.http.identity.opaque import TokenKind
from personae.http.oidc.call import Call
from personae.http.oidc.errors import TOKEN_INVALID


@dataclass(frozen=True, slots=True)
class Registered:
    """A client that registered itself, and the token it showed."""

    app_id: str
    app: Application
    oidc: OIDCConfig
    token: str
    token_id: str


def issue(call: Call, app_id: str, token_id: str) -> str:
    """Return the text of a registration access token."""
    return call.services.tokens.issue(TokenKind.REGISTRATION, call.instance_id, app_id, token_id)


async def registered(call: Call) -> Registered:
    """Return the client that a request manages. Raises OIDC-TokenInvalid, whatever is wrong."""
    return await call.services.world.certain(call.instance_id, partial(_registered, call))


async def _registered(call: Call) -> Registered:
    scheme, _, text = call.request.headers.get("Authorization", "").partition(" ")
    token = text.strip()
    if scheme.lower() != "bearer":
        raise TOKEN_INVALID()
    try:
        tokens = call.services.tokens
        app_id, token_id = tokens.open(TokenKind.REGISTRATION, call.instance_id, token)
    except Refusal:
        raise TOKEN_INVALID() from None
    project = await project_of(call)
    app = project.apps.get(app_id)
    if not project.active or app is None or app.oidc is None or app.status is not Status.ACTIVE:
        raise TOKEN_INVALID()
    named = app.client_id == call.request.match_info["client_id"]
    if not named or app.oauth.registration != token_id:
        raise TOKEN_INVALID()
    return Registered(app_id, app, app.oidc, token, token_id)


async def project_of(call: Call) -> Project:
    """Return the project that clients register themselves in."""
    project_id = call.provider.profiles.registration_project
    state: Project = await call.services.world.state(
        Stream(call.instance_id, "project", project_id)
    )
    return state


async def is_open(call: Call) -> bool:
    """Say whether clients may register themselves in this instance."""
    return bool(call.provider.profiles.registration_project) and (await project_of(call)).active
