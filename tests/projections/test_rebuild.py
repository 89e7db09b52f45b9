"""Raised versions, rebuilds and comparisons."""

import asyncio
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import structlog
from personae.actors.domain.kit import Stream
from personae.config import building
from personae.http.api.rows import Rows
from personae.projections.kit import (
    ALL,
    Pace,
    Projections,
    Question,
    Table,
    boolean,
    integer,
    json,
    text,
    text_list,
    timestamp,
    versions,
)
from personae.projections.kit.asking import ask
from personae.projections.kit.column import binary
from personae.projections.kit.progress import Meter
from personae.projections.kit.question import find
from personae.projections.kit.rebuild import SCRATCH, Builder, rebuild
from personae.projections.kit.registry import BeingBuiltError
from personae.projections.kit.shelf import ShapeChangedError, Shelf
from personae.projections.kit.verify import verify
from personae.store.errors import Unavailable
from personae.store.pool import Database

from tests.projections.conftest import QUICK
from tests.projections.people import (
    PEOPLE,
    PersonAdded,
    PersonGreeted,
    PersonRemoved,
    PersonRenamed,
    people_table,
)

pytestmark = pytest.mark.store
SECOND = people_table(2, nickname=text())
EVERY_TYPE = {
    "a_text": text(lower=True),
    "a_number": integer(),
    "a_truth": boolean(),
    "a_moment": timestamp(),
    "some_texts": text_list(index=True),
    "any_json": json(),
    "some_bytes": binary(),
}


async def count(projections, table):
    page = await projections.ask(Question(table=table, instance_id="i1", allowed=ALL))
    return page.total


async def built(projections):
    return [progress async for progress in projections.building()]


async def test_a_raised_version_is_built_beside_and_then_asked(process, writer, database):
    async with process(PEOPLE) as projections:
        await writer.people(30)
        await projections.reached(PEOPLE, "i1", 30)
    async with process(SECOND) as projections:
        assert (await built(projections))[-1].total == 30
        assert await count(projections, SECOND) == 30
        assert (await projections.find(SECOND, "i1", "p000001")).nickname == ""
        await until_kept(database, "people_v2")
    left = "SELECT count(*) FROM projections.positions WHERE version = 1"
    assert await database.row(left) == (0,)


async def kept(database):
    """Return the tables of people there are."""
    rows = await database.rows(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'projections' AND tablename ~ '^people'"
        " ORDER BY tablename"
    )
    return [name for (name,) in rows]


async def test_questions_are_answered_by_the_old_table_until_the_new_one_is_built(
    process, writer, database
):
    async with process(PEOPLE) as projections:
        await writer.people(30)
        await projections.reached(PEOPLE, "i1", 30)
        second = people_table(2, **EVERY_TYPE)
        for _ in range(2):  # as often as a process starts meanwhile
            await versions.prepare(Shelf(database), [second])
        assert await count(projections, PEOPLE) == 30
        assert await database.row("SELECT count(*) FROM projections.people_v2") == (0,)
        question = Question(table=second, instance_id="i1", allowed=ALL, order="a_text", limit=5)
        page = await ask(database, question)
        assert page.total == 30
        for row in (page.rows[0], await find(database, second, "i1", "p000001")):
            assert [getattr(row, name) for name in EVERY_TYPE] == [
                "",
                0,
                False,
                None,
                (),
                None,
                b"",
            ]


class Gigi(NamedTuple):
    """What is read of an aggregate beside its row."""

    version: int
    position: int
    stream: Stream = Stream("i1", "person", "gigi")
    state: Any = SimpleNamespace(exists=True)


async def test_what_the_older_version_answers_is_not_remembered(
    process, writer, database, monkeypatch
):
    go = asyncio.Event()  # the new one is built but not asked yet

    async def waits(self):
        return await lagging(self) if go.is_set() else {"people"}

    lagging = Projections._lagging
    monkeypatch.setattr(Projections, "_lagging", waits)
    async with process(PEOPLE), process(SECOND) as new:
        [added] = await writer.add("gigi", PersonAdded(name="Gigi"))
        rows, gigi = Rows(), Gigi(1, added.position)
        assert new.builds(SECOND)
        assert (await rows.of(new, SECOND, gigi)).nickname == ""
        with pytest.raises(BeingBuiltError, match="people"):
            await new.check_built()
        go.set()
        await built(new)
        await new.check_built()
        await database.run("UPDATE projections.people_v2 SET nickname = 'Gi'")
        assert (await rows.of(new, SECOND, gigi)).nickname == "Gi"


async def test_two_releases_side_by_side_answer_each_from_its_own_table(process, writer, database):
    async with process(PEOPLE) as old:
        await writer.people(3)
        async with process(SECOND) as new:
            await built(new)
            for total in (4, 5):
                [done] = await writer.add(f"gigi{total}", PersonAdded(name="Gigi"))
                for each, table in ((old, PEOPLE), (new, SECOND)):
                    assert await each.reached(table, "i1", done.position)
                    assert await count(each, table) == total
                await asyncio.sleep(3 * QUICK.sweep)
            assert await kept(database) == ["people_v1", "people_v2"]
        assert await count(old, PEOPLE) == 5


async def test_an_old_process_that_starts_once_more_has_its_table_again(process, writer, database):
    async with process(SECOND) as new:
        await writer.people(3)
        await built(new)
        async with process(PEOPLE) as old:
            async with asyncio.timeout(10):
                await built(old)
            [done] = await writer.add("gigi", PersonAdded(name="Gigi"))
            for each, table in ((old, PEOPLE), (new, SECOND)):
                assert await each.reached(table, "i1", done.position)
                assert await count(each, table) == 4
            assert await versions.answering(old.shelf) == {("people", 1): 1, ("people", 2): 2}
    async with process(PEOPLE) as old:  # what is newer stays, for a release that comes back
        await asyncio.sleep(4 * QUICK.sweep)
        assert await kept(database) == ["people_v1", "people_v2"]


async def test_what_nobody_keeps_stays_for_a_while_however_often_one_sweeps(
    process, writer, database
):
    slowly = Pace(lease=0.3, renew=0.1, sweep=0.05, tidy=1.5)
    async with process(PEOPLE), process(SECOND, pace=slowly) as new:
        await writer.people(3)
        await built(new)
    async with process(SECOND, pace=slowly):
        await asyncio.sleep(1)
        assert await kept(database) == ["people_v1", "people_v2"]
        await until_kept(database, "people_v2")


async def until_kept(database, *names):
    async with asyncio.timeout(5):
        while await kept(database) != [*names]:  # noqa: ASYNC110 — the database tells nobody
            await asyncio.sleep(0.05)


async def until_answering(projections, wanted):
    async with asyncio.timeout(5):
        while await versions.answering(projections.shelf) != wanted:  # noqa: ASYNC110 — as above
            await asyncio.sleep(0.05)


async def dropped(database):
    """Drop the first version as a process of the second does when the others seem to be gone."""
    first = {versions.Version("people", 1)}
    async with asyncio.timeout(5):
        while True:
            await database.run("DELETE FROM projections.leases")
            if await versions.drop(Shelf(database), [SECOND], first) == first:
                return


async def test_a_process_whose_table_was_dropped_while_it_was_away_builds_it_again(
    process, writer, database
):
    seldom = Pace(lease=3, renew=1, sweep=1, jitter=0)
    async with (
        process(PEOPLE, pace=seldom) as old,
        process(PEOPLE, pace=seldom) as twin,
        process(SECOND) as new,
    ):
        await writer.people(30)
        await built(new)
        assert await old.reached(PEOPLE, "i1", 30)
        await dropped(database)
        for asked in (count(old, PEOPLE), old.find(PEOPLE, "i1", "p000001")):
            with pytest.raises(Unavailable):
                await asked
        [done] = await writer.add("gigi", PersonAdded(name="Gigi"))
        await until_answering(old, {("people", 1): 1, ("people", 2): 2})
        for each in (old, twin):
            assert await each.reached(PEOPLE, "i1", done.position)
            assert await count(each, PEOPLE) == 31
            assert await each.verify(PEOPLE) == []
        [done] = await writer.add("gigi", PersonRenamed(name="Gina"))
        for each in (old, twin):
            assert await each.reached(PEOPLE, "i1", done.position)
            assert (await each.find(PEOPLE, "i1", "gigi")).name == "Gina"
        await built(old)
        await built(twin)


async def test_while_a_table_is_built_the_older_one_is_waited_for(process, writer, monkeypatch):
    monkeypatch.setattr(Projections, "_lagging", always)
    async with process(PEOPLE) as old, process(SECOND) as new:
        [done] = await writer.add("gigi", PersonAdded(name="Gigi"))
        assert await new.reached(SECOND, "i1", done.position)
        assert (await new.find(SECOND, "i1", "gigi")).name == "Gigi"
        await writer.add("gigi", PersonGreeted())  # concerns no table
        assert await new.reached(SECOND, "i1", done.position + 1)
        await old.stop()
        [done] = await writer.add("gigi", PersonRenamed(name="Gina"))
        assert not await new.reached(SECOND, "i1", done.position, timeout=0.3)


async def always(_self):
    return {"people"}


async def test_a_table_that_answers_for_a_later_version_is_not_replaced(
    process, writer, monkeypatch
):
    monkeypatch.setattr(Projections, "_lagging", always)
    async with process(PEOPLE) as old, process(SECOND) as new:
        await writer.people(3)
        with pytest.raises(versions.StillAnswersError, match="version 2"):
            await old.rebuild(PEOPLE)
        assert await old.reached(PEOPLE, "i1", 3)
        assert await count(new, SECOND) == 3


async def test_bookkeeping_of_before_is_taken_over(process, writer, database):
    """Which version is asked stood in a column, and all releases asked one view."""
    async with process(PEOPLE) as old:
        await writer.people(3)
        await old.reached(PEOPLE, "i1", 3)
    await database.run("""
        DROP VIEW projections."people@1"; CREATE VIEW projections.people AS TABLE projections.people_v1;
        ALTER TABLE projections.tables DROP COLUMN answered_by, ADD asked boolean;
        UPDATE projections.tables SET asked = (name <> '');
        ALTER TABLE projections.tables ALTER asked SET NOT NULL""")
    async with process(PEOPLE) as same:
        assert await count(same, PEOPLE) == 3
        await same.rebuild(PEOPLE)
        assert await count(same, PEOPLE) == 3
    async with process(SECOND) as new:
        await built(new)
        assert await count(new, SECOND) == 3


async def test_changed_columns_without_a_raised_version_stop_the_start(process):
    async with process(PEOPLE):
        pass
    with pytest.raises(ShapeChangedError, match="raise its version above 1"):
        async with process(people_table(1, nickname=text())):
            pass


async def test_a_rebuild_that_was_killed_goes_on_where_it_was(shelf, log, writer, monkeypatch):
    monkeypatch.setattr("personae.projections.kit.reader.PAGE", 10)
    await writer.people(60)
    scratch, seen = Shelf(shelf.database, SCRATCH), []
    await scratch.prepare([PEOPLE])

    def killed(progress):
        seen.append(progress.done)
        if progress.done == 30:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Builder(PEOPLE, scratch, log).build({"i1": 60}, Meter("people", killed))
    await rebuild(shelf, log, PEOPLE, lambda progress: seen.append(progress.done))
    assert seen == [10, 20, 30, 40, 50, 60]
    assert await shelf.database.row("SELECT count(*) FROM projections.people_v1") == (60,)


async def test_a_rebuild_repairs_while_writes_go_on(process, writer, database):
    async with process(PEOPLE) as projections:
        await writer.people(50)
        await projections.reached(PEOPLE, "i1", 50)
        await database.run("DELETE FROM projections.people_v1 WHERE age < 10")
        await asyncio.gather(projections.rebuild(PEOPLE), writer.people(50, first=50))
        assert await projections.reached(PEOPLE, "i1", 100)
        assert await projections.verify(PEOPLE) == []
        assert await count(projections, PEOPLE) == 100


async def test_a_rebuild_during_races_of_two_processes_loses_nothing(process, writer):
    async with process(PEOPLE) as here, process(PEOPLE) as there:
        writing = asyncio.gather(
            *(writer.add(f"p{n}", PersonAdded(name=f"{n}")) for n in range(200))
        )
        await asyncio.sleep(0.02)
        await here.rebuild(PEOPLE)
        await writing
        assert await here.reached(PEOPLE, "i1", 200)
        assert await there.reached(PEOPLE, "i1", 200)
        assert await count(there, PEOPLE) == 200
        assert await here.verify(PEOPLE) == []


async def test_a_live_table_is_as_the_log_says(process, writer):
    async with process() as projections:
        await writer.people(40)
        for person in range(0, 40, 3):
            await writer.add(f"p{person:06}", PersonRenamed(name=f"n{person}"))
        await writer.add("p000001", PersonRemoved())
        for table in projections.tables:
            assert await projections.verify(table) == []


async def test_tampered_missing_and_extra_rows_are_found(process, writer, database, log):
    async with process() as projections:
        await writer.people(10)
        await projections.reached(PEOPLE, "i1", 10)
        await database.run("UPDATE projections.people_v1 SET name = 'x' WHERE id = 'p000003'")
        await database.run("DELETE FROM projections.people_v1 WHERE id = 'p000004'")
        await database.run("UPDATE projections.people_v1 SET id = 'p9' WHERE id = 'p000005'")
        found = await verify(projections.shelf, log, PEOPLE)
    assert [(one.key[0], one.kind, one.columns) for one in found] == [
        ("p000003", "different", ("name",)),
        ("p000004", "missing", ()),
        ("p000005", "missing", ()),
        ("p9", "extra", ()),
    ]


async def test_a_comparison_leaves_nothing_behind(process, writer, database):
    async with process() as projections:
        await writer.people(3)
        await projections.verify(PEOPLE)
    schemas = await database.rows("SELECT nspname FROM pg_namespace WHERE nspname ~ '^projections'")
    assert schemas == [("projections",)]


def test_progress_says_how_much_is_done_and_how_long_the_rest_takes():
    meter = Meter("people")
    meter._began -= 10
    meter.at(100, 1000)
    progress = meter.at(600, 1000)
    assert (progress.percent, round(progress.rate), round(progress.seconds_left)) == (60, 50, 8)


async def test_a_server_says_how_far_its_builds_are(process, writer, monkeypatch):
    monkeypatch.setattr(building, "SECONDS", 0.05)
    away, found, go = [Unavailable("away")], Projections.status, asyncio.Event()

    async def status(self):
        if away:
            raise away.pop()
        return await found(self)

    async def waits(self):
        return await lagging(self) if go.is_set() else {"people"}

    lagging = Projections._lagging
    monkeypatch.setattr(Projections, "_lagging", waits)
    await writer.people(30)
    async with process(PEOPLE) as old:
        await old.reached(PEOPLE, "i1", 30)
    with structlog.testing.capture_logs() as lines:
        async with process(SECOND) as projections:
            monkeypatch.setattr(Projections, "status", status)
            telling = asyncio.create_task(building.tell_builds(projections))
            async with asyncio.timeout(5):
                while len(lines) < 6:  # noqa: ASYNC110 — nobody tells of a line
                    await asyncio.sleep(0.05)
            go.set()
            await built(projections)
            await asyncio.sleep(0.1)
            many = len(lines)
            await asyncio.sleep(0.2)  # nothing is built any more
            telling.cancel()
    assert len(lines) == many
    assert (lines[0]["event"], lines[0]["error"]) == ("builds not measured", "Unavailable")
    event, *figures = "read model is being built", "table", "percent", "events_per_second"
    assert [lines[5][one] for one in ("event", *figures[:2])] == [event, "people", 100.0]
    assert {*figures, "seconds_left"} < set(lines[5])


async def test_two_processes_that_start_at_once_create_each_table_once(database):
    tables = [Table(f"thing_{n}", version=1, columns={"name": text()}) for n in range(5)]
    await asyncio.gather(*(versions.prepare(Shelf(database), tables) for _ in range(4)))
    assert len(await versions.answering(Shelf(database))) == 5


async def test_a_new_table_is_asked_although_the_database_was_away_meanwhile(
    process, writer, monkeypatch
):
    async with process() as projections:
        await writer.people(3)
        await projections.reached(PEOPLE, "i1", 3)
    away = iter([Unavailable("away")])

    async def status(self):
        for error in away:
            raise error
        return await found(self)

    found = Projections.status
    monkeypatch.setattr(Projections, "status", status)
    async with process(SECOND) as projections:
        async with asyncio.timeout(5):
            while projections.builds(SECOND):  # noqa: ASYNC110 — as above
                await asyncio.sleep(0.05)
        assert (await versions.answering(projections.shelf))["people", 2] == SECOND.version


def once(of, name, monkeypatch):
    """Let the next call of a function raise what nobody expects."""
    done, left = getattr(of, name), [LookupError("unheard of")]

    async def or_die(*args):
        if left:
            raise left.pop()
        return await done(*args)

    monkeypatch.setattr(of, name, or_die)


def restarts(projections, name):
    upkeep = projections.snapshot()["children"][-1]["children"]
    return next(one["restarts"] for one in upkeep if one["name"] == name)


@pytest.mark.parametrize("place", ["answering", "switch"])
async def test_building_that_dies_is_started_again(process, writer, monkeypatch, place):
    async with process(PEOPLE) as projections:
        await writer.people(3)
        await projections.reached(PEOPLE, "i1", 3)
    async with process(SECOND) as projections:
        once(versions, place, monkeypatch)
        async with asyncio.timeout(5):
            await built(projections)
        assert await count(projections, SECOND) == 3
        assert restarts(projections, "builds") == 1


@pytest.mark.parametrize("place", ["forsaken", "drop"])
async def test_tidying_that_dies_is_started_again(process, database, monkeypatch, place):
    async with process(PEOPLE):
        pass
    async with process(SECOND) as projections:
        once(versions, place, monkeypatch)
        await until_kept(database, "people_v2")
        assert restarts(projections, "older tables") == 1


async def test_a_start_changes_no_bookkeeping_that_is_complete(shelf, monkeypatch):
    ran = []
    run = Database.run

    async def noted(self, sql, params=None, *, limit=0):
        ran.append(sql)
        return await run(self, sql, params, limit=limit)

    monkeypatch.setattr(Database, "run", noted)
    await shelf.prepare([PEOPLE])
    assert ran
    assert not any("ALTER TABLE" in sql for sql in ran)


async def test_a_process_is_not_ready_before_its_tables_have_caught_up(
    process, writer, monkeypatch
):
    """Its own answers are those of a new read model beside an old log."""
    behind = {"people"}

    async def lagging(_self):
        return set(behind)

    monkeypatch.setattr(Projections, "_lagging", lagging)
    async with process(PEOPLE) as projections:
        with pytest.raises(BeingBuiltError, match="people"):
            await projections.check_built()
        assert not projections.builds(PEOPLE)
        behind.clear()
        await caught_up(projections)
        await projections.check_built()


async def caught_up(projections):
    async with asyncio.timeout(10):
        while projections._builds.unready:  # noqa: ASYNC110 — nobody is told
            await asyncio.sleep(0.05)


async def test_what_has_come_since_the_look_before_makes_no_table_late(process, writer):
    """Under load a table is always a little behind the log, and yet has caught up."""
    async with process(PEOPLE, bus=False) as projections:
        await caught_up(projections)
        await writer.people(3)
        assert await projections._lagging() == {"people"}
        assert await projections.reached(PEOPLE, "i1", 3)
        await writer.people(3, first=3)
        assert await projections._lagging() == set()
        assert await projections._lagging() == {"people"}


async def test_a_table_is_replaced_when_who_asked_it_for_answers_is_gone(
    process, writer, monkeypatch
):
    """A release that was taken back half-way: its table is not built, and nobody keeps it."""
    monkeypatch.setattr(Projections, "_lagging", always)
    async with process(PEOPLE) as old:
        async with process(SECOND):
            await writer.people(3)
        await old.rebuild(PEOPLE)
        assert await old.reached(PEOPLE, "i1", 3)
        async with process(SECOND) as new:  # and forward again
            assert await count(new, SECOND) == 3
            assert (await versions.answering(new.shelf))["people", 2] == 1


async def test_a_column_of_another_type_is_unset_until_the_new_table_is_built(
    process, writer, monkeypatch
):
    monkeypatch.setattr(Projections, "_lagging", always)
    second = people_table(2, age=text())
    async with process(PEOPLE) as old, process(second) as new:
        await writer.people(3)
        assert await old.reached(PEOPLE, "i1", 3)
        assert (await new.find(second, "i1", "p000001")).age == ""


async def test_before_the_first_start_nothing_is_known_to_answer(process, writer, database):
    async with process(PEOPLE) as projections:
        await database.run("ALTER TABLE projections.tables RENAME COLUMN answered_by TO something")
        assert await versions.answering(projections.shelf) == {}
        await database.run("ALTER TABLE projections.tables RENAME COLUMN something TO answered_by")
