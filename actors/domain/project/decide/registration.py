"""What follows from orders of clients that register themselves."""

from __future__ import annotations

from personae.actors.domain.kit import Decisions
from personae.actors.domain.project import commands as c
from personae.actors.domain.project import events as e
from personae.actors.domain.project import refusals
from personae.actors.domain.project.decide.apps import add_oidc, application, change
from personae.actors.domain.project.decide.oauth import changed, check_front_channel
from personae.actors.domain.project.facts import ClientFacts
from personae.actors.domain.project.oauth import OAuthSettings
from personae.actors.domain.project.state import PROJECT, Project


@PROJECT.decides(c.RegisterClient)
def register(project: Project, cmd: c.RegisterClient, facts: ClientFacts) -> Decisions:
    client = cmd.app.client
    if uri := cmd.settings.front_channel_logout_uri:
        check_front_channel(uri, client.redirect_uris, dev_mode=client.dev_mode)
    yield from add_oidc(project, cmd.app, facts)
    yield from changed(OAuthSettings(), cmd.app.app_id, cmd.settings)


@PROJECT.decides(c.UpdateRegistration)
def update(project: Project, cmd: c.UpdateRegistration, facts: ClientFacts) -> Decisions:
    app_id = cmd.change.app_id
    settings = application(project, app_id).oauth
    if not settings.registration or settings.registration != cmd.presented:
        raise refusals.REGISTRATION_INVALID()
    new = cmd.change.oidc
    if uri := cmd.settings.front_channel_logout_uri:
        check_front_channel(uri, (new and new.redirect_uris) or (), dev_mode=False)
    yield from change(project, cmd.change, facts)
    yield from changed(settings, app_id, cmd.settings)
    if facts.hashed_secret:
        yield e.OIDCSecretChanged(app_id=app_id, hashed_secret=facts.hashed_secret)
