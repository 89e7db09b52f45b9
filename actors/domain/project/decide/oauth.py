"""What follows from orders about the OAuth settings of applications."""

from __future__ import annotations

from dataclasses import fields

from personae.actors.domain.kit import Claim, Decisions, Facts, Release, replace
from personae.actors.domain.project import commands as c
from personae.actors.domain.project import events as e
from personae.actors.domain.project import refusals
from personae.actors.domain.project.decide.apps import application
from personae.actors.domain.project.oauth import (
    MOST_RESOURCES,
    RESOURCES,
    THUMBPRINT,
    OAuthChanges,
    OAuthSettings,
    is_key_address,
    is_resource,
    provable,
)
from personae.actors.domain.project.redirects import loadable
from personae.actors.domain.project.state import PROJECT, Application, Project


@PROJECT.decides(c.SetOAuthSettings)
def set_oauth(project: Project, cmd: c.SetOAuthSettings, _facts: Facts) -> Decisions:
    app = application(project, cmd.app_id)
    if uri := cmd.changes.front_channel_logout_uri:
        oidc = app.oidc
        check_front_channel(uri, oidc.redirect_uris if oidc else (), dev_mode=_in_dev(app))
    yield from changed(app.oauth, cmd.app_id, cmd.changes)


def changed(old: OAuthSettings, app_id: str, asked: OAuthChanges) -> Decisions:
    """Yield what follows from changes of an application's settings."""
    given = {f.name: getattr(asked, f.name) for f in fields(asked)}
    changes = {k: v for k, v in given.items() if v is not None and v != getattr(old, k)}
    if not changes:
        return
    new = replace(old, **changes)
    check(new)
    for uri in set(old.resources) - set(new.resources):
        yield Release(RESOURCES, uri)
    for uri in sorted(set(new.resources) - set(old.resources)):
        yield Claim(RESOURCES, uri, refusals.RESOURCE_TAKEN)
    yield e.OAuthSettingsChanged(app_id=app_id, **changes)


def _in_dev(app: Application) -> bool:
    return app.oidc is not None and app.oidc.dev_mode


def check_front_channel(uri: str, redirect_uris: tuple[str, ...], *, dev_mode: bool) -> None:
    """Refuse an address that is not of an origin of the client (Front-Channel Logout, 2)."""
    if not loadable(uri, redirect_uris, dev_mode=dev_mode):
        raise refusals.LOGOUT_URI_INVALID()


def check(settings: OAuthSettings) -> None:
    """Refuse settings that nothing could ever fulfil."""
    uris = settings.resources
    if len(uris) > MOST_RESOURCES or len(set(uris)) != len(uris):
        raise refusals.RESOURCE_INVALID(uri="")
    for uri in uris:
        if not is_resource(uri):
            raise refusals.RESOURCE_INVALID(uri=uri)
    if settings.jwks_uri and not is_key_address(settings.jwks_uri):
        raise refusals.KEYS_URI_INVALID()
    if not all(map(THUMBPRINT.fullmatch, settings.certificates)):
        raise refusals.CERTIFICATE_INVALID()
    if not provable(settings):
        raise refusals.CERTIFICATE_MISSING()
