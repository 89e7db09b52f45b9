"""What commands to projects must know."""

from __future__ import annotations

from personae.actors.aggregates.keys import public_key_or_pair
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.kit import Facts
from personae.actors.domain.org import refusals as org_refusals
from personae.actors.domain.project import commands as c
from personae.actors.domain.project.facts import (
    AppKeyFacts,
    ClientFacts,
    ProjectFacts,
    ProjectGrantFacts,
)
from personae.actors.domain.project.values import APIAuthMethod, AuthMethod
from personae.store.generated import GENERATORS, fast_hash

WITH_SECRET = (AuthMethod.BASIC, AuthMethod.POST, APIAuthMethod.BASIC)


@facts_for(c.AddProject)
async def add_project(cmd: c.AddProject, turn: Turn) -> ProjectFacts:
    await turn.may("project.create", cmd.org_id)
    if not (await turn.org(cmd.org_id)).exists:
        raise org_refusals.NOT_FOUND()
    return ProjectFacts(now=turn.now(), org_id=cmd.org_id)


@facts_for(c.ChangeProject)
async def update_project(_cmd: c.ChangeProject, turn: Turn) -> ProjectFacts:
    await _may("project.write", turn)
    return ProjectFacts(now=turn.now(), org_id=turn.owner)


@facts_for(c.RemoveProject)
async def remove_project(_cmd: c.RemoveProject, turn: Turn) -> ProjectFacts:
    await _may("project.delete", turn)
    return ProjectFacts(now=turn.now(), org_id=turn.owner)


@facts_for(c.DeactivateProject, c.ReactivateProject)
async def change_project(_cmd: object, turn: Turn) -> Facts:
    await _may("project.write", turn)
    return Facts(now=turn.now())


@facts_for(c.AddRole, c.ChangeRole)
async def write_role(_cmd: object, turn: Turn) -> Facts:
    await _may("project.role.write", turn)
    return Facts(now=turn.now())


@facts_for(c.RemoveRole)
async def remove_role(_cmd: c.RemoveRole, turn: Turn) -> Facts:
    await _may("project.role.delete", turn)
    return Facts(now=turn.now())


@facts_for(c.AddProjectGrant)
async def add_grant(cmd: c.AddProjectGrant, turn: Turn) -> ProjectGrantFacts:
    await _may("project.grant.write", turn)
    exists = (await turn.org(cmd.granted_org_id)).exists
    return ProjectGrantFacts(now=turn.now(), org_id=turn.owner, org_exists=exists)


@facts_for(c.ChangeProjectGrant, c.DeactivateProjectGrant, c.ReactivateProjectGrant)
async def change_grant(_cmd: object, turn: Turn) -> Facts:
    await _may("project.grant.write", turn)
    return Facts(now=turn.now())


@facts_for(c.RemoveProjectGrant)
async def remove_grant(_cmd: c.RemoveProjectGrant, turn: Turn) -> Facts:
    await _may("project.grant.delete", turn)
    return Facts(now=turn.now())


@facts_for(c.AddOIDCApp)
async def add_oidc_app(cmd: c.AddOIDCApp, turn: Turn) -> ClientFacts:
    await _may("project.app.write", turn)
    return _client_secret(cmd.client.auth_method_type, turn)


@facts_for(c.AddAPIApp)
async def add_api_app(cmd: c.AddAPIApp, turn: Turn) -> ClientFacts:
    await _may("project.app.write", turn)
    return _client_secret(cmd.auth_method, turn)


@facts_for(c.RegisterClient)
async def register_client(cmd: c.RegisterClient, turn: Turn) -> ClientFacts:
    await _may("project.app.write", turn)
    return _client_secret(cmd.app.client.auth_method_type, turn)


@facts_for(c.UpdateRegistration)
async def update_registration(cmd: c.UpdateRegistration, turn: Turn) -> ClientFacts:
    await _may("project.app.write", turn)
    app = turn.state.apps.get(cmd.change.app_id)
    method = cmd.change.oidc.auth_method_type if cmd.change.oidc else None
    has_one = bool(app and app.oidc and app.oidc.hashed_secret)
    return _client_secret(AuthMethod.NONE if has_one or method is None else method, turn)


@facts_for(c.SetClientSecret)
async def set_client_secret(cmd: c.SetClientSecret, turn: Turn) -> ClientFacts:
    await _may("project.app.write", turn)
    app = turn.state.apps.get(cmd.app_id)
    config = app and (app.oidc or app.api)
    return _client_secret(config.auth_method_type if config else AuthMethod.NONE, turn)


def _client_secret(method: AuthMethod | APIAuthMethod, turn: Turn) -> ClientFacts:
    # By identity: an API's PRIVATE_KEY_JWT is the same number as a client's POST.
    if not any(method is each for each in WITH_SECRET):
        return ClientFacts(now=turn.now())
    secret = GENERATORS["app_secret"].make()
    return ClientFacts(
        now=turn.now(), hashed_secret=fast_hash(secret), secrets={"client_secret": secret}
    )


@facts_for(c.AddAppKey)
async def add_app_key(cmd: c.AddAppKey, turn: Turn) -> AppKeyFacts:
    await _may("project.app.write", turn)
    public, private = await public_key_or_pair(cmd.public_key, turn.world)
    secrets = {"private_key": private} if private else {}
    return AppKeyFacts(now=turn.now(), public_key=public, secrets=secrets)


@facts_for(
    c.AddSAMLApp, c.ChangeApp, c.SetOAuthSettings, c.DeactivateApp, c.ReactivateApp, c.RemoveAppKey
)
async def change_app(_cmd: object, turn: Turn) -> Facts:
    await _may("project.app.write", turn)
    return Facts(now=turn.now())


@facts_for(c.RemoveApp)
async def remove_app(_cmd: c.RemoveApp, turn: Turn) -> Facts:
    await _may("project.app.delete", turn)
    return Facts(now=turn.now())


async def _may(permission: str, turn: Turn) -> None:
    await turn.may(permission, turn.owner, turn.stream.id)
