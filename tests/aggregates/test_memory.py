"""Memory follows the log: waking, foreign appends, contention, lost answers, death."""

import asyncio
import gc
from contextlib import suppress

import pytest
from personae.actors.aggregates.aggregate import ATTEMPTS
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.aggregates.orders import Done
from personae.actors.domain.kit import Caller, Refusal, Stream
from personae.actors.domain.kit.refusal import CONTENDED, UNAVAILABLE
from personae.actors.domain.oidc_session.commands import OpenOIDCSession, RevokeOIDCSession
from personae.actors.domain.oidc_session.opening import Opening
from personae.actors.domain.org import refusals as org_refusals
from personae.actors.domain.org.commands import AddOrg, ChangeOrg, DeactivateOrg
from personae.actors.domain.org.decide import ORG as ORG_KIND
from personae.actors.domain.org.events import OrgChanged
from personae.actors.domain.user import refusals
from personae.actors.domain.user.commands import LockUser, RemoveUser, UnlockUser, UpdateMachine
from personae.actors.domain.user.values import Status

from tests.aggregates.conftest import (
    INSTANCE,
    ORG,
    ROBOT,
    SETUP,
    caller,
    human,
    process,
    refused,
)
from tests.aggregates.slow_log import SlowLog

ORG_STREAM = Stream(INSTANCE, "org", ORG)
USER_50 = Stream(INSTANCE, "user", "50")


async def test_whoever_comes_while_the_log_is_read_waits_for_the_reading(elsewhere):
    asked = []
    for _ in range(5):
        asked.append(asyncio.create_task(elsewhere.world.state(ORG_STREAM)))
        await asyncio.sleep(0)
    assert [(await each).name for each in asked] == ["ACME"] * 5
    assert [stream for stream, *_ in elsewhere.world.log.reads].count(ORG_STREAM) == 1


async def test_an_order_that_comes_while_the_log_is_read_is_decided_on_what_it_says(elsewhere):
    reading = asyncio.create_task(elsewhere.state(INSTANCE, "user", ROBOT))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await refused(refusals.NOT_LOCKED, elsewhere.send(UnlockUser(user_id=ROBOT), caller()))
    assert (await reading).exists


async def test_what_others_commit_during_a_reading_is_not_missed(dispatch, elsewhere):
    reading = asyncio.create_task(elsewhere.world.aggregate(ORG_STREAM))
    await asyncio.sleep(0)
    done = await dispatch.send(ChangeOrg(org_id=ORG, name="Other"), caller())
    elsewhere.world.absorb(await dispatch.world.log.stream(ORG_STREAM, done.sequence - 1))
    assert (await reading).state.name == "Other"


async def test_foreign_appends_are_absorbed_before_the_next_turn(dispatch, elsewhere):
    await elsewhere.world.state(ORG_STREAM)
    done = await dispatch.send(ChangeOrg(org_id=ORG, name="Other"), caller())
    elsewhere.world.absorb(await dispatch.world.log.stream(ORG_STREAM, done.sequence - 1))
    again = await elsewhere.send(ChangeOrg(org_id=ORG, name="Other"), caller())
    assert (again.sequence, again.events) == (done.sequence, ())


async def test_a_gap_between_foreign_appends_means_reading_the_log(dispatch, elsewhere):
    await elsewhere.world.state(ORG_STREAM)
    await dispatch.send(ChangeOrg(org_id=ORG, name="One"), caller())
    done = await dispatch.send(ChangeOrg(org_id=ORG, name="Two"), caller())
    elsewhere.world.absorb(await dispatch.world.log.stream(ORG_STREAM, done.sequence - 1))
    assert (await elsewhere.world.state(ORG_STREAM)).name == "Two"


async def test_a_process_that_lost_its_ears_trusts_no_memory(dispatch, elsewhere):
    await elsewhere.world.state(ORG_STREAM)
    await dispatch.send(ChangeOrg(org_id=ORG, name="Other"), caller())
    elsewhere.world.forget()
    assert (await elsewhere.world.state(ORG_STREAM)).name == "Other"


async def test_who_wrote_second_decides_again_on_what_the_first_wrote(dispatch, elsewhere):
    await dispatch.send(AddOrg(org_id="11", name="Other"), caller())
    await elsewhere.world.state(Stream(INSTANCE, "org", "11"))
    await dispatch.send(DeactivateOrg(org_id="11"), caller())
    again = elsewhere.send(DeactivateOrg(org_id="11"), caller())
    await refused(org_refusals.ALREADY_INACTIVE, again)


async def test_two_processes_never_write_to_the_same_place(dispatch, elsewhere):
    sent = [
        each.send(ChangeOrg(org_id=ORG, name=f"{name}{i}"), caller())
        for i in range(20)
        for name, each in (("a", dispatch), ("b", elsewhere))
    ]
    results = await asyncio.gather(*sent, return_exceptions=True)
    sequences = sorted(each.sequence for each in results if isinstance(each, Done))
    assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
    assert {each.reason for each in results if not isinstance(each, Done)} <= {CONTENDED}


async def test_an_order_that_always_comes_second_is_refused_as_contended(dispatch, world):
    tries = []
    append = world.log.append

    async def somebody_first(commit):
        tries.append(commit)
        rival = commit.parts[0].__class__(
            ORG_STREAM, commit.parts[0].version, ORG, (OrgChanged(name=f"rival {len(tries)}"),)
        )
        await append(
            commit.__class__(instance_id=INSTANCE, parts=(rival,), creator="", at=commit.at)
        )
        return await append(commit)

    world.log.append = somebody_first
    await refused(CONTENDED, dispatch.send(ChangeOrg(org_id=ORG, name="Mine"), caller()))
    assert len(tries) == ATTEMPTS
    assert (await world.state(ORG_STREAM)).name == f"rival {ATTEMPTS}"


async def test_creating_with_a_taken_id_is_refused(dispatch, elsewhere):
    await dispatch.send(human("50"), caller())
    again = human("50", "another")
    for each in (dispatch, elsewhere):
        await refused(refusals.ALREADY_EXISTS, each.send(again, caller()))


async def test_the_id_of_a_deleted_user_is_never_given_again(dispatch, elsewhere):
    await dispatch.send(human("50"), caller())
    await dispatch.send(RemoveUser(user_id="50"), caller())
    for each in (dispatch, elsewhere):
        await refused(refusals.ALREADY_EXISTS, each.send(human("50"), caller()))


async def test_200_racing_creations_of_one_name_have_one_winner(dispatch, elsewhere):
    sent = [
        each.send(human(f"{process}{i}", "Gigi" if i % 2 else "gigi"), caller())
        for i in range(100)
        for process, each in (("5", dispatch), ("6", elsewhere))
    ]
    results = await asyncio.gather(*sent, return_exceptions=True)
    won = [each for each in results if not isinstance(each, Exception)]
    assert len(won) == 1
    assert {each.reason for each in results if each not in won} == {refusals.NAME_TAKEN}


async def test_a_refusal_leaves_memory_and_log_untouched(dispatch, world):
    actor = await world.aggregate(ORG_STREAM)
    before = (actor.state, actor.version, await world.log.head(INSTANCE))
    await refused(
        org_refusals.NAME_INVALID, dispatch.send(ChangeOrg(org_id=ORG, name=" "), caller())
    )
    assert (actor.state, actor.version, await world.log.head(INSTANCE)) == before
    assert await world.aggregate(ORG_STREAM) is actor


async def test_an_unknown_outcome_makes_memory_read_the_log_again(dispatch, world):
    world.log.lose_next = True
    await refused(UNAVAILABLE, dispatch.send(ChangeOrg(org_id=ORG, name="Kept"), caller()))
    reads = len(world.log.reads)
    assert (await world.state(ORG_STREAM)).name == "Kept"
    assert len(world.log.reads) == reads + 1


async def test_an_exception_in_a_turn_kills_only_that_actor(dispatch, world, monkeypatch):
    org, robot = (
        await world.aggregate(ORG_STREAM),
        await world.aggregate(Stream(INSTANCE, "user", ROBOT)),
    )
    monkeypatch.setitem(ORG_KIND._deciders, ChangeOrg, lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await dispatch.send(ChangeOrg(org_id=ORG, name="X"), caller())
    monkeypatch.undo()
    assert (
        await dispatch.send(ChangeOrg(org_id=ORG, name="Y"), caller())
    ).sequence == org.version + 1
    assert await world.aggregate(ORG_STREAM) is not org
    assert await world.aggregate(robot.stream) is robot


async def test_an_exception_after_the_commit_leaves_no_half_changed_state(
    dispatch, elsewhere, monkeypatch
):
    world, evolve = elsewhere.world, ORG_KIND.evolve
    await world.state(ORG_STREAM)
    monkeypatch.setattr(ORG_KIND, "evolve", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await elsewhere.send(ChangeOrg(org_id=ORG, name="Written"), caller())
    monkeypatch.setattr(ORG_KIND, "evolve", evolve)
    actor = await world.aggregate(ORG_STREAM)
    events = [each.event for each in await world.log.stream(ORG_STREAM)]
    assert (actor.state, actor.version) == (ORG_KIND.fold(events), len(events))
    assert actor.state.name == "Written"


async def test_a_read_that_fails_is_answered_and_tried_again(elsewhere, monkeypatch):
    log = elsewhere.world.log

    async def broken(*_):
        raise UNAVAILABLE()

    with monkeypatch.context() as patch:
        patch.setattr(log, "stream", broken)
        await refused(UNAVAILABLE, elsewhere.state(INSTANCE, "org", ORG))
    assert (await elsewhere.state(INSTANCE, "org", ORG)).name == "ACME"


async def test_an_actor_sleeps_with_a_snapshot_and_wakes_by_reading_only_the_tail(dispatch, world):
    await dispatch.send(human("50"), caller())
    for i in range(250):
        await dispatch.send(ChangeOrg(org_id=ORG, name=f"Name {i}"), caller())
    old = await world.aggregate(ORG_STREAM)
    await _sleep(world)
    await dispatch.send(ChangeOrg(org_id=ORG, name="Awake"), caller())
    new = await world.aggregate(ORG_STREAM)
    assert new is not old
    assert (new.owner, new.created_at, new.version) == (ORG, old.created_at, old.version + 1)
    assert new.state.members == old.state.members
    assert (ORG_STREAM, old.version, 0) in world.log.reads


async def test_a_process_that_is_killed_leaves_a_snapshot_of_whom_it_kept_awake(
    dispatch, elsewhere, monkeypatch
):
    monkeypatch.setattr("personae.actors.aggregates.aggregate.SNAPSHOT_AWAKE", 50)
    for number in range(120):
        await dispatch.send(ChangeOrg(org_id=ORG, name=f"name {number}"), caller())
    elsewhere.world.log.reads.clear()
    assert (await elsewhere.world.state(ORG_STREAM)).name == "name 119"
    [(_, after, read)] = [one for one in elsewhere.world.log.reads if one[0] == ORG_STREAM]
    assert after >= 100
    assert read < 50


async def test_a_snapshot_that_cannot_be_kept_does_no_harm(dispatch, world, monkeypatch):
    monkeypatch.setattr("personae.actors.aggregates.aggregate.SNAPSHOT_AWAKE", 5)

    async def broken(*_):
        raise UNAVAILABLE()

    monkeypatch.setattr(world.log, "keep_snapshot", broken)
    for number in range(20):
        await dispatch.send(ChangeOrg(org_id=ORG, name=f"name {number}"), caller())
    assert (await world.state(ORG_STREAM)).name == "name 19"


async def test_few_events_are_not_worth_a_snapshot(dispatch, world):
    await world.state(ORG_STREAM)
    await _sleep(world)
    world.log.reads.clear()
    assert (await world.state(ORG_STREAM)).name == "ACME"
    assert world.log.reads[0][1] == 0


async def test_a_human_wakes_from_a_snapshot_as_it_fell_asleep(dispatch, world):
    await dispatch.send(human("50"), caller())
    await dispatch.send(LockUser(user_id="50"), caller())
    for i in range(210):
        await dispatch.send(UpdateMachine(user_id=ROBOT, name=f"R{i}"), caller())
    old = {s: await world.aggregate(s) for s in (USER_50, Stream(INSTANCE, "user", ROBOT))}
    await _sleep(world)
    for stream, before in old.items():
        after = await world.aggregate(stream)
        assert (after.state, after.owner, after.changed_at) == (
            before.state,
            before.owner,
            before.changed_at,
        )
    assert (await world.state(USER_50)).status is Status.LOCKED


async def test_tokens_that_nobody_shows_take_a_part_of_the_memory_and_send_nobody_to_sleep(
    clock, passwords
):
    world = process(SlowLog(), clock, passwords, cap=100)
    dispatch = Dispatch(world)
    await dispatch.send(SETUP, Caller.of_system(INSTANCE))
    await world.state(Stream(INSTANCE, "user", ROBOT))
    for number in range(300):
        await dispatch.send(opening(number), caller())
    await world.glance(family(299))
    await world.state(family(298))
    await world.directory.sweep()
    awake = [each.stream for each in world.directory]
    families = [each for each in awake if each.type == "oidc_session"]
    assert families == [family(number) for number in (*range(279, 298), 299, 298)]
    assert ROBOT in {each.id for each in awake}
    reads = len(world.log.reads)
    assert (await world.state(family(0))).access.id == "at_0"
    assert len(world.log.reads) == reads + 1


async def test_what_is_over_makes_room_like_what_was_asked_only_once(clock, passwords):
    world = process(SlowLog(), clock, passwords, cap=100)
    dispatch = Dispatch(world)
    await dispatch.send(SETUP, Caller.of_system(INSTANCE))
    for number in range(60):
        await dispatch.send(opening(number), caller())
        await world.state(family(number))  # somebody showed it
        if number >= 20:
            await dispatch.send(RevokeOIDCSession(oidc_session_id=f"V2_{number}"), caller())
    await world.directory.sweep()
    awake = {each.stream for each in world.directory if each.stream.type == "oidc_session"}
    assert awake == {family(number) for number in (*range(20), *range(40, 60))}
    assert (await world.state(family(30))).revoked


def family(number):
    return Stream(INSTANCE, "oidc_session", f"V2_{number}")


def opening(number):
    made = Opening(
        user_id=ROBOT,
        org_id=ORG,
        client_id=ROBOT,
        scope=("openid",),
        access_token_id=f"at_{number}",
    )
    return OpenOIDCSession(oidc_session_id=f"V2_{number}", org_id=ORG, opening=made)


async def _sleep(world):
    world.directory._idle_seconds = 0
    await asyncio.sleep(0.01)
    await world.directory.sweep()
    assert len(world.directory) == 0
    world.directory._idle_seconds = 120


async def test_a_refusal_leaves_nothing_for_the_collector_of_cycles(dispatch):
    async def refuse_some():
        for _ in range(20):
            with suppress(Refusal):
                await dispatch.send(UnlockUser(user_id=ROBOT), caller())

    await refuse_some()
    gc.collect()
    gc.disable()
    try:
        await refuse_some()
        assert gc.collect() < 20
    finally:
        gc.enable()
