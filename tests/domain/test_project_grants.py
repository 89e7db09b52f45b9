from dataclasses import replace

import pytest
from personae.actors.domain.kit import Claim, Release
from personae.actors.domain.members import MemberFacts
from personae.actors.domain.org import refusals as member_refusals
from personae.actors.domain.org.refusals import NOT_FOUND as NO_ORG
from personae.actors.domain.project import commands as c
from personae.actors.domain.project import events as e
from personae.actors.domain.project import refusals
from personae.actors.domain.project.facts import ProjectGrantFacts
from personae.actors.domain.project.values import PROJECT_GRANTS, ROLE_KEYS, Status
from personae.actors.domain.user import refusals as user_refusals

from tests.domain.language import NOW, given, state_of

ADDED = e.ProjectAdded(name="Shop")
ROLES = (e.RoleAdded(key="buyer"), e.RoleAdded(key="seller"))
SHOP = (ADDED, *ROLES)
GRANT = e.GrantAdded(grant_id="70", granted_org_id="11", role_keys=("buyer",))
FACTS = ProjectGrantFacts(now=NOW, org_id="10")
MEMBERS = MemberFacts(now=NOW, known_roles=frozenset({"PROJECT_OWNER", "PROJECT_OWNER_VIEWER"}))
ON_PROJECT = e.ProjectMemberAdded(user_id="20", roles=("PROJECT_OWNER",))
ON_GRANT = e.GrantMemberAdded(user_id="20", grant_id="70", roles=("PROJECT_OWNER",))


def add(org_id="11", roles=("buyer",)):
    return c.AddProjectGrant(project_id="30", grant_id="70", granted_org_id=org_id, roles=roles)


def to_org(order, **more):
    return order(project_id="30", granted_org_id="11", **more)


def test_a_grant_claims_its_place_between_project_and_organisation():
    claim = Claim(PROJECT_GRANTS, "11:30", refusals.GRANT_EXISTS)
    given(*SHOP).when(add(), FACTS).then(claim, GRANT)


def test_a_project_is_granted_once_to_others_that_exist():
    given(*SHOP, GRANT).when(add(), FACTS).refuses(refusals.GRANT_EXISTS)
    given(*SHOP, GRANT).when(add("12"), FACTS).refuses(refusals.GRANT_EXISTS)
    given(*SHOP).when(add("10"), FACTS).refuses(refusals.GRANT_TO_OWNER)
    given(*SHOP).when(add(), replace(FACTS, org_exists=False)).refuses(NO_ORG)
    given(*SHOP, e.ProjectDeactivated()).when(add(), FACTS).refuses(refusals.NOT_ACTIVE)


def test_only_roles_of_the_project_are_granted():
    given(*SHOP).when(add(roles=("king",)), FACTS).refuses(refusals.ROLE_NOT_FOUND)
    order = to_org(c.ChangeProjectGrant, roles=("king",))
    given(*SHOP, GRANT).when(order).refuses(refusals.ROLE_NOT_FOUND)


def test_a_grant_gets_other_roles():
    changed = e.GrantChanged(grant_id="70", role_keys=("seller",))
    order = to_org(c.ChangeProjectGrant, roles=("seller",))
    given(*SHOP, GRANT).when(order).then(changed)
    given(*SHOP, GRANT, changed).when(order).then_nothing()


def test_a_grant_rests_and_comes_back():
    off, on = e.GrantDeactivated(grant_id="70"), e.GrantReactivated(grant_id="70")
    stop, start = to_org(c.DeactivateProjectGrant), to_org(c.ReactivateProjectGrant)
    given(*SHOP, GRANT).when(stop).then(off)
    given(*SHOP, GRANT, off).when(stop).refuses(refusals.GRANT_ALREADY_INACTIVE)
    given(*SHOP, GRANT, off).when(start).then(on)
    given(*SHOP, GRANT, off, on).when(start).refuses(refusals.GRANT_ALREADY_ACTIVE)
    assert state_of("project", *SHOP, GRANT, off).grants["70"].status is Status.INACTIVE


def test_removing_a_grant_gives_its_place_back():
    gone = e.GrantRemoved(grant_id="70", granted_org_id="11")
    order = to_org(c.RemoveProjectGrant)
    given(*SHOP, GRANT).when(order).then(Release(PROJECT_GRANTS, "11:30"), gone)
    assert state_of("project", *SHOP, GRANT, gone).grants == {}


def test_removing_the_project_gives_the_places_of_its_grants_back():
    story = given(ADDED, GRANT).when(c.RemoveProject(project_id="30"), FACTS)
    story.includes(Release(PROJECT_GRANTS, "11:30"))


def test_a_removed_role_goes_from_every_grant():
    other = e.GrantAdded(grant_id="71", granted_org_id="12", role_keys=("seller",))
    given(*SHOP, GRANT, other).when(c.RemoveRole(project_id="30", key="buyer")).then(
        Release(ROLE_KEYS, "buyer:30"),
        e.RoleRemoved(key="buyer"),
        e.GrantCascadeChanged(grant_id="70", role_keys=()),
    )


def test_a_role_changes_what_is_given():
    order = c.ChangeRole(project_id="30", key="buyer", display_name="Buyer", group="")
    given(*SHOP).when(order).then(e.RoleChanged(key="buyer", display_name="Buyer"))
    given(*SHOP).when(c.ChangeRole(project_id="30", key="buyer")).then_nothing()


@pytest.mark.parametrize(
    "order",
    [
        to_org(c.ChangeProjectGrant, roles=()),
        to_org(c.DeactivateProjectGrant),
        to_org(c.ReactivateProjectGrant),
        to_org(c.RemoveProjectGrant),
        to_org(c.AddProjectMember, user_id="20", roles=("PROJECT_OWNER",)),
    ],
)
def test_what_was_not_granted_takes_no_orders(order):
    given(*SHOP).when(order, MEMBERS).refuses(refusals.GRANT_NOT_FOUND)
    given().when(order, MEMBERS).refuses(refusals.NOT_FOUND)


@pytest.mark.parametrize("order", [c.ChangeRole, c.RemoveRole])
def test_a_role_that_is_not_there_takes_no_orders(order):
    given(*SHOP).when(order(project_id="30", key="x")).refuses(refusals.ROLE_NOT_FOUND)
    given().when(order(project_id="30", key="x")).refuses(refusals.NOT_FOUND)


WHERE = pytest.mark.parametrize(
    ("org_id", "member", "changed", "removed", "cascade"),
    [
        (
            "",
            ON_PROJECT,
            e.ProjectMemberChanged(user_id="20", roles=("PROJECT_OWNER_VIEWER",)),
            e.ProjectMemberRemoved(user_id="20"),
            e.ProjectMemberCascadeRemoved(user_id="20"),
        ),
        (
            "11",
            ON_GRANT,
            e.GrantMemberChanged(user_id="20", grant_id="70", roles=("PROJECT_OWNER_VIEWER",)),
            e.GrantMemberRemoved(user_id="20", grant_id="70"),
            e.GrantMemberCascadeRemoved(user_id="20", grant_id="70"),
        ),
    ],
)


@WHERE
def test_a_member_comes_changes_and_goes(org_id, member, changed, removed, cascade):
    of = {"project_id": "30", "user_id": "20", "granted_org_id": org_id}
    begun = given(*SHOP, GRANT, member)
    given(*SHOP, GRANT).when(c.AddProjectMember(**of, roles=("PROJECT_OWNER",)), MEMBERS).then(
        member
    )
    change = c.ChangeProjectMember(**of, roles=("PROJECT_OWNER_VIEWER",))
    begun.when(change, MEMBERS).then(changed)
    given(*SHOP, GRANT, member, changed).when(change, MEMBERS).then_nothing()
    begun.when(c.RemoveProjectMember(**of)).then(removed)
    begun.when(c.RemoveProjectMember(**of, cascade=True)).then(cascade)
    given(*SHOP, GRANT, member, cascade).when(c.RemoveProjectMember(**of)).then_nothing()


@WHERE
def test_members_are_users_with_roles_of_their_level(org_id, member, changed, removed, cascade):
    of = {"project_id": "30", "user_id": "20", "granted_org_id": org_id}
    add_ = c.AddProjectMember(**of, roles=("PROJECT_OWNER",))
    given(*SHOP, GRANT, member).when(add_, MEMBERS).refuses(member_refusals.MEMBER_EXISTS)
    nobody = replace(MEMBERS, user_exists=False)
    given(*SHOP, GRANT).when(add_, nobody).refuses(user_refusals.NOT_FOUND)
    strange = c.AddProjectMember(**of, roles=("IAM_OWNER",))
    given(*SHOP, GRANT).when(strange, MEMBERS).refuses(member_refusals.ROLE_UNKNOWN)
    change = c.ChangeProjectMember(**of, roles=("PROJECT_OWNER",))
    given(*SHOP, GRANT).when(change, MEMBERS).refuses(member_refusals.MEMBER_NOT_FOUND)
