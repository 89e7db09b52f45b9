"""Which roles of a user grant count now. What tokens say asks this, never the grant alone."""

from __future__ import annotations

from personae.actors.domain.project.state import Project
from personae.actors.domain.project.values import Status as ProjectStatus
from personae.actors.domain.user_grant.state import Status, UserGrant


def effective_roles(grant: UserGrant, project: Project) -> tuple[str, ...]:
    """Return the roles that count: of an active grant in an active project that still has them.

    A grant over a project grant gives no more than that one does, and nothing while it rests.
    """
    if grant.status is not Status.ACTIVE or not project.active:
        return ()
    offered = set(project.roles)
    if grant.grant_id:
        over = project.grants.get(grant.grant_id)
        offered &= set(over.roles) if over and over.status is ProjectStatus.ACTIVE else set()
    return tuple(role for role in grant.roles if role in offered)
