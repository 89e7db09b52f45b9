from dataclasses import replace

import pytest
from personae.actors.domain.kit import Claim, Release
from personae.actors.domain.project import events as p
from personae.actors.domain.project import refusals as project_refusals
from personae.actors.domain.user import refusals as user_refusals
from personae.actors.domain.user_grant import commands as c
from personae.actors.domain.user_grant import events as e
from personae.actors.domain.user_grant import refusals
from personae.actors.domain.user_grant.decide import USER_GRANTS
from personae.actors.domain.user_grant.effective import effective_roles
from personae.actors.domain.user_grant.facts import GrantFacts

from tests.domain.language import NOW, given, state_of

ADDED = e.UserGrantAdded(user_id="20", project_id="30", role_keys=("buyer",))
FACTS = GrantFacts(now=NOW, org_id="10", project_roles=frozenset({"buyer", "seller"}))


def add(*roles):
    return c.AddUserGrant(
        user_grant_id="60", org_id="10", user_id="20", project_id="30", roles=roles or ("buyer",)
    )


def change(*roles):
    return c.ChangeUserGrant(user_grant_id="60", roles=roles)


def of_grant(order):
    return order(user_grant_id="60")


def test_a_grant_claims_its_place_between_owner_user_and_project():
    claim = Claim(USER_GRANTS, "10:20:30:", refusals.ALREADY_EXISTS)
    given().when(add(), FACTS).then(claim, ADDED)


def test_a_grant_is_of_a_user_in_a_project():
    given().when(add(), replace(FACTS, user_exists=False)).refuses(user_refusals.NOT_FOUND)
    given().when(add(), replace(FACTS, project_exists=False)).refuses(project_refusals.NOT_FOUND)


@pytest.mark.parametrize("history", [[ADDED], [ADDED, e.UserGrantRemoved()]])
def test_an_id_is_never_used_twice(history):
    given(*history).when(add(), FACTS).refuses(refusals.ALREADY_EXISTS)


def test_only_roles_of_the_project_are_given():
    given().when(add("buyer", "king"), FACTS).refuses(refusals.ROLE_UNKNOWN)
    given(ADDED).when(change("king"), FACTS).refuses(refusals.ROLE_UNKNOWN)


def test_the_order_of_roles_makes_no_difference():
    given(ADDED).when(change("seller"), FACTS).then(e.UserGrantChanged(role_keys=("seller",)))
    both = e.UserGrantChanged(role_keys=("buyer", "seller"))
    given(ADDED, both).when(change("seller", "buyer"), FACTS).then_nothing()
    assert state_of("usergrant", ADDED, both).roles == ("buyer", "seller")


def test_a_grant_rests_and_comes_back():
    off, on = e.UserGrantDeactivated(), e.UserGrantReactivated()
    stop, start = of_grant(c.DeactivateUserGrant), of_grant(c.ReactivateUserGrant)
    given(ADDED).when(stop).then(off)
    given(ADDED, off).when(stop).refuses(refusals.ALREADY_INACTIVE)
    given(ADDED, off).when(start).then(on)
    given(ADDED, off, on).when(start).refuses(refusals.ALREADY_ACTIVE)


def test_removing_gives_the_place_back():
    over_a_project_grant = replace(ADDED, grant_id="70")
    given(over_a_project_grant).when(of_grant(c.RemoveUserGrant), FACTS).then(
        Release(USER_GRANTS, "10:20:30:70"), e.UserGrantRemoved()
    )


@pytest.mark.parametrize("history", [[], [ADDED, e.UserGrantRemoved()]])
@pytest.mark.parametrize(
    "order",
    [
        change("buyer"),
        of_grant(c.DeactivateUserGrant),
        of_grant(c.ReactivateUserGrant),
        of_grant(c.RemoveUserGrant),
    ],
)
def test_what_is_not_there_takes_no_orders(order, history):
    given(*history).when(order, FACTS).refuses(refusals.NOT_FOUND)


def test_a_grant_over_a_project_grant_has_a_place_of_its_own():
    facts = replace(FACTS, grant_id="70")
    claim = Claim(USER_GRANTS, "10:20:30:70", refusals.ALREADY_EXISTS)
    given().when(add(), facts).then(claim, replace(ADDED, grant_id="70"))


def test_a_grant_loses_what_it_was_given_over():
    tidy = of_grant(c.TidyUserGrant)
    given(ADDED).when(tidy, FACTS).then_nothing()
    less = replace(FACTS, project_roles=frozenset({"seller"}))
    given(ADDED).when(tidy, less).then(e.UserGrantCascadeChanged(role_keys=()))
    gone = (Release(USER_GRANTS, "10:20:30:"), e.UserGrantCascadeRemoved())
    given(ADDED).when(tidy, replace(FACTS, user_exists=False)).then(*gone)
    given(ADDED).when(tidy, replace(FACTS, project_exists=False)).then(*gone)
    given().when(tidy, FACTS).refuses(refusals.NOT_FOUND)


PROJECT = (p.ProjectAdded(name="Shop"), p.RoleAdded(key="buyer"))
OVER = p.GrantAdded(grant_id="70", granted_org_id="11", role_keys=("buyer",))


def counting(project, *history, over=""):
    grant = state_of("usergrant", replace(ADDED, grant_id=over), *history)
    return effective_roles(grant, state_of("project", *project))


def test_roles_count_while_grant_and_project_are_active_and_have_them():
    assert counting(PROJECT) == ("buyer",)
    assert counting(PROJECT, e.UserGrantDeactivated()) == ()
    assert counting((*PROJECT, p.ProjectDeactivated())) == ()
    assert counting((*PROJECT, p.RoleRemoved(key="buyer"))) == ()


def test_roles_over_a_project_grant_count_as_far_as_it_goes():
    assert counting((*PROJECT, OVER), over="70") == ("buyer",)
    assert counting(PROJECT, over="70") == ()
    assert counting((*PROJECT, OVER, p.GrantDeactivated(grant_id="70")), over="70") == ()
    less = p.GrantChanged(grant_id="70", role_keys=())
    assert counting((*PROJECT, OVER, less), over="70") == ()
