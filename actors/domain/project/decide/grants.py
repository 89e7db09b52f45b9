"""What follows from orders to the grants of a project."""

from __future__ import annotations

from personae.actors.domain.kit import Claim, Decisions, Facts, Release
from personae.actors.domain.org import refusals as org_refusals
from personae.actors.domain.project import commands as c
from personae.actors.domain.project import events as e
from personae.actors.domain.project import refusals
from personae.actors.domain.project.decide.project import existing
from personae.actors.domain.project.facts import ProjectGrantFacts
from personae.actors.domain.project.state import PROJECT, Project, ProjectGrant
from personae.actors.domain.project.values import PROJECT_GRANTS, Status


@PROJECT.decides(c.AddProjectGrant)
def add(project: Project, cmd: c.AddProjectGrant, facts: ProjectGrantFacts) -> Decisions:
    if existing(project).status is not Status.ACTIVE:
        raise refusals.NOT_ACTIVE()
    if cmd.granted_org_id == facts.org_id:
        raise refusals.GRANT_TO_OWNER()
    if not facts.org_exists:
        raise org_refusals.NOT_FOUND()
    if cmd.grant_id in project.grants or project.grant_to(cmd.granted_org_id):
        raise refusals.GRANT_EXISTS()
    _check_roles(project, cmd.roles)
    claim = f"{cmd.granted_org_id}:{cmd.project_id}"
    yield Claim(PROJECT_GRANTS, claim, refusals.GRANT_EXISTS)
    yield e.GrantAdded(
        grant_id=cmd.grant_id, granted_org_id=cmd.granted_org_id, role_keys=cmd.roles
    )


@PROJECT.decides(c.ChangeProjectGrant)
def change(project: Project, cmd: c.ChangeProjectGrant, _facts: Facts) -> Decisions:
    grant_id, grant = grant_of(project, cmd.granted_org_id)
    _check_roles(project, cmd.roles)
    if set(cmd.roles) != set(grant.roles):
        yield e.GrantChanged(grant_id=grant_id, role_keys=cmd.roles)


@PROJECT.decides(c.DeactivateProjectGrant)
def deactivate(project: Project, cmd: c.DeactivateProjectGrant, _facts: Facts) -> Decisions:
    grant_id, grant = grant_of(project, cmd.granted_org_id)
    if grant.status is Status.INACTIVE:
        raise refusals.GRANT_ALREADY_INACTIVE()
    yield e.GrantDeactivated(grant_id=grant_id)


@PROJECT.decides(c.ReactivateProjectGrant)
def reactivate(project: Project, cmd: c.ReactivateProjectGrant, _facts: Facts) -> Decisions:
    grant_id, grant = grant_of(project, cmd.granted_org_id)
    if grant.status is Status.ACTIVE:
        raise refusals.GRANT_ALREADY_ACTIVE()
    yield e.GrantReactivated(grant_id=grant_id)


@PROJECT.decides(c.RemoveProjectGrant)
def remove(project: Project, cmd: c.RemoveProjectGrant, _facts: Facts) -> Decisions:
    grant_id, _ = grant_of(project, cmd.granted_org_id)
    yield Release(PROJECT_GRANTS, f"{cmd.granted_org_id}:{cmd.project_id}")
    yield e.GrantRemoved(grant_id=grant_id, granted_org_id=cmd.granted_org_id)


def grant_of(project: Project, org_id: str) -> tuple[str, ProjectGrant]:
    """Return the grant to an organisation with its id, or refuse when there is none."""
    grant_id = existing(project).grant_to(org_id)
    if not grant_id:
        raise refusals.GRANT_NOT_FOUND()
    return grant_id, project.grants[grant_id]


def _check_roles(project: Project, roles: tuple[str, ...]) -> None:
    if not set(roles) <= set(project.roles):
        raise refusals.ROLE_NOT_FOUND()
