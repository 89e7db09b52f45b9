"""The projector against PostgreSQL: bus, gap, restart, races, cascades."""

import asyncio
import time

import pytest
from personae.actors.runtime import Restart
from personae.projections.kit import ALL, Pace, Question, projector, registry
from personae.projections.kit.applier import Applier
from personae.projections.kit.track import MAX_PENDING, Track
from personae.projections.kit.writer import Writer

from tests.projections.people import (
    BADGES,
    PEOPLE,
    BadgeGiven,
    ClubClosed,
    PersonAdded,
    PersonGreeted,
    PersonRemoved,
    PersonRenamed,
    recorded_events,
)

pytestmark = pytest.mark.store


async def names(projections, instance="i1"):
    page = await projections.ask(Question(table=PEOPLE, instance_id=instance, allowed=ALL))
    return [row.name for row in page.rows]


async def test_what_was_written_can_be_read_at_once(process, writer):
    async with process() as projections:
        [done] = await writer.add("gigi", PersonAdded(name="Gigi", tags=("a", "b")))
        assert await projections.reached(PEOPLE, "i1", done.position)
        row = await projections.find(PEOPLE, "i1", "gigi")
    assert (row.name, row.tags, row.sequence) == ("Gigi", ("a", "b"), 1)


async def test_contiguous_events_are_applied_without_reading_the_log(process, writer, log):
    async with process() as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"))
        await projections.reached(PEOPLE, "i1", 1)
        log.after = None
        done = await writer.add("gigi", PersonRenamed(name="Gina"), PersonGreeted())
        assert await projections.reached(PEOPLE, "i1", done[-1].position)
        assert await names(projections) == ["Gina"]
        del log.after


async def test_a_gap_is_read_from_the_log(process, writer, log):
    async with process() as projections:
        log.on_committed.clear()
        await writer.people(5)
        log.on_committed.append(projections.on_committed)
        [done] = await writer.add("gigi", PersonAdded(name="Gigi"))
        assert await projections.reached(PEOPLE, "i1", done.position)
        assert len(await names(projections)) == 6


async def test_a_restart_goes_on_behind_the_saved_position(process, writer):
    async with process() as projections:
        await writer.people(3)
        await projections.reached(PEOPLE, "i1", 3)
    await writer.people(3, first=3)
    async with process() as projections:
        assert await projections.reached(PEOPLE, "i1", 6)
        assert len(await names(projections)) == 6


async def test_another_process_applies_what_it_is_told_without_reading_it_again(
    process, writer, log
):
    async with process(bus=False) as there:
        await writer.add("gigi", PersonAdded(name="Gigi"))
        await there.reached(PEOPLE, "i1", 1)
        done = await writer.add("gigi", PersonRenamed(name="Gina"), PersonGreeted())
        log.after = None
        there.on_committed(done)
        there.on_committed(done)  # told twice
        assert await there.reached(PEOPLE, "i1", done[-1].position)
        assert await names(there) == ["Gina"]
        del log.after


async def test_one_that_cannot_be_decoded_is_read_from_the_log_and_put_aside(
    process, writer, log, database, monkeypatch
):
    monkeypatch.setattr(projector, "ATTEMPTS", 1)
    async with process(bus=False) as there:
        await writer.add("gigi", PersonAdded(name="Gigi"), PersonRenamed(name="Gina"))
        await database.run("UPDATE events SET payload = '{}' WHERE position = 2")
        there.on_committed(await log.after("i1", 0, 10))
        assert await there.reached(PEOPLE, "i1", 2)
        assert [one.position for one in await there.failed()] == [2]


async def test_a_sweep_in_the_middle_of_a_batch_moves_nothing_under_it(
    process, writer, monkeypatch
):
    write, moved = Writer.write, []

    async def swept(self, fold, *where):
        saving = asyncio.create_task(there._projectors["people_v1"].save())
        await asyncio.wait([saving], timeout=0.1)
        moved.append(await write(self, fold, *where))
        return moved[-1]

    async with process(PEOPLE) as there:
        await writer.add("gigi", PersonGreeted())
        await there.reached(PEOPLE, "i1", 1)  # seen, and not worth saving yet
        monkeypatch.setattr(Writer, "write", swept)
        await writer.add("gigi", PersonAdded(name="Gigi"))
        await there.reached(PEOPLE, "i1", 2, timeout=1)
        monkeypatch.undo()
        assert moved
        assert all(moved)


async def test_waiting_for_a_position_is_enough_of_a_nudge(process, writer):
    async with process(bus=False) as projections:
        [done] = await writer.add("gigi", PersonAdded(name="Gigi"))
        assert await projections.reached(PEOPLE, "i1", done.position)


async def test_waiting_for_what_never_happens_ends_and_skips_nothing(process, writer):
    async with process(bus=False) as projections:
        assert not await projections.reached(PEOPLE, "i1", 1_000, timeout=0.1)
        [done] = await writer.add("gigi", PersonAdded(name="Gigi"))
        assert await projections.reached(PEOPLE, "i1", done.position)
        assert await names(projections) == ["Gigi"]


async def test_of_two_appliers_of_one_batch_one_writes(shelf, log, writer, database):
    await writer.people(20)
    events = await log.after("i1", 0, 100)
    tracks = Track("i1"), Track("i1")
    appliers = Applier(PEOPLE, shelf), Applier(PEOPLE, shelf)
    for applier, track in zip(appliers, tracks, strict=True):
        await applier.load(track)
    await asyncio.gather(*(a.apply(t, events, 20) for a, t in zip(appliers, tracks, strict=True)))
    assert sorted(track.stale for track in tracks) == [False, True]
    assert await database.row("SELECT count(*) FROM projections.people_v1") == (20,)


async def test_an_applier_with_an_old_position_writes_nothing(shelf, log, writer, database):
    await writer.add("gigi", PersonAdded(name="Gigi"))
    events = await log.after("i1", 0, 100)
    slow, quick = Track("i1"), Track("i1")
    await Applier(PEOPLE, shelf).apply(quick, events, 1)
    await writer.add("gigi", PersonRenamed(name="Gina"))
    await Applier(PEOPLE, shelf).apply(quick, await log.after("i1", 1, 100), 2)
    await Applier(PEOPLE, shelf).apply(slow, events, 1)
    assert slow.stale
    assert await database.row("SELECT name FROM projections.people_v1") == ("Gina",)


async def test_two_processes_write_every_event_once(process, writer):
    async with process() as here, process() as there:
        await asyncio.gather(*(writer.add(f"p{n}", PersonAdded(name=f"{n}")) for n in range(200)))
        for projections in (here, there):
            assert await projections.reached(PEOPLE, "i1", 200)
        page = await here.ask(Question(table=PEOPLE, instance_id="i1", allowed=ALL))
    assert page.total == 200


class Broken(BaseException):
    """What no handler of exceptions catches."""


def dying(monkeypatch, times):
    """Let the projector of people die of its next batches, so many times."""
    apply, left = Applier.apply, [times]

    async def or_die(self, *args, **kwargs):
        if self.table is PEOPLE and left[0]:
            left[0] -= 1
            raise Broken("password=hunter2")
        return await apply(self, *args, **kwargs)

    monkeypatch.setattr(Applier, "apply", or_die)


async def test_a_projector_that_dies_is_replaced_and_nobody_waits_in_vain(
    process, writer, monkeypatch
):
    dying(monkeypatch, 2)
    async with process() as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"), BadgeGiven(badge="a"))
        assert await projections.reached(BADGES, "i1", 2, timeout=1)
        assert await projections.reached(PEOPLE, "i1", 2)
        assert await names(projections) == ["Gigi"]
        people = next(
            part for part in projections.snapshot()["children"] if part["name"] == "people_v1"
        )
        assert (people["state"], people["restarts"], people["events_behind"]) == ("running", 2, 0)
        assert people["error"]["what"].startswith("Broken in or_die")
        assert "hunter2" not in repr(projections.snapshot())


async def test_projections_whose_projector_dies_too_often_give_up_and_can_start_again(
    process, writer, monkeypatch
):
    monkeypatch.setattr(registry, "RESTART", Restart(first_delay=0.001, times=3))
    dying(monkeypatch, 4)
    async with process() as projections:
        given_up = asyncio.get_running_loop().create_future()
        projections.given_up = given_up.set_result
        await writer.add("gigi", PersonAdded(name="Gigi"))
        assert isinstance(await asyncio.wait_for(given_up, 5), Broken)
        await projections.stop()
        await projections.start()
        assert await projections.reached(PEOPLE, "i1", 1)
        assert projections.snapshot()["state"] == "running"


async def test_a_cascade_reaches_rows_of_other_aggregates(process, writer):
    async with process() as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"))
        await writer.add("max", PersonAdded(name="Max"), owner="other")
        await projections.reached(PEOPLE, "i1", 2)
        [done] = await writer.add("club", ClubClosed())
        await projections.reached(PEOPLE, "i1", done.position)
        assert await names(projections) == ["Max"]


async def test_rows_with_two_keys_are_kept_updated_and_forgotten(process, writer):
    async with process() as projections:
        await writer.add("gigi", BadgeGiven(badge="a", main=True), BadgeGiven(badge="c"))
        await writer.add("max", BadgeGiven(badge="a", main=True))
        await projections.reached(BADGES, "i1", 3)
        await writer.add("gigi", BadgeGiven(badge="b", main=True))
        await projections.reached(BADGES, "i1", 4)
        mains = [(await projections.find(BADGES, "i1", "gigi", b)).main for b in "abc"]
        assert mains == [False, True, False]
        await writer.add("gigi", PersonRemoved())
        await projections.reached(BADGES, "i1", 5)
        page = await projections.ask(Question(table=BADGES, instance_id="i1", allowed=ALL))
        assert [row.person_id for row in page.rows] == ["max"]


async def test_instances_do_not_mix(process, writer):
    async with process() as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"), instance="i1")
        await writer.add("gigi", PersonAdded(name="Other"), instance="i2")
        await projections.reached(PEOPLE, "i1", 1)
        await projections.reached(PEOPLE, "i2", 1)
        await writer.add("club", ClubClosed(), instance="i2")
        await projections.reached(PEOPLE, "i2", 2)
        assert (await names(projections), await names(projections, "i2")) == (["Gigi"], [])


async def test_events_that_do_not_concern_a_table_are_not_written_one_by_one(
    process, writer, shelf
):
    async with process(pace=Pace(sweep=600)) as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"))
        assert await projections.reached(PEOPLE, "i1", 1)  # else one batch takes them all
        await writer.add("gigi", *[PersonGreeted()] * 50)
        assert await projections.reached(PEOPLE, "i1", 51)
        assert await shelf.position(PEOPLE, "i1") == 1
    assert await shelf.position(PEOPLE, "i1") == 51


async def test_who_waits_is_told_when_another_process_did_the_work():
    track = Track("i1")
    waiter = asyncio.get_running_loop().create_future()
    track.waiters.append((7, waiter))
    track.load(6)
    assert not waiter.done()
    track.load(7)
    assert waiter.done()


def test_a_flood_from_the_bus_is_forgotten_and_read_from_the_log():
    track = Track("i1", stale=False)
    events = recorded_events(*[("gigi", PersonGreeted())] * (MAX_PENDING + 1))
    track.offer(events)
    assert (track.from_bus(10), track.behind, track.target) == ([], True, MAX_PENDING + 1)


async def test_a_projector_that_is_stuck_slows_no_writer_and_catches_up_from_the_log(
    process, writer, log, monkeypatch
):
    go, apply, waited, read = asyncio.Event(), Applier.apply, [], []

    async def stuck(self, *args, **kwargs):
        if self.table is PEOPLE:
            await go.wait()
        return await apply(self, *args, **kwargs)

    async def after(*args):
        read.append(args)
        return await found(*args)

    async def write(rounds):
        """Write 500 events a round; return the seconds of one in the middle."""
        times = []
        for _ in range(rounds):
            began = time.monotonic()
            await writer.add("gigi", *[PersonRenamed(name="Gina")] * 499, BadgeGiven(badge="a"))
            times.append(time.monotonic() - began)
        return sorted(times)[rounds // 2]

    async with process() as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"))
        freely = await write(11)
        assert await projections.reached(PEOPLE, "i1", 5_501)
        monkeypatch.setattr(Applier, "apply", stuck)
        found = log.after
        monkeypatch.setattr(log, "after", after)
        actor = projections._projectors["people_v1"]
        track = actor.track("i1")
        log.on_committed.append(
            lambda _: waited.append((sum(map(len, track.pending)), actor.depth))
        )
        try:
            assert await write(25) < 3 * freely
            assert await projections.reached(BADGES, "i1", 18_001)
            assert (track.seen, track.target) == (5_501, 18_001)
            assert MAX_PENDING / 2 < max(waited)[0] <= MAX_PENDING
            assert max(depth for _, depth in waited) <= 1
            assert read == []
        finally:
            go.set()
        assert await projections.reached(PEOPLE, "i1", 18_001)
        assert read
        assert (await projections.find(PEOPLE, "i1", "gigi")).sequence == 18_000


async def test_projectors_take_turns_between_instances_page_by_page(process, writer, monkeypatch):
    monkeypatch.setattr("personae.projections.kit.projector.PAGE", 10)
    monkeypatch.setattr("personae.projections.kit.reader.PAGE", 10)
    await writer.add("busy", *[PersonAdded(name="x")] * 300, instance="busy")
    pages, apply = [], Applier.apply

    async def seen(self, track, *args, **kwargs):
        pages.append(track.instance_id)
        return await apply(self, track, *args, **kwargs)

    monkeypatch.setattr(Applier, "apply", seen)
    async with process(PEOPLE) as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"), instance="quiet")
        assert await projections.reached(PEOPLE, "quiet", 1)
        assert pages[: pages.index("quiet")].count("busy") <= 3
        assert await projections.reached(PEOPLE, "busy", 300)
    assert pages.count("busy") >= 30


async def test_rows_of_an_instance_that_is_new_to_postgresql_are_found_by_their_key(
    shelf, database
):
    await database.run(
        "INSERT INTO projections.people_v1 (instance_id, id, resource_owner, sequence, name, age,"
        " tags, happy) SELECT 'i1', 'p' || n, 'o', 1, 'name', n, '{}', false"
        " FROM generate_series(1, 5000) n"
    )
    await shelf.analyze(PEOPLE, database)
    load = Writer(PEOPLE, shelf)._load
    rows = await database.rows(f"EXPLAIN {load}", ('[["p1"], ["p2"]]', "i2"))
    assert "people_v1_pkey" in "".join(line for (line,) in rows)


def one_behind(shelf):
    """Return a projector, and a track of it that lacks one event."""
    actor = projector.Projector(PEOPLE, shelf, None)
    track = actor.track("i1")
    track.load(0)
    track.target = 1
    return actor, track


async def test_a_wait_whose_time_is_up_in_the_moment_of_its_answer_is_answered(shelf):
    actor, track = one_behind(shelf)
    asked = asyncio.create_task(actor.reached("i1", 1, timeout=0.01))
    await asyncio.sleep(0)
    time.sleep(0.02)  # noqa: ASYNC251 — its time is over before the loop looks again
    asyncio.get_running_loop().call_soon(track.advance, 1)
    assert await asked


async def test_who_waits_no_longer_is_not_remembered(shelf):
    actor, track = one_behind(shelf)
    asked = asyncio.create_task(actor.reached("i1", 1, timeout=60))
    await asyncio.sleep(0)
    asked.cancel()
    await asyncio.wait([asked])
    assert track.waiters == []
