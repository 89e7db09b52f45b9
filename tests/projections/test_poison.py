"""Events that cannot be digested."""

import asyncio
import contextlib
import random
import string

import pytest
from personae.projections.kit import poison, text
from personae.projections.kit.applier import Applier
from personae.projections.kit.progress import Meter
from personae.projections.kit.projector import Projector
from personae.projections.kit.reader import PAGE
from personae.projections.kit.rebuild import Builder
from personae.projections.kit.shelf import Shelf
from personae.projections.kit.track import Track
from personae.store.session import Session

from tests.projections.people import (
    BADGES,
    PEOPLE,
    BadgeGiven,
    PersonAdded,
    PersonGreeted,
    PersonRenamed,
    people_table,
)

pytestmark = pytest.mark.store
POISON = PersonRenamed(name="poison")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(Projector.__init__, "__kwdefaults__", {"first_pause": 0.01})


async def test_a_poisoned_event_is_parked_and_the_others_go_on(process, writer):
    async with process() as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"), POISON, PersonRenamed(name="Gina"))
        await writer.people(100)
        assert await projections.reached(PEOPLE, "i1", 103)
        [failed] = await projections.failed()
        assert (failed.name, failed.position, failed.attempts) == ("people", 2, 5)
        assert failed.aggregate_id == "gigi"
        assert (await projections.find(PEOPLE, "i1", "gigi")).name == "Gina"


async def test_an_event_is_not_tried_again_before_its_pause_however_much_comes(
    process, writer, monkeypatch
):
    monkeypatch.setattr(Projector.__init__, "__kwdefaults__", {"first_pause": 0.1})
    async with process() as projections:
        began = asyncio.get_running_loop().time()
        await writer.add("gigi", PersonAdded(name="Gigi"), POISON)

        async def come(who):
            number = 0
            while not await projections.failed():
                await writer.add(f"{who}-{number}", PersonAdded(name="Gina"))
                number += 1

        await asyncio.gather(*(come(who) for who in range(8)))
        # 0.1, 0.3, 0.9 and 2.7 seconds
        assert asyncio.get_running_loop().time() - began >= 4.0


class Odd(BaseException):
    """What no handler of exceptions catches."""


def raising(error):
    def raises(*_args):
        raise error

    return raises


def people_that(place, error):
    """Return a table of people that raises an error of a greeting."""
    table, raises = people_table(), raising(error)
    if place == "across":
        table.across(PersonGreeted)(raises)
    elif place == "key":
        table.on(PersonGreeted, key=raises)(lambda row, _: row)
    else:
        table.on(PersonGreeted)(raises)
    return table


@pytest.mark.parametrize("place", ["across", "key", "row"])
@pytest.mark.parametrize("error", [SystemExit(3), Odd("secret")], ids=["exit", "odd"])
async def test_whatever_a_reducer_raises_is_the_events_fault(process, writer, place, error):
    table = people_that(place, error)
    async with process(table) as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"), PersonGreeted())
        await writer.add("max", PersonAdded(name="Max"))
        assert await projections.reached(table, "i1", 3)
        [failed] = await projections.failed()
        assert (failed.position, failed.attempts) == (2, 5)
        assert failed.error.startswith(f"{type(error).__name__} in raises, line")
        assert await projections.find(table, "i1", "max")
        people = projections.snapshot()["children"][0]
        assert (people["name"], people["restarts"]) == ("people_v1", 0)
        with pytest.raises(type(error)):
            await projections.retry(table, "i1", 2)
        assert [one.attempts for one in await projections.failed()] == [6]


@pytest.mark.parametrize("place", ["across", "key", "row"])
@pytest.mark.parametrize("error", [asyncio.CancelledError(), KeyboardInterrupt()])
async def test_what_ends_the_process_is_no_events_fault(shelf, log, writer, place, error):
    await writer.add("gigi", PersonAdded(name="Gigi"), PersonGreeted())
    track, applier = Track("i1"), Applier(people_that(place, error), shelf)
    await applier.load(track)
    with pytest.raises(type(error)):
        await applier.apply(track, await log.after("i1", 0, 10), 2, aside=5)
    assert await poison.failed(shelf) == []
    assert (track.seen, await shelf.position(PEOPLE, "i1")) == (0, 0)


async def test_the_error_says_where_and_keeps_the_payload_to_itself(process, writer):
    async with process() as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"), POISON)
        await projections.reached(PEOPLE, "i1", 2)
        [failed] = await projections.failed("i1")
    assert failed.error.startswith("ValueError in renamed, line")
    assert "poison" not in failed.error


async def test_other_projections_do_not_wait_for_the_poisoned_one(process, writer):
    async with process() as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"), POISON, BadgeGiven(badge="a"))
        assert await projections.reached(BADGES, "i1", 3, timeout=1)


async def test_a_value_that_the_database_refuses_is_found_in_its_batch(process, writer):
    async with process() as projections:
        people = [(f"p{n}", PersonAdded(name="x", age=2**63 if n == 37 else n)) for n in range(64)]
        await asyncio.gather(*(writer.add(*person) for person in people))
        assert await projections.reached(PEOPLE, "i1", 64)
        [failed] = await projections.failed()
        assert (failed.aggregate_id, failed.error) == ("p37", "StatementError 22003")
        assert (await projections.find(PEOPLE, "i1", "p63")).age == 63


async def test_an_event_that_cannot_be_decoded_is_parked(process, writer, database):
    await writer.people(50)
    await database.run('UPDATE events SET payload = \'{"born": "yesterday"}\' WHERE position = 20')
    async with process() as projections:
        assert await projections.reached(PEOPLE, "i1", 50)
        failed = [one for one in await projections.failed() if one.name == "people"]
        assert [one.position for one in failed] == [20]
        assert await projections.find(PEOPLE, "i1", "p000049")


@pytest.fixture
def statements(monkeypatch):
    """What every session runs from now on."""
    run, seen = Session._execute, []

    def counted(self, sql, params, limit):
        seen.append(sql)
        return run(self, sql, params, limit)

    monkeypatch.setattr(Session, "_execute", counted)
    return seen


BREAK = 'UPDATE events SET payload = \'{"born": "yesterday"}\' WHERE position % 2 = 0'


async def people_at_once(writer, count, **more):
    await asyncio.gather(
        *(writer.add(f"p{n:06}", PersonAdded(name="x", **more)) for n in range(count))
    )


async def test_a_rebuild_over_many_undecodable_events_takes_a_few_statements_a_page(
    shelf, log, writer, database, statements
):
    await people_at_once(writer, 2 * PAGE)
    await database.run(BREAK)
    taken = []
    for pages in (1, 2):
        scratch = Shelf(database, f"scratch_{pages}")
        await scratch.prepare([PEOPLE])
        statements.clear()
        await Builder(PEOPLE, scratch, log).build({"i1": pages * PAGE}, Meter("people"))
        taken.append(len(statements))
        parked = await poison.failed(scratch, "i1", 2 * PAGE)
        assert [one.position for one in parked] == list(range(2, pages * PAGE + 1, 2))
        assert {one.error for one in parked} == {"the stored event cannot be decoded"}
        assert {one.event_type for one in parked} == {"test.person.added"}
        assert await database.row(f"SELECT count(*) FROM {scratch.schema}.people_v1") == (
            pages * PAGE // 2,
        )
    assert taken[1] - taken[0] <= 10


async def test_a_live_table_gets_over_many_undecodable_events_page_by_page(
    process, writer, database, statements
):
    await people_at_once(writer, 300)
    await database.run(BREAK)
    async with process(PEOPLE) as projections:
        assert await projections.reached(PEOPLE, "i1", 300)
        parked = await projections.failed()
    assert len(parked) == 150
    assert [one.attempts for one in parked[:2]] == [5, 1]
    assert sum('failed_events" (name' in sql for sql in statements) == 1


async def test_values_that_the_database_refuses_cost_a_bounded_number_of_statements_each(
    shelf, log, writer, statements
):
    """Each is found by halving: so many statements for one is the most, however many there are."""
    await people_at_once(writer, 64, age=2**63)
    statements.clear()
    await Builder(PEOPLE, shelf, log).build({"i1": 64}, Meter("people"))
    assert len(await poison.failed(shelf)) == 64
    assert len(statements) < 12 * 64


def mended():
    """Return a table whose reducer takes what was poison."""
    table = people_table()
    table._reducers[PersonRenamed].clear()
    table.on(PersonRenamed)(lambda row, recorded: row.but(name=recorded.event.name))
    return table


async def test_a_retry_after_a_fix_is_as_if_it_had_never_failed(process, writer, log, shelf):
    async with process() as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"), POISON)
        await projections.reached(PEOPLE, "i1", 2)
        fixed = mended()
        assert await projections.retry(fixed, "i1", 2)
        assert (await projections.find(PEOPLE, "i1", "gigi")).name == "poison"
        assert await projections.verify(fixed) == []
        assert await projections.failed() == []


async def test_a_retry_without_a_fix_fails_again_and_is_counted(process, writer):
    async with process() as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"), POISON)
        await projections.reached(PEOPLE, "i1", 2)
        with pytest.raises(ValueError):
            await projections.retry(PEOPLE, "i1", 2)
        assert [one.attempts for one in await projections.failed()] == [6]


async def test_a_parked_event_can_be_forgotten(process, writer):
    async with process() as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"), POISON)
        await projections.reached(PEOPLE, "i1", 2)
        assert await projections.remove(PEOPLE, "i1", 2)
        assert not await projections.remove(PEOPLE, "i1", 2)
        assert await projections.failed() == []


async def test_a_value_too_long_for_an_index_is_parked_and_the_others_go_on(process, writer):
    table = people_table(nick=text(index=True))
    table.on(PersonAdded)(lambda row, one: row.but(nick=one.event.name))
    endless = "".join(random.Random(7).choices(string.printable[:94], k=20_000))
    async with process(table) as projections:
        await writer.add("gigi", PersonAdded(name=endless))
        await writer.people(3)
        assert await projections.reached(table, "i1", 4, timeout=5)
        [failed] = await projections.failed()
        assert (failed.position, failed.error) == (1, "StatementError 54000")


async def test_the_last_of_very_many_parked_events_is_listed_counted_and_retried(
    process, writer, database
):
    async with process() as projections:
        done = await writer.add("gigi", PersonAdded(name="Gigi"))
        assert await projections.reached(PEOPLE, "i1", 1)
        await database.run(
            "INSERT INTO projections.failed_events (name, version, instance_id, position,"
            " event_type, aggregate_type, aggregate_id, attempts, error, failed_at)"
            " SELECT 'people', 1, 'i1', n, 'a', 'person', 'x', 5, 'b', now() - interval '1 day'"
            " FROM generate_series(2, 1500) AS n"
        )
        await database.run(
            "INSERT INTO projections.failed_events VALUES"
            " ('people', 1, 'i1', 1, 'a', 'person', 'gigi', 5, 'b')"
        )
        assert {one.failed for one in await projections.status() if one.table == "people"} == {1500}
        assert await projections.retry(PEOPLE, "i1", done[0].position)


async def test_what_is_applied_while_an_event_is_retried_is_not_lost(
    process, writer, log, monkeypatch
):
    async with process() as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"), POISON)
        await projections.reached(PEOPLE, "i1", 2)
        fixed = mended()
        read = log.stream

        async def overtaken(stream, after=0):
            found = await read(stream, after)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await writer.add("gigi", PersonRenamed(name="Gina"))
                    await projections.reached(PEOPLE, "i1", 3)
            return found

        monkeypatch.setattr(log, "stream", overtaken)
        assert await projections.retry(fixed, "i1", 2)
        monkeypatch.undo()
        assert await projections.reached(PEOPLE, "i1", 3)
        assert await projections.verify(fixed) == []
