"""What follows from orders to an organisation."""

from __future__ import annotations

from personae.actors.domain import members
from personae.actors.domain.kit import Claim, Decisions, Facts, On, Release
from personae.actors.domain.members import MemberFacts, check_roles
from personae.actors.domain.org import commands as c
from personae.actors.domain.org import events as e
from personae.actors.domain.org import refusals
from personae.actors.domain.org.facts import AddOrgFacts, RemoveOrgFacts
from personae.actors.domain.org.state import ORG, ORG_DOMAINS, ORG_NAMES, Org, Status
from personae.actors.domain.user import refusals as user_refusals
from personae.actors.domain.user.state import USER
from personae.actors.domain.values import key

OWNER = "ORG_OWNER"


@ORG.decides(c.AddOrg)
def add_org(org: Org, cmd: c.AddOrg, facts: AddOrgFacts) -> Decisions:
    if org != ORG.initial:
        raise refusals.ALREADY_EXISTS()
    name = checked_name(cmd.name)
    if len({admin.user_id for admin in cmd.admins}) < len(cmd.admins):
        raise refusals.MEMBER_EXISTS()
    yield Claim(ORG_NAMES, key(name), refusals.NAME_TAKEN)
    yield Claim(ORG_DOMAINS, facts.domain, refusals.DOMAIN_TAKEN)
    yield e.OrgAdded(name=name)
    yield e.OrgDomainAdded(domain=facts.domain)
    yield e.OrgDomainVerified(domain=facts.domain)
    yield e.OrgPrimaryDomainSet(domain=facts.domain)
    for admin in cmd.admins:
        yield from _first_admin(cmd.org_id, admin, facts)


def _first_admin(org_id: str, admin: c.Admin, facts: AddOrgFacts) -> Decisions:
    if admin.user_id in facts.unknown_users:
        raise user_refusals.NOT_FOUND()
    if admin.human:
        for decision in USER.decide(USER.initial, admin.human, facts.humans[admin.user_id]):
            yield On(facts.user(admin.user_id), decision, owner=org_id)
    roles = admin.roles or (OWNER,)
    check_roles(roles, facts.known_roles)
    yield e.OrgMemberAdded(user_id=admin.user_id, roles=roles)


@ORG.decides(c.ChangeOrg)
def change_org(org: Org, cmd: c.ChangeOrg, _facts: Facts) -> Decisions:
    name = checked_name(cmd.name)
    if name == existing(org).name:
        return
    if key(name) != key(org.name):
        yield Release(ORG_NAMES, key(org.name))
        yield Claim(ORG_NAMES, key(name), refusals.NAME_TAKEN)
    yield e.OrgChanged(name=name)


@ORG.decides(c.DeactivateOrg)
def deactivate(org: Org, _cmd: c.DeactivateOrg, _facts: Facts) -> Decisions:
    if existing(org).status is Status.INACTIVE:
        raise refusals.ALREADY_INACTIVE()
    yield e.OrgDeactivated()


@ORG.decides(c.ReactivateOrg)
def reactivate(org: Org, _cmd: c.ReactivateOrg, _facts: Facts) -> Decisions:
    if existing(org).status is Status.ACTIVE:
        raise refusals.ALREADY_ACTIVE()
    yield e.OrgReactivated()


@ORG.decides(c.RemoveOrg)
def remove(org: Org, _cmd: c.RemoveOrg, facts: RemoveOrgFacts) -> Decisions:
    existing(org)
    if facts.is_default:
        raise refusals.DEFAULT_STAYS()
    yield Release(ORG_NAMES, key(org.name))
    for domain, verified in org.domains.items():
        if verified:
            yield Release(ORG_DOMAINS, domain)
    yield e.OrgRemoved()


@ORG.decides(c.AddOrgMember)
def add_member(org: Org, cmd: c.AddOrgMember, facts: MemberFacts) -> Decisions:
    members.check_new(existing(org).members, cmd.user_id, cmd.roles, facts)
    yield e.OrgMemberAdded(user_id=cmd.user_id, roles=cmd.roles)


@ORG.decides(c.ChangeOrgMember)
def change_member(org: Org, cmd: c.ChangeOrgMember, facts: MemberFacts) -> Decisions:
    if members.changes(existing(org).members, cmd.user_id, cmd.roles, facts):
        yield e.OrgMemberChanged(user_id=cmd.user_id, roles=cmd.roles)


@ORG.decides(c.RemoveOrgMember)
def remove_member(org: Org, cmd: c.RemoveOrgMember, _facts: Facts) -> Decisions:
    if cmd.user_id in existing(org).members:
        gone = e.OrgMemberCascadeRemoved if cmd.cascade else e.OrgMemberRemoved
        yield gone(user_id=cmd.user_id)


def existing(org: Org) -> Org:
    """Return the organisation, or refuse when there is none."""
    if not org.exists:
        raise refusals.NOT_FOUND()
    return org


def checked_name(name: str) -> str:
    """Return a name without outer blanks, or refuse it."""
    plain = name.strip()
    if not key(plain):
        raise refusals.NAME_INVALID(name=plain)
    return plain
