"""What commands to user grants must know."""

from __future__ import annotations

from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.kit import Facts
from personae.actors.domain.project.values import Status
from personae.actors.domain.user_grant import commands as c
from personae.actors.domain.user_grant.facts import GrantFacts
from personae.actors.domain.user_grant.state import UserGrant


@facts_for(c.AddUserGrant)
async def add(cmd: c.AddUserGrant, turn: Turn) -> GrantFacts:
    """Roles are given by who owns the project, or whom it is granted to; by nobody else."""
    project = await turn.aggregate("project", cmd.project_id)
    owned = project.state.exists and project.owner == cmd.org_id
    grant_id = "" if owned else project.state.grant_to(cmd.org_id)
    grant = project.state.grants.get(grant_id)
    over = cmd.project_id if owned or grant_id else ""
    await turn.may("user.grant.write", cmd.org_id, over, grant_id)
    return GrantFacts(
        now=turn.now(),
        org_id=cmd.org_id,
        grant_id=grant_id,
        user_exists=(await turn.user(cmd.user_id)).exists,
        project_exists=owned or (grant is not None and grant.status is Status.ACTIVE),
        project_roles=frozenset(grant.roles if grant else project.state.roles),
    )


@facts_for(c.ChangeUserGrant, c.RemoveUserGrant, c.TidyUserGrant)
async def change(
    cmd: c.ChangeUserGrant | c.RemoveUserGrant | c.TidyUserGrant, turn: Turn
) -> GrantFacts:
    await _may("delete" if isinstance(cmd, c.RemoveUserGrant) else "write", turn)
    state: UserGrant = turn.state
    project = await turn.project(state.project_id)
    grant = project.grants.get(state.grant_id)
    roles = grant.roles if grant else project.roles
    owned = (await turn.org(turn.owner)).exists
    return GrantFacts(
        now=turn.now(),
        org_id=turn.owner,
        grant_id=state.grant_id,
        user_exists=(await turn.user(state.user_id)).exists,
        project_exists=owned and project.exists and (grant is not None or not state.grant_id),
        project_roles=frozenset(roles),
    )


@facts_for(c.DeactivateUserGrant, c.ReactivateUserGrant)
async def lifecycle(_cmd: object, turn: Turn) -> Facts:
    await _may("write", turn)
    return Facts(now=turn.now())


async def _may(verb: str, turn: Turn) -> None:
    state: UserGrant = turn.state
    await turn.may(f"user.grant.{verb}", turn.owner, state.project_id, state.grant_id)
