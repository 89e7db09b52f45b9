import pytest
from personae.actors.domain.kit import Claim, On, Release, Stream
from personae.actors.domain.members import MemberFacts
from personae.actors.domain.org import commands as c
from personae.actors.domain.org import events as e
from personae.actors.domain.org import refusals
from personae.actors.domain.org.facts import AddOrgFacts, RemoveOrgFacts
from personae.actors.domain.org.state import ORG_DOMAINS, ORG_NAMES
from personae.actors.domain.user import refusals as user_refusals
from personae.actors.domain.user.commands import AddHuman
from personae.actors.domain.user.events import EmailVerified
from personae.actors.domain.user.values import NewContact, Profile

from tests.domain.language import NOW, given, human_facts, state_of

DOMAIN = "acme.x.test"
ROLES = frozenset({"ORG_OWNER", "ORG_USER_MANAGER"})
ADDED = e.OrgAdded(name="ACME")
MEMBER = e.OrgMemberAdded(user_id="20", roles=("ORG_OWNER",))
FOUNDED = (
    e.OrgDomainAdded(domain=DOMAIN),
    e.OrgDomainVerified(domain=DOMAIN),
    e.OrgPrimaryDomainSet(domain=DOMAIN),
)
MEMBERS = MemberFacts(now=NOW, known_roles=ROLES)


def facts(**changes):
    return AddOrgFacts(
        **{"now": NOW, "instance_id": "1", "domain": DOMAIN, "known_roles": ROLES} | changes
    )


def add(*admins, name=" ACME "):
    return c.AddOrg(org_id="10", name=name, admins=admins)


def test_founding_claims_name_and_domain():
    given().when(add(), facts()).then(
        Claim(ORG_NAMES, "acme", refusals.NAME_TAKEN),
        Claim(ORG_DOMAINS, DOMAIN, refusals.DOMAIN_TAKEN),
        ADDED,
        *FOUNDED,
    )


def test_a_first_administrator_owns_the_organisation_unless_said_otherwise():
    given().when(add(c.Admin(user_id="20")), facts()).includes(MEMBER)
    manager = c.Admin(user_id="20", roles=("ORG_USER_MANAGER",))
    given().when(add(manager), facts()).includes(
        e.OrgMemberAdded(user_id="20", roles=("ORG_USER_MANAGER",))
    )


def test_a_first_administrator_may_be_created_in_the_same_commit():
    order = AddHuman(
        user_id="20",
        org_id="10",
        user_name="gigi",
        profile=Profile(first_name="Gigi", last_name="Giraffe"),
        email=NewContact(value="gigi@x.test", verified=True),
    )
    story = given().when(
        add(c.Admin(user_id="20", human=order)), facts(humans={"20": human_facts()})
    )
    story.includes(MEMBER, On(Stream("1", "user", "20"), EmailVerified(), owner="10"))


def test_a_first_administrator_must_exist_and_have_a_role_of_this_level():
    unknown = facts(unknown_users=frozenset({"20"}))
    given().when(add(c.Admin(user_id="20")), unknown).refuses(user_refusals.NOT_FOUND)
    admin = c.Admin(user_id="20", roles=("IAM_OWNER",))
    given().when(add(admin), facts()).refuses(refusals.ROLE_UNKNOWN)


@pytest.mark.parametrize("history", [[ADDED], [ADDED, e.OrgRemoved()]])
def test_an_id_is_never_used_twice(history):
    given(*history).when(add(), facts()).refuses(refusals.ALREADY_EXISTS)


def test_an_organisation_has_a_name():
    given().when(add(name="  "), facts()).refuses(refusals.NAME_INVALID)


def test_renaming_moves_the_claim():
    given(ADDED).when(c.ChangeOrg(org_id="10", name="Bolt")).then(
        Release(ORG_NAMES, "acme"),
        Claim(ORG_NAMES, "bolt", refusals.NAME_TAKEN),
        e.OrgChanged(name="Bolt"),
    )


def test_another_spelling_keeps_the_claim_and_the_same_name_changes_nothing():
    given(ADDED).when(c.ChangeOrg(org_id="10", name="Acme")).then(e.OrgChanged(name="Acme"))
    given(ADDED).when(c.ChangeOrg(org_id="10", name="ACME ")).then_nothing()


def test_an_organisation_rests_and_comes_back():
    off, on = e.OrgDeactivated(), e.OrgReactivated()
    stop, start = c.DeactivateOrg(org_id="10"), c.ReactivateOrg(org_id="10")
    given(ADDED).when(stop).then(off)
    given(ADDED, off).when(stop).refuses(refusals.ALREADY_INACTIVE)
    given(ADDED, off).when(start).then(on)
    given(ADDED, off, on).when(start).refuses(refusals.ALREADY_ACTIVE)
    assert not state_of("org", ADDED, off).active


def test_removing_gives_back_the_name_and_the_verified_domains():
    order, about = c.RemoveOrg(org_id="10"), RemoveOrgFacts(now=NOW, is_default=False)
    unverified = e.OrgDomainAdded(domain="other.test")
    given(ADDED, *FOUNDED, unverified).when(order, about).then(
        Release(ORG_NAMES, "acme"), Release(ORG_DOMAINS, DOMAIN), e.OrgRemoved()
    )


def test_the_default_organisation_stays():
    about = RemoveOrgFacts(now=NOW, is_default=True)
    given(ADDED).when(c.RemoveOrg(org_id="10"), about).refuses(refusals.DEFAULT_STAYS)


def member(order, *roles):
    return order(org_id="10", user_id="20", roles=roles or ("ORG_OWNER",))


def test_a_member_comes_changes_and_goes():
    given(ADDED).when(member(c.AddOrgMember), MEMBERS).then(MEMBER)
    changed = e.OrgMemberChanged(user_id="20", roles=("ORG_USER_MANAGER",))
    order = member(c.ChangeOrgMember, "ORG_USER_MANAGER")
    given(ADDED, MEMBER).when(order, MEMBERS).then(changed)
    given(ADDED, MEMBER, changed).when(order, MEMBERS).then_nothing()
    remove = c.RemoveOrgMember(org_id="10", user_id="20")
    given(ADDED, MEMBER).when(remove).then(e.OrgMemberRemoved(user_id="20"))
    given(ADDED).when(remove).then_nothing()
    assert state_of("org", ADDED, MEMBER, e.OrgMemberRemoved(user_id="20")).members == {}


def test_nobody_is_a_member_twice():
    given(ADDED, MEMBER).when(member(c.AddOrgMember), MEMBERS).refuses(refusals.MEMBER_EXISTS)


def test_only_users_become_members():
    nobody = MemberFacts(now=NOW, known_roles=ROLES, user_exists=False)
    given(ADDED).when(member(c.AddOrgMember), nobody).refuses(user_refusals.NOT_FOUND)


def test_only_members_change_their_roles():
    given(ADDED).when(member(c.ChangeOrgMember), MEMBERS).refuses(refusals.MEMBER_NOT_FOUND)


@pytest.mark.parametrize("roles", [(), ("IAM_OWNER",), ("ORG_OWNER", "nonsense")])
def test_members_have_roles_of_this_level(roles):
    add_ = c.AddOrgMember(org_id="10", user_id="20", roles=roles)
    change = c.ChangeOrgMember(org_id="10", user_id="20", roles=roles)
    given(ADDED).when(add_, MEMBERS).refuses(refusals.ROLE_UNKNOWN)
    given(ADDED, MEMBER).when(change, MEMBERS).refuses(refusals.ROLE_UNKNOWN)


@pytest.mark.parametrize("history", [[], [ADDED, e.OrgRemoved()]])
@pytest.mark.parametrize(
    "order",
    [
        c.ChangeOrg(org_id="10", name="x"),
        c.DeactivateOrg(org_id="10"),
        c.ReactivateOrg(org_id="10"),
        c.RemoveOrg(org_id="10"),
        member(c.AddOrgMember),
        member(c.ChangeOrgMember),
        c.RemoveOrgMember(org_id="10", user_id="20"),
    ],
)
def test_what_is_not_there_takes_no_orders(order, history):
    given(*history).when(order, MEMBERS).refuses(refusals.NOT_FOUND)


def test_a_domain_goes_again():
    gone = e.OrgDomainRemoved(domain=DOMAIN, verified=True)
    assert state_of("org", ADDED, *FOUNDED, gone).domains == {}


def test_a_new_name_is_remembered():
    assert state_of("org", ADDED, e.OrgChanged(name="Bolt")).name == "Bolt"
