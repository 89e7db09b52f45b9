"""From what people type to the user it names, under both policies."""

from dataclasses import replace

import pytest
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.aggregates.login_names import login_names, user_of
from personae.actors.domain.kit import Caller
from personae.actors.domain.org.commands import AddOrg
from personae.actors.domain.org.events import OrgDomainAdded, OrgDomainVerified
from personae.actors.domain.policies import DomainPolicy
from personae.actors.domain.session.commands import AddSession, Checks
from personae.actors.domain.user import refusals
from personae.actors.domain.user.commands import RemoveUser, UpdateHuman
from personae.store.log import Commit, Part

from tests.aggregates.conftest import INSTANCE, ORG, POLICIES, SETUP, caller, human, refused

OTHER = "11"


@pytest.fixture
async def scoped(world):
    """An instance whose organisations have user names of their own."""
    policies = replace(POLICIES, domain=DomainPolicy(user_login_must_be_domain=True))
    dispatch = Dispatch(world)
    await dispatch.send(replace(SETUP, policies=policies), Caller.of_system(INSTANCE))
    await dispatch.send(AddOrg(org_id=OTHER, name="Other"), caller())
    return dispatch


async def found(dispatch, typed):
    return await user_of(dispatch.world, INSTANCE, typed)


async def names(dispatch, user_id):
    user = await dispatch.aggregate(INSTANCE, "user", user_id)
    return await login_names(dispatch.world, INSTANCE, user.state, user.owner)


async def test_a_name_unique_in_the_instance_is_the_login_name(dispatch):
    await dispatch.send(human("50", "Gigi"), caller())
    for typed in ("gigi", "GIGI", " gigi ", "\uff47igi"):
        assert await found(dispatch, typed) == "50"
    for typed in ("lola", "gigi@acme.localhost", "", "@", "gigi@"):
        assert await found(dispatch, typed) is None
    assert await names(dispatch, "50") == ["Gigi"]


async def test_an_address_may_be_the_login_name(dispatch):
    await dispatch.send(human("50", "gigi@x.test"), caller())
    assert await found(dispatch, "Gigi@X.test") == "50"


async def test_a_name_of_an_organisation_is_found_by_its_domain(scoped):
    await scoped.send(human("50", "gigi"), caller())
    await scoped.send(human("51", "Gigi", org_id=OTHER), caller())
    assert await found(scoped, "gigi@acme.localhost") == "50"
    assert await found(scoped, "GIGI@Other.LOCALHOST") == "51"
    for typed in ("gigi", "gigi@nowhere.test", "lola@acme.localhost"):
        assert await found(scoped, typed) is None
    assert await names(scoped, "51") == ["Gigi@other.localhost"]


async def test_a_name_with_an_at_sign_is_found_by_the_domain_behind_it(scoped):
    await scoped.send(human("50", "gigi@x.test"), caller())
    assert await found(scoped, "gigi@x.test@acme.localhost") == "50"


async def test_two_users_of_one_organisation_share_no_name(scoped):
    await scoped.send(human("50", "gigi"), caller())
    await refused(refusals.NAME_TAKEN, scoped.send(human("51", "GIGI"), caller()))


async def test_the_primary_domain_comes_first_and_unverified_ones_do_not_count(scoped):
    org = await scoped.aggregate(INSTANCE, "org", ORG)
    events = (
        OrgDomainAdded(domain="aaa.test"),
        OrgDomainVerified(domain="aaa.test"),
        OrgDomainAdded(domain="zzz.test"),
    )
    part = Part(org.stream, org.version, ORG, events)
    commit = Commit(instance_id=INSTANCE, parts=(part,), creator="", at=scoped.world.now())
    await scoped.world.log.append(commit)
    await scoped.send(human("50", "gigi"), caller())
    assert await names(scoped, "50") == ["gigi@acme.localhost", "gigi@aaa.test"]


async def renamed_and_removed(dispatch, at):
    await dispatch.send(human("50", "gigi"), caller())
    assert await found(dispatch, "gigi" + at) == "50"
    await dispatch.send(UpdateHuman(user_id="50", user_name="lola"), caller())
    assert [await found(dispatch, name + at) for name in ("gigi", "lola")] == [None, "50"]
    await dispatch.send(RemoveUser(user_id="50"), caller())
    return await found(dispatch, "lola" + at)


async def test_a_name_is_never_found_under_its_old_form(dispatch):
    assert await renamed_and_removed(dispatch, "") is None


async def test_a_name_of_an_organisation_is_never_found_under_its_old_form(scoped):
    assert await renamed_and_removed(scoped, "@acme.localhost") is None


async def test_a_name_in_another_organisations_domain_is_reserved(dispatch):
    await dispatch.send(AddOrg(org_id=OTHER, name="Other"), caller())
    order = human("50", "gigi@OTHER.localhost")
    await refused(refusals.NAME_RESERVED, dispatch.send(order, caller()))
    await dispatch.send(replace(order, org_id=OTHER), caller())


async def test_signing_in_as_nobody_is_refused(dispatch):
    checks = Checks(login_name="nobody", password="x")
    order = AddSession(session_id="70", instance_id=INSTANCE, token_id="t", checks=checks)
    await refused(refusals.NOT_FOUND, dispatch.send(order, caller("")))
