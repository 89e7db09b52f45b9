"""Which roles of a user grant count now. What tokens say asks this, never the grant alone."""

from __future__ import annotations

from personae.actors.domain.project.state import Project
from personae.actors.domain.project.values import Status as ProjectStatus
from personae.actors.domain.user_grant.state import Status, UserGrant


def counts(grant: UserGrant, project: Project) -> bool:
    """Say whether a grant is active, in an active project, over an active grant of that, if any."""
    if grant.status is not Status.ACTIVE or not project.active:
        return False
    over = project.grants.get(grant.grant_id)
    return not grant.grant_id or (over is not None and over.status is ProjectStatus.ACTIVE)


def effective_roles(grant: UserGrant, project: Project) -> tuple[str, ...]:
    """Return the roles that count: of an active grant in an active project that still has them.

    A grant over a project grant gives no more than that one does, and nothing while it rests.
    """
    if not counts(grant, project):
        return ()
    offered = set(project.roles)
    if grant.grant_id:
        offered &= set(project.grants[grant.grant_id].roles)
    return tuple(role for role in grant.roles if role in offered)
