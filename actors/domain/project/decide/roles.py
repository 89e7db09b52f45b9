"""What follows from orders to the roles of a project."""

from __future__ import annotations

from personae.actors.domain.kit import Claim, Decisions, Facts, Release
from personae.actors.domain.project import commands as c
from personae.actors.domain.project import events as e
from personae.actors.domain.project import refusals
from personae.actors.domain.project.decide.project import existing
from personae.actors.domain.project.state import PROJECT, Project, Role
from personae.actors.domain.project.values import ROLE_KEYS


@PROJECT.decides(c.AddRole)
def add(project: Project, cmd: c.AddRole, _facts: Facts) -> Decisions:
    existing(project)
    role = cmd.key.strip()
    if not role:
        raise refusals.ROLE_INVALID()
    yield Claim(ROLE_KEYS, f"{role}:{cmd.project_id}", refusals.ROLE_TAKEN)
    yield e.RoleAdded(key=role, display_name=cmd.display_name, group=cmd.group)


@PROJECT.decides(c.ChangeRole)
def change(project: Project, cmd: c.ChangeRole, _facts: Facts) -> Decisions:
    role = _role(project, cmd.key)
    wanted = {"display_name": cmd.display_name, "group": cmd.group}
    changes = {k: v for k, v in wanted.items() if v is not None and v != getattr(role, k)}
    if changes:
        yield e.RoleChanged(key=cmd.key, **changes)


@PROJECT.decides(c.RemoveRole)
def remove(project: Project, cmd: c.RemoveRole, _facts: Facts) -> Decisions:
    _role(project, cmd.key)
    yield Release(ROLE_KEYS, f"{cmd.key}:{cmd.project_id}")
    yield e.RoleRemoved(key=cmd.key)
    for grant_id, grant in project.grants.items():
        if cmd.key in grant.roles:
            left = tuple(role for role in grant.roles if role != cmd.key)
            yield e.GrantCascadeChanged(grant_id=grant_id, role_keys=left)


def _role(project: Project, role: str) -> Role:
    if role not in existing(project).roles:
        raise refusals.ROLE_NOT_FOUND()
    return project.roles[role]
