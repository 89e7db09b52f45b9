"""What commands to members must know, on every level."""

from __future__ import annotations

from personae.actors.aggregates.facts.owners import an_owner_stays
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.instance.members import (
    OWNER,
    ChangeInstanceMember,
    RemoveInstanceMember,
)
from personae.actors.domain.kit import Facts
from personae.actors.domain.kit.refusal import PERMISSION_DENIED
from personae.actors.domain.members import MemberFacts
from personae.actors.domain.org import commands as org
from personae.actors.domain.project import commands as project

OfProject = project.AddProjectMember | project.ChangeProjectMember | project.RemoveProjectMember


@facts_for(ChangeInstanceMember)
async def of_instance(cmd: ChangeInstanceMember, turn: Turn) -> MemberFacts:
    await turn.may("iam.member.write")
    if OWNER not in cmd.roles:
        await an_owner_stays(turn, user_id=cmd.user_id)
    return MemberFacts(now=turn.now(), known_roles=turn.world.known_roles("IAM_"))


@facts_for(RemoveInstanceMember)
async def not_of_instance(cmd: RemoveInstanceMember, turn: Turn) -> Facts:
    await turn.may("iam.member.delete")
    await an_owner_stays(turn, user_id=cmd.user_id)
    return Facts(now=turn.now())


@facts_for(org.AddOrgMember, org.ChangeOrgMember)
async def of_org(cmd: org.AddOrgMember | org.ChangeOrgMember, turn: Turn) -> MemberFacts:
    await turn.may("org.member.write", turn.stream.id)
    return await _facts(turn.world.known_roles("ORG_"), cmd.user_id, turn)


@facts_for(org.RemoveOrgMember)
async def not_of_org(_cmd: org.RemoveOrgMember, turn: Turn) -> Facts:
    await turn.may("org.member.delete", turn.stream.id)
    return Facts(now=turn.now())


@facts_for(project.AddProjectMember, project.ChangeProjectMember)
async def of_project(
    cmd: project.AddProjectMember | project.ChangeProjectMember, turn: Turn
) -> MemberFacts:
    await _may_on_project(cmd, turn, "write")
    of_grants = turn.world.known_roles("PROJECT_GRANT_")
    roles = of_grants if cmd.granted_org_id else turn.world.known_roles("PROJECT_") - of_grants
    return await _facts(roles, cmd.user_id, turn)


@facts_for(project.RemoveProjectMember)
async def not_of_project(cmd: project.RemoveProjectMember, turn: Turn) -> Facts:
    await _may_on_project(cmd, turn, "delete")
    return Facts(now=turn.now())


async def _may_on_project(cmd: OfProject, turn: Turn, verb: str) -> None:
    """Members of a grant are the business of who granted, and of who was granted."""
    if not cmd.granted_org_id:
        await turn.may(f"project.member.{verb}", turn.owner, turn.stream.id)
        return
    permission = f"project.grant.member.{verb}"
    if await turn.allows(permission, turn.owner, turn.stream.id):
        return
    grant_id = turn.state.grant_to(cmd.granted_org_id)
    if not grant_id:
        raise PERMISSION_DENIED(permission=permission)
    await turn.may(permission, cmd.granted_org_id, turn.stream.id, grant_id)


async def _facts(roles: frozenset[str], user_id: str, turn: Turn) -> MemberFacts:
    exists = (await turn.user(user_id)).exists
    return MemberFacts(now=turn.now(), known_roles=roles, user_exists=exists)
