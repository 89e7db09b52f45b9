"""What follows from orders to the members of a project, and of its grants."""

from __future__ import annotations

from personae.actors.domain import members
from personae.actors.domain.kit import Decisions, Facts
from personae.actors.domain.members import MemberFacts
from personae.actors.domain.project import commands as c
from personae.actors.domain.project import events as e
from personae.actors.domain.project.decide.grants import grant_of
from personae.actors.domain.project.decide.project import existing
from personae.actors.domain.project.state import PROJECT, Project


@PROJECT.decides(c.AddProjectMember)
def add(project: Project, cmd: c.AddProjectMember, facts: MemberFacts) -> Decisions:
    grant_id, known = _members(project, cmd.granted_org_id)
    members.check_new(known, cmd.user_id, cmd.roles, facts)
    if grant_id:
        yield e.GrantMemberAdded(user_id=cmd.user_id, grant_id=grant_id, roles=cmd.roles)
    else:
        yield e.ProjectMemberAdded(user_id=cmd.user_id, roles=cmd.roles)


@PROJECT.decides(c.ChangeProjectMember)
def change(project: Project, cmd: c.ChangeProjectMember, facts: MemberFacts) -> Decisions:
    grant_id, known = _members(project, cmd.granted_org_id)
    if not members.changes(known, cmd.user_id, cmd.roles, facts):
        return
    if grant_id:
        yield e.GrantMemberChanged(user_id=cmd.user_id, grant_id=grant_id, roles=cmd.roles)
    else:
        yield e.ProjectMemberChanged(user_id=cmd.user_id, roles=cmd.roles)


@PROJECT.decides(c.RemoveProjectMember)
def remove(project: Project, cmd: c.RemoveProjectMember, _facts: Facts) -> Decisions:
    grant_id, known = _members(project, cmd.granted_org_id)
    if cmd.user_id not in known:
        return
    if grant_id:
        gone = e.GrantMemberCascadeRemoved if cmd.cascade else e.GrantMemberRemoved
        yield gone(user_id=cmd.user_id, grant_id=grant_id)
    else:
        left = e.ProjectMemberCascadeRemoved if cmd.cascade else e.ProjectMemberRemoved
        yield left(user_id=cmd.user_id)


def _members(project: Project, granted_org_id: str) -> tuple[str, members.Members]:
    """Return whose members: of the project itself, or of a grant of it (its id)."""
    if not granted_org_id:
        return "", existing(project).members
    grant_id, grant = grant_of(project, granted_org_id)
    return grant_id, grant.members
