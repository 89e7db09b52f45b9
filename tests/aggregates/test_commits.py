"""What one order writes to several aggregates: all of it or nothing."""

import asyncio
from dataclasses import replace

from personae.actors.aggregates.facts.org import generated_domain
from personae.actors.domain.instance.refusals import DOMAIN_TAKEN
from personae.actors.domain.kit import Caller, Stream
from personae.actors.domain.kit.refusal import CONTENDED
from personae.actors.domain.org import refusals as org_refusals
from personae.actors.domain.org.commands import AddOrg, Admin, ChangeOrg
from personae.actors.domain.user import refusals
from personae.actors.domain.user.commands import RemoveUser, UpdateHuman
from personae.actors.domain.user.state import USER
from personae.actors.domain.user.values import NewContact
from personae.actors.domain.web_key.commands import ActivateWebKey, AddWebKey
from personae.actors.domain.web_key.state import Status

from tests.aggregates.conftest import ADMIN, INSTANCE, ORG, SETUP, caller, human, refused


def org(name, *admins, org_id="11"):
    return AddOrg(
        org_id=org_id,
        name=name,
        admins=tuple(Admin(user_id=h.user_id, human=h) for h in admins),
    )


async def test_an_organisation_and_its_first_administrator_are_one_commit(dispatch, world):
    head = await world.log.head(INSTANCE)
    done = await dispatch.send(org("Bolt", human("50", org_id="11")), caller())
    events = await world.log.after(INSTANCE, head, 100)
    assert [each.position for each in events] == list(range(head + 1, done.position + 1))
    assert {(each.stream.type, each.owner) for each in events} == {("org", "11"), ("user", "11")}


async def test_when_one_of_many_is_refused_nothing_is_written(dispatch, world):
    await dispatch.send(human("50", "gigi"), caller())
    head = await world.log.head(INSTANCE)
    order = org("Bolt", human("51", org_id="11"), human("52", "Gigi", org_id="11"))
    await refused(refusals.NAME_TAKEN, dispatch.send(order, caller()))
    assert await world.log.head(INSTANCE) == head
    assert await world.state(Stream(INSTANCE, "user", "51")) == USER.initial
    assert await world.log.holder(INSTANCE, "org_name", "bolt") is None


async def test_two_first_administrators_cannot_share_a_name(dispatch, world):
    order = org("Bolt", human("51", "gigi", org_id="11"), human("52", "GIGI", org_id="11"))
    await refused(refusals.NAME_TAKEN, dispatch.send(order, caller()))
    assert await world.state(Stream(INSTANCE, "user", "51")) == USER.initial


async def test_a_first_administrator_with_a_taken_id_stops_the_founding(dispatch, world):
    await dispatch.send(human("50"), caller())
    order = org("Bolt", human("50", "other", org_id="11"))
    await refused(refusals.ALREADY_EXISTS, dispatch.send(order, caller()))
    assert not (await world.state(Stream(INSTANCE, "org", "11"))).exists


async def test_whoever_is_alive_hears_of_what_others_write_about_it(dispatch, world):
    user = await world.aggregate(Stream(INSTANCE, "user", "50"))
    await dispatch.send(org("Bolt", human("50", org_id="11")), caller())
    assert (user.state.user_name, user.owner) == ("user50", "11")


async def test_a_name_given_back_can_be_taken_again_at_once(dispatch):
    await dispatch.send(human("50", "gigi"), caller())
    await dispatch.send(RemoveUser(user_id="50"), caller())
    await dispatch.send(human("51", "gigi"), caller())
    await dispatch.send(UpdateHuman(user_id="51", user_name="lola"), caller())
    await dispatch.send(human("52", "gigi"), caller())


async def test_of_two_who_want_one_name_one_gets_it(dispatch):
    for id_ in ("50", "51"):
        await dispatch.send(human(id_), caller())
    orders = [UpdateHuman(user_id=id_, user_name="gigi") for id_ in ("50", "51")]
    results = await asyncio.gather(
        *(dispatch.send(each, caller()) for each in orders), return_exceptions=True
    )
    assert [getattr(each, "reason", None) for each in results] == [None, refusals.NAME_TAKEN]


async def test_another_instance_is_another_world(dispatch, world):
    other = replace(SETUP, instance_id="2", domain="other.test")
    await refused(
        DOMAIN_TAKEN, dispatch.send(replace(other, domain="localhost"), Caller.of_system("2"))
    )
    await dispatch.send(replace(other, web_keys=()), Caller.of_system("2"))
    assert (await world.state(Stream("2", "user", ADMIN))).exists
    assert await world.log.head("2") < await world.log.head("1")


async def test_a_name_without_latin_letters_gets_a_domain_of_its_own(dispatch):
    for org_id, name in (("11", "\u6771\u4eac"), ("12", "\u5927\u962a")):
        await dispatch.send(org(name, org_id=org_id), caller())
    state = await dispatch.state(INSTANCE, "org", "12")
    assert state.primary_domain == "org-12.localhost"
    assert generated_domain("Z\u00fcrich & S\u00f6hne", "1", "x.test") == "zurich-sohne.x.test"
    assert generated_domain("a" * 100, "1", "x.test") == "a" * 63 + ".x.test"


async def test_two_organisations_with_one_domain_are_told_apart(dispatch):
    await dispatch.send(org("Bolt & Co"), caller())
    await refused(org_refusals.DOMAIN_TAKEN, dispatch.send(org("Bolt, Co.", org_id="12"), caller()))


async def test_signing_passes_from_key_to_key(dispatch, world):
    await dispatch.send(AddWebKey(key_id="k2", instance_id=INSTANCE, algorithm="ES256"), caller())
    await dispatch.send(ActivateWebKey(key_id="k2", previous="k1"), caller())
    statuses = [(await dispatch.state(INSTANCE, "web_key", id_)).status for id_ in ("k1", "k2")]
    assert statuses == [Status.INACTIVE, Status.ACTIVE]
    retired = (await world.log.stream(Stream(INSTANCE, "web_key", "k1")))[-1]
    assert retired.owner == INSTANCE


async def test_of_two_racing_successors_one_signs(dispatch):
    for id_ in ("k2", "k3"):
        await dispatch.send(
            AddWebKey(key_id=id_, instance_id=INSTANCE, algorithm="ES256"), caller()
        )
    orders = [ActivateWebKey(key_id=id_, previous="k1") for id_ in ("k2", "k3")]
    results = await asyncio.gather(
        *(dispatch.send(each, caller()) for each in orders), return_exceptions=True
    )
    assert [getattr(each, "reason", None) for each in results] == [None, CONTENDED]
    assert (await dispatch.state(INSTANCE, "web_key", "k3")).status is Status.INITIAL


async def test_asking_for_what_is_so_writes_nothing(dispatch, world):
    head = await world.log.head(INSTANCE)
    done = await dispatch.send(ChangeOrg(org_id=ORG, name="ACME"), caller())
    assert (done.events, await world.log.head(INSTANCE)) == ((), head)


async def test_codes_are_shown_once_to_who_asked_for_them(dispatch, world):
    email = NewContact(value="gigi@x.test", return_code=True)
    done = await dispatch.send(human("50", email=email), caller())
    code = done.secrets["email_code"]
    assert len(code) == 6
    assert code not in repr(done) + repr(await world.log.stream(done.stream))
