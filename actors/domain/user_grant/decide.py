"""What follows from orders to a user grant."""

from __future__ import annotations

from personae.actors.domain.kit import Claim, Decisions, Facts, Release
from personae.actors.domain.project import refusals as project_refusals
from personae.actors.domain.user import refusals as user_refusals
from personae.actors.domain.user_grant import commands as c
from personae.actors.domain.user_grant import events as e
from personae.actors.domain.user_grant import refusals
from personae.actors.domain.user_grant.facts import GrantFacts
from personae.actors.domain.user_grant.state import USER_GRANT, Status, UserGrant

USER_GRANTS = "user_grant"


def claim_value(org_id: str, user_id: str, project_id: str, grant_id: str = "") -> str:
    """Return the value to claim: one grant per owner, user and project."""
    return f"{org_id}:{user_id}:{project_id}:{grant_id}"


@USER_GRANT.decides(c.AddUserGrant)
def add(grant: UserGrant, cmd: c.AddUserGrant, facts: GrantFacts) -> Decisions:
    if grant != USER_GRANT.initial:
        raise refusals.ALREADY_EXISTS()
    if not facts.user_exists:
        raise user_refusals.NOT_FOUND()
    if not facts.project_exists:
        raise project_refusals.NOT_FOUND()
    _check_roles(cmd.roles, facts)
    value = claim_value(cmd.org_id, cmd.user_id, cmd.project_id, facts.grant_id)
    yield Claim(USER_GRANTS, value, refusals.ALREADY_EXISTS)
    yield e.UserGrantAdded(
        user_id=cmd.user_id,
        project_id=cmd.project_id,
        grant_id=facts.grant_id,
        role_keys=cmd.roles,
    )


@USER_GRANT.decides(c.ChangeUserGrant)
def change(grant: UserGrant, cmd: c.ChangeUserGrant, facts: GrantFacts) -> Decisions:
    existing(grant)
    _check_roles(cmd.roles, facts)
    if set(cmd.roles) != set(grant.roles):
        yield e.UserGrantChanged(role_keys=cmd.roles)


@USER_GRANT.decides(c.DeactivateUserGrant)
def deactivate(grant: UserGrant, _cmd: c.DeactivateUserGrant, _facts: Facts) -> Decisions:
    if existing(grant).status is Status.INACTIVE:
        raise refusals.ALREADY_INACTIVE()
    yield e.UserGrantDeactivated()


@USER_GRANT.decides(c.ReactivateUserGrant)
def reactivate(grant: UserGrant, _cmd: c.ReactivateUserGrant, _facts: Facts) -> Decisions:
    if existing(grant).status is Status.ACTIVE:
        raise refusals.ALREADY_ACTIVE()
    yield e.UserGrantReactivated()


@USER_GRANT.decides(c.RemoveUserGrant)
def remove(grant: UserGrant, _cmd: c.RemoveUserGrant, facts: GrantFacts) -> Decisions:
    existing(grant)
    value = claim_value(facts.org_id, grant.user_id, grant.project_id, grant.grant_id)
    yield Release(USER_GRANTS, value)
    yield e.UserGrantRemoved()


@USER_GRANT.decides(c.TidyUserGrant)
def tidy(grant: UserGrant, _cmd: c.TidyUserGrant, facts: GrantFacts) -> Decisions:
    existing(grant)
    left = tuple(role for role in grant.roles if role in facts.project_roles)
    if not facts.user_exists or not facts.project_exists:
        value = claim_value(facts.org_id, grant.user_id, grant.project_id, grant.grant_id)
        yield Release(USER_GRANTS, value)
        yield e.UserGrantCascadeRemoved()
    elif left != grant.roles:
        yield e.UserGrantCascadeChanged(role_keys=left)


def existing(grant: UserGrant) -> UserGrant:
    """Return the grant, or refuse when there is none."""
    if grant.status in {Status.UNKNOWN, Status.REMOVED}:
        raise refusals.NOT_FOUND()
    return grant


def _check_roles(roles: tuple[str, ...], facts: GrantFacts) -> None:
    unknown = set(roles) - facts.project_roles
    if unknown:
        raise refusals.ROLE_UNKNOWN(roles=", ".join(sorted(unknown)))
