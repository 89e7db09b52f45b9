"""What commands to user grants must know."""

from __future__ import annotations

from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.kit import Facts
from personae.actors.domain.user_grant import commands as c
from personae.actors.domain.user_grant.facts import GrantFacts


@facts_for(c.AddUserGrant)
async def add(cmd: c.AddUserGrant, turn: Turn) -> GrantFacts:
    await turn.may("user.grant.write", cmd.org_id, cmd.project_id)
    project = await turn.aggregate("project", cmd.project_id)
    return GrantFacts(
        now=turn.now(),
        org_id=cmd.org_id,
        user_exists=(await turn.user(cmd.user_id)).exists,
        # Roles are given by who owns the project: whoever manages another organisation does not.
        project_exists=project.state.exists and project.owner == cmd.org_id,
        project_roles=frozenset(project.state.roles),
    )


@facts_for(c.ChangeUserGrant, c.RemoveUserGrant)
async def change(cmd: c.ChangeUserGrant | c.RemoveUserGrant, turn: Turn) -> GrantFacts:
    permission = "user.grant.delete" if isinstance(cmd, c.RemoveUserGrant) else "user.grant.write"
    await turn.may(permission, turn.owner, turn.state.project_id)
    project = await turn.project(turn.state.project_id)
    return GrantFacts(now=turn.now(), org_id=turn.owner, project_roles=frozenset(project.roles))


@facts_for(c.DeactivateUserGrant, c.ReactivateUserGrant)
async def lifecycle(_cmd: object, turn: Turn) -> Facts:
    await turn.may("user.grant.write", turn.owner, turn.state.project_id)
    return Facts(now=turn.now())
