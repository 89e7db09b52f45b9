"""What follows from orders to the applications of a project."""

from __future__ import annotations

from dataclasses import fields

from personae.actors.domain.kit import Claim, Decisions, Facts, Release, replace
from personae.actors.domain.project import commands as c
from personae.actors.domain.project import events as e
from personae.actors.domain.project import refusals
from personae.actors.domain.project.decide.project import existing
from personae.actors.domain.project.facts import AppKeyFacts, ClientFacts
from personae.actors.domain.project.oauth import RESOURCES
from personae.actors.domain.project.redirects import acceptable, callable_at
from personae.actors.domain.project.state import PROJECT, Application, OIDCConfig, Project
from personae.actors.domain.project.values import (
    APP_NAMES,
    CLIENT_IDS,
    ENTITY_IDS,
    ApplicationType,
    Status,
)
from personae.actors.domain.values import key


@PROJECT.decides(c.AddOIDCApp)
def add_oidc(project: Project, cmd: c.AddOIDCApp, facts: ClientFacts) -> Decisions:
    check_uris(cmd.client)
    yield from _add(project, cmd)
    asked = {f.name: getattr(cmd.client, f.name) for f in fields(cmd.client)}
    yield e.OIDCConfigAdded(
        app_id=cmd.app_id, client_id=cmd.client_id, hashed_secret=facts.hashed_secret, **asked
    )


def check_uris(client: c.NewOIDCClient | OIDCConfig) -> None:
    """Refuse a client that would send people where nobody should go."""
    for uri in (*client.redirect_uris, *client.post_logout_redirect_uris):
        if not acceptable(uri, client.application_type, dev_mode=client.dev_mode):
            raise refusals.REDIRECT_INVALID(uri=uri)
    if client.back_channel_logout_uri and not callable_at(client.back_channel_logout_uri):
        raise refusals.BACK_CHANNEL_INVALID()
    check_login(client.login_base_uri)


@PROJECT.decides(c.AddAPIApp)
def add_api(project: Project, cmd: c.AddAPIApp, facts: ClientFacts) -> Decisions:
    yield from _add(project, cmd)
    yield e.APIConfigAdded(
        app_id=cmd.app_id,
        client_id=cmd.client_id,
        hashed_secret=facts.hashed_secret,
        auth_method_type=cmd.auth_method,
    )


@PROJECT.decides(c.AddSAMLApp)
def add_saml(project: Project, cmd: c.AddSAMLApp, _facts: Facts) -> Decisions:
    check_login(cmd.login_base_uri)
    yield from _named(project, cmd)
    yield Claim(ENTITY_IDS, cmd.entity_id, refusals.ENTITY_ID_TAKEN)
    yield e.ApplicationAdded(app_id=cmd.app_id, name=cmd.name.strip())
    yield e.SAMLConfigAdded(
        app_id=cmd.app_id,
        entity_id=cmd.entity_id,
        metadata=cmd.metadata,
        metadata_url=cmd.metadata_url,
        login_version=cmd.login_version,
        login_base_uri=cmd.login_base_uri,
    )


def check_login(uri: str) -> None:
    """Refuse sign-in pages at what is no web address."""
    if uri and not acceptable(uri, ApplicationType.WEB):
        raise refusals.LOGIN_URI_INVALID()


def _add(project: Project, cmd: c.AddOIDCApp | c.AddAPIApp) -> Decisions:
    yield from _named(project, cmd)
    yield Claim(CLIENT_IDS, cmd.client_id, refusals.CLIENT_ID_TAKEN)
    yield e.ApplicationAdded(app_id=cmd.app_id, name=cmd.name.strip())


def _named(project: Project, cmd: c.AddOIDCApp | c.AddAPIApp | c.AddSAMLApp) -> Decisions:
    """Yield the claim on the name of a new application; refuse where none may be added."""
    if existing(project).status is not Status.ACTIVE:
        raise refusals.NOT_ACTIVE()
    if cmd.app_id in project.apps:
        raise refusals.APP_EXISTS()
    yield Claim(APP_NAMES, name_claim(cmd.name.strip(), cmd.project_id), refusals.APP_NAME_TAKEN)


def name_claim(name: str, project_id: str) -> str:
    """Return the value to claim for an application's name: unique within its project."""
    plain = key(name)
    if not plain:
        raise refusals.NAME_INVALID(name=name)
    return f"{plain}:{project_id}"


@PROJECT.decides(c.ChangeApp)
def change(project: Project, cmd: c.ChangeApp, _facts: Facts) -> Decisions:
    app = application(project, cmd.app_id)
    name = cmd.name.strip()
    if cmd.name and name != app.name:
        yield Release(APP_NAMES, name_claim(app.name, cmd.project_id))
        yield Claim(APP_NAMES, name_claim(name, cmd.project_id), refusals.APP_NAME_TAKEN)
        yield e.ApplicationChanged(app_id=cmd.app_id, name=name)
    if cmd.oidc:
        yield from _change_oidc(app, cmd.app_id, cmd.oidc)
    if cmd.api is not None:
        if app.api is None:
            raise refusals.OTHER_TYPE()
        if cmd.api is not app.api.auth_method_type:
            yield e.APIConfigChanged(app_id=cmd.app_id, auth_method_type=cmd.api)
    if cmd.saml:
        yield from _change_saml(app, cmd.app_id, cmd.saml)


def _change_oidc(app: Application, app_id: str, asked: c.OIDCChanges) -> Decisions:
    if app.oidc is None:
        raise refusals.OTHER_TYPE()
    given = {f.name: getattr(asked, f.name) for f in fields(asked)}
    changes = {k: v for k, v in given.items() if v is not None and v != getattr(app.oidc, k)}
    if changes:
        check_uris(replace(app.oidc, **changes))
        yield e.OIDCConfigChanged(app_id=app_id, **changes)


def _change_saml(app: Application, app_id: str, asked: c.SAMLChanges) -> Decisions:
    if app.saml is None:
        raise refusals.OTHER_TYPE()
    given = {f.name: getattr(asked, f.name) for f in fields(asked)}
    changes = {k: v for k, v in given.items() if v is not None and v != getattr(app.saml, k)}
    check_login(changes.get("login_base_uri", ""))
    if "entity_id" in changes:
        yield Release(ENTITY_IDS, app.saml.entity_id)
        yield Claim(ENTITY_IDS, changes["entity_id"], refusals.ENTITY_ID_TAKEN)
    if changes:
        yield e.SAMLConfigChanged(app_id=app_id, **changes)


@PROJECT.decides(c.SetClientSecret)
def set_secret(project: Project, cmd: c.SetClientSecret, facts: ClientFacts) -> Decisions:
    app = application(project, cmd.app_id)
    if not facts.hashed_secret:
        raise refusals.NO_SECRET()
    if app.oidc:
        yield e.OIDCSecretChanged(app_id=cmd.app_id, hashed_secret=facts.hashed_secret)
    else:
        yield e.APISecretChanged(app_id=cmd.app_id, hashed_secret=facts.hashed_secret)


@PROJECT.decides(c.AddAppKey)
def add_key(project: Project, cmd: c.AddAppKey, facts: AppKeyFacts) -> Decisions:
    app = application(project, cmd.app_id)
    if cmd.expires is not None and cmd.expires <= facts.now:
        raise refusals.EXPIRY_PAST()
    if not facts.public_key:
        raise refusals.KEY_INVALID()
    yield e.ApplicationKeyAdded(
        app_id=cmd.app_id,
        key_id=cmd.key_id,
        client_id=app.client_id,
        expiration_date=cmd.expires,
        public_key=facts.public_key,
    )


@PROJECT.decides(c.RemoveAppKey)
def remove_key(project: Project, cmd: c.RemoveAppKey, _facts: Facts) -> Decisions:
    if cmd.key_id not in application(project, cmd.app_id).keys:
        raise refusals.KEY_NOT_FOUND()
    yield e.ApplicationKeyRemoved(key_id=cmd.key_id)


@PROJECT.decides(c.RemoveApp)
def remove(project: Project, cmd: c.RemoveApp, _facts: Facts) -> Decisions:
    app = application(project, cmd.app_id)
    yield Release(APP_NAMES, name_claim(app.name, cmd.project_id))
    if app.client_id:
        yield Release(CLIENT_IDS, app.client_id)
    if app.saml:
        yield Release(ENTITY_IDS, app.saml.entity_id)
    for uri in app.oauth.resources:
        yield Release(RESOURCES, uri)
    yield e.ApplicationRemoved(app_id=cmd.app_id)


@PROJECT.decides(c.DeactivateApp)
def deactivate(project: Project, cmd: c.DeactivateApp, _facts: Facts) -> Decisions:
    if application(project, cmd.app_id).status is Status.INACTIVE:
        raise refusals.ALREADY_INACTIVE()
    yield e.ApplicationDeactivated(app_id=cmd.app_id)


@PROJECT.decides(c.ReactivateApp)
def reactivate(project: Project, cmd: c.ReactivateApp, _facts: Facts) -> Decisions:
    if application(project, cmd.app_id).status is Status.ACTIVE:
        raise refusals.ALREADY_ACTIVE()
    yield e.ApplicationReactivated(app_id=cmd.app_id)


def application(project: Project, app_id: str) -> Application:
    """Return an application of the project, or refuse when there is none."""
    if app_id not in existing(project).apps:
        raise refusals.APP_NOT_FOUND()
    return project.apps[app_id]
