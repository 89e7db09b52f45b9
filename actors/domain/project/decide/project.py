"""What follows from orders to a project itself."""

from __future__ import annotations

from personae.actors.domain.kit import Claim, Decisions, Facts, Release
from personae.actors.domain.project import commands as c
from personae.actors.domain.project import events as e
from personae.actors.domain.project import refusals
from personae.actors.domain.project.facts import ProjectFacts
from personae.actors.domain.project.oauth import RESOURCES
from personae.actors.domain.project.state import PROJECT, Project
from personae.actors.domain.project.values import (
    APP_NAMES,
    CLIENT_IDS,
    ENTITY_IDS,
    PROJECT_GRANTS,
    PROJECT_NAMES,
    ROLE_KEYS,
    Status,
)
from personae.actors.domain.values import key

CHANGED = {
    "name": "name",
    "role_assertion": "project_role_assertion",
    "role_check": "project_role_check",
    "project_check": "has_project_check",
    "private_labeling": "private_labeling_setting",
}
"""Fields of the event by those of the state."""


def name_claim(name: str, org_id: str) -> str:
    """Return the value to claim for a project name: unique within its organisation."""
    return f"{key(name)}:{org_id}"


def existing(project: Project) -> Project:
    """Return the project, or refuse when there is none."""
    if not project.exists:
        raise refusals.NOT_FOUND()
    return project


@PROJECT.decides(c.AddProject)
def add(project: Project, cmd: c.AddProject, facts: ProjectFacts) -> Decisions:
    if project != PROJECT.initial:
        raise refusals.ALREADY_EXISTS()
    name = checked_name(cmd.name)
    yield Claim(PROJECT_NAMES, name_claim(name, facts.org_id), refusals.NAME_TAKEN)
    yield e.ProjectAdded(
        name=name,
        project_role_assertion=cmd.role_assertion,
        project_role_check=cmd.role_check,
        has_project_check=cmd.project_check,
        private_labeling_setting=cmd.private_labeling,
    )


@PROJECT.decides(c.ChangeProject)
def change(project: Project, cmd: c.ChangeProject, facts: ProjectFacts) -> Decisions:
    old = existing(project)
    wanted = {
        "name": None if cmd.name is None else checked_name(cmd.name),
        "role_assertion": cmd.role_assertion,
        "role_check": cmd.role_check,
        "project_check": cmd.project_check,
        "private_labeling": cmd.private_labeling,
    }
    changes = {k: v for k, v in wanted.items() if v is not None and v != getattr(old, k)}
    if not changes:
        return
    if "name" in changes:
        yield Release(PROJECT_NAMES, name_claim(old.name, facts.org_id))
        claim = name_claim(str(changes["name"]), facts.org_id)
        yield Claim(PROJECT_NAMES, claim, refusals.NAME_TAKEN)
    yield e.ProjectChanged(**{CHANGED[name]: value for name, value in changes.items()})  # type: ignore[arg-type]


def checked_name(name: str) -> str:
    """Return a name without outer blanks, or refuse it."""
    plain = name.strip()
    if not plain:
        raise refusals.NAME_INVALID(name=plain)
    return plain


@PROJECT.decides(c.RemoveProject)
def remove(project: Project, cmd: c.RemoveProject, facts: ProjectFacts) -> Decisions:
    name = existing(project).name
    yield Release(PROJECT_NAMES, name_claim(name, facts.org_id))
    for client_id in project.clients:
        yield Release(CLIENT_IDS, client_id)
    for app in project.apps.values():
        yield Release(APP_NAMES, f"{key(app.name)}:{cmd.project_id}")
        if app.saml:
            yield Release(ENTITY_IDS, app.saml.entity_id)
        for uri in app.oauth.resources:
            yield Release(RESOURCES, uri)
    for role in project.roles:
        yield Release(ROLE_KEYS, f"{role}:{cmd.project_id}")
    for grant in project.grants.values():
        yield Release(PROJECT_GRANTS, f"{grant.org_id}:{cmd.project_id}")
    yield e.ProjectRemoved(name=name)


@PROJECT.decides(c.DeactivateProject)
def deactivate(project: Project, _cmd: c.DeactivateProject, _facts: Facts) -> Decisions:
    if existing(project).status is Status.INACTIVE:
        raise refusals.ALREADY_INACTIVE()
    yield e.ProjectDeactivated()


@PROJECT.decides(c.ReactivateProject)
def reactivate(project: Project, _cmd: c.ReactivateProject, _facts: Facts) -> Decisions:
    if existing(project).status is Status.ACTIVE:
        raise refusals.ALREADY_ACTIVE()
    yield e.ProjectReactivated()
