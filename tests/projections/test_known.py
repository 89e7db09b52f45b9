"""Lists that were asked before: neither counted nor skipped through again, and never out of date."""

import asyncio
import random

import pytest
from personae.projections.kit import ALL, Allowed, Condition, Question
from personae.projections.kit.expression import view
from personae.projections.kit.fold import Fold
from personae.projections.kit.journal import STEPS, TABLES, Change, Journal
from personae.projections.kit.known import LISTS, PLACES, Known, Memory
from personae.projections.kit.poison import retry
from personae.projections.kit.projector import Projector

from tests.projections.people import (
    BADGES,
    PEOPLE,
    BadgeGiven,
    ClubClosed,
    PersonAdded,
    PersonRemoved,
    PersonRenamed,
    people_table,
)

pytestmark = pytest.mark.store
COUNTS = "ELSE (SELECT count(*)"


def people(**asked):
    return Question(**{"table": PEOPLE, "instance_id": "i1", "allowed": ALL, "limit": 5} | asked)


@pytest.fixture
def statements(database, monkeypatch):
    """Every statement about a list that is sent from now on."""
    sent, rows = [], database.rows

    async def spied(sql, params=None, **more):
        if sql.startswith("WITH state"):
            sent.append(sql)
        return await rows(sql, params, **more)

    monkeypatch.setattr(database, "rows", spied)
    return sent


async def filled(projections, writer, count=40):
    await writer.people(count)
    assert await projections.reached(PEOPLE, "i1", count)


async def test_a_list_is_counted_once_until_it_changes(process, writer, statements):
    async with process() as projections:
        await filled(projections, writer)
        for _ in range(3):
            assert (await projections.ask(people())).total == 40
        assert [COUNTS in sql for sql in statements] == [True, False, False]
        [new] = await writer.add("gigi", PersonAdded(name="Gigi"))
        assert await projections.reached(PEOPLE, "i1", new.position)
        assert (await projections.ask(people())).total == 41


OLD = Condition("t.name LIKE %s", ("old%",))


async def test_a_list_that_changes_is_followed_without_counting(process, writer, statements):
    dice, names = random.Random(7), {}
    async with process() as projections:
        for number in range(30):
            names[f"p{number}"] = "old"
            await writer.add(f"p{number}", PersonAdded(name="old"))
        await projections.reached(PEOPLE, "i1", 30)
        for turn in range(60):
            asked = [people(), people(conditions=[OLD]), people(conditions=[~OLD])]
            totals = [(await projections.ask(one)).total for one in asked]
            old = sum(name.startswith("old") for name in names.values())
            assert totals == [len(names), old, len(names) - old]
            whom, name = dice.choice(list(names)), dice.choice(["old", "older", "new"])
            happened = [PersonRenamed(name=name)]
            if turn % 3 == 0:
                whom = f"n{turn}"
                happened = [PersonAdded(name="new"), PersonRenamed(name=name)]
            elif turn % 7 == 0:
                happened = [PersonRemoved()]
            names[whom] = name
            if turn % 7 == 0 and turn % 3:
                del names[whom]
            last = (await writer.add(whom, *happened))[-1]
            assert await projections.reached(PEOPLE, "i1", last.position)
    assert sum(COUNTS in sql for sql in statements) < 10  # full pages are counted, the first time


async def test_rows_beside_those_of_a_list_have_no_say_in_how_it_is_followed(process, writer):
    same = f"SELECT FROM {view(PEOPLE)} o WHERE o.name = t.name AND o.id <> t.id"
    alone = Condition(f"NOT EXISTS ({same})")
    async with process() as projections:
        await filled(projections, writer)
        assert (await projections.ask(people(conditions=[alone]))).total == 40
        [done] = await writer.add("p000001", PersonRenamed(name="person 2"))
        await projections.reached(PEOPLE, "i1", done.position)
        found = await projections.ask(people(conditions=[alone], limit=100))
        assert (await projections.ask(people(conditions=[alone]))).total == len(found.rows)


async def test_what_others_do_between_two_steps_is_counted(process, writer, database):
    """A rebuild mends rows while the position stays; then the projector writes the next event."""
    async with process() as projections:
        await filled(projections, writer)
        await database.run("DELETE FROM projections.people_v1 WHERE age < 10")
        assert (await projections.ask(people())).total == 30
        await projections.rebuild(PEOPLE)
        [done] = await writer.add("gigi", PersonAdded(name="Gigi"))
        await projections.reached(PEOPLE, "i1", done.position)
        assert (await projections.ask(people())).total == 41
        [done] = await writer.add("club", ClubClosed())
        await projections.reached(PEOPLE, "i1", done.position)
        assert (await projections.ask(people())).total == 0


async def test_a_count_is_shared_while_others_go_on_changing_the_list(
    process, writer, database, statements
):
    async with process(bus=False) as here, process() as there:
        await filled(there, writer)
        await here.reached(PEOPLE, "i1", 40)
        over = asyncio.Event()

        async def change():
            while not over.is_set():
                await writer.add(f"n{len(writer.versions)}", PersonAdded(name="new"))

        changing = asyncio.create_task(change())
        for _ in range(5):
            before = await database.row("SELECT count(*) FROM projections.people_v1")
            pages = await asyncio.gather(*(here.ask(people()) for _ in range(40)))
            after = await database.row("SELECT count(*) FROM projections.people_v1")
            assert all(before[0] <= page.total <= after[0] for page in pages)
        over.set()
        await changing
    assert sum(COUNTS in sql and "::bigint" not in sql for sql in statements) <= 40


async def test_an_older_bookkeeping_learns_to_tell_moves_apart(process, writer, database):
    async with process() as projections:
        await filled(projections, writer)
    await database.run("ALTER TABLE projections.positions DROP COLUMN moved_from")
    async with process() as projections:
        assert (await projections.ask(people())).total == 40
        [done] = await writer.add("gigi", PersonAdded(name="Gigi"))
        await projections.reached(PEOPLE, "i1", done.position)
        assert (await projections.ask(people())).total == 41


def test_the_journal_is_bounded():
    journal = Journal()
    for number in range(TABLES + 1):
        journal.follow(PEOPLE, f"i{number}")
    rows = {("p",): PEOPLE.new(name="x")}
    fold = Fold(PEOPLE, f"i{TABLES}", {("p",): None})
    fold.replace(rows)
    for number in range(STEPS + 1):
        journal.note(fold, (f"{number}", f"{number + 1}"), number)
    first, second = "people 1 0 0", "people 1 1 1"
    assert journal.since(PEOPLE, f"i{TABLES}", first) == Change(first)
    change = journal.since(PEOPLE, f"i{TABLES}", second)
    assert change.mark == f"people 1 {STEPS} {STEPS + 1}"
    assert (change.before, change.after) == ((), tuple(rows.values()))
    assert journal.since(PEOPLE, "i0", second) == Change(second)


async def test_lists_of_others_are_counted_for_themselves(process, writer):
    async with process() as projections:
        await filled(projections, writer)
        await writer.add("gigi", PersonAdded(name="Gigi"), owner="other")
        await projections.reached(PEOPLE, "i1", 41)
        for _ in range(2):
            for allowed, total in (
                (ALL, 41),
                (Allowed(owners={"other"}), 1),
                (Allowed(owners={"club"}), 40),
                (Allowed(), 0),
                (Condition("t.age < %s", (7,)), 8),
                (Condition("t.age < %s", (8,)), 9),
            ):
                assert (await projections.ask(people(allowed=allowed))).total == total
        assert (await projections.ask(people(instance_id="i2"))).total == 0


async def test_pages_asked_in_any_order_are_slices_of_the_whole_while_it_changes(process, writer):
    dice = random.Random(5)
    async with process() as projections:
        await filled(projections, writer, 60)
        position = 60
        for turn in range(8):
            [done] = await writer.add(f"p{dice.randrange(60):06}", PersonRenamed(name=f"{turn}"))
            position = done.position
            assert await projections.reached(PEOPLE, "i1", position)
            for order, ascending in (("name", True), ("born", False), ("", False)):
                asked = {"order": order, "ascending": ascending}
                whole = (await projections.ask(people(**asked, limit=100))).rows
                for offset in dice.sample(range(66), 9):
                    page = await projections.ask(people(**asked, offset=offset))
                    assert page.rows == whole[offset : offset + 5]
                    assert page.total == 60


async def test_a_page_whose_place_is_known_is_not_skipped_to(process, writer, statements, database):
    async with process() as projections:
        await filled(projections, writer)
        for offset in (0, 30, 30, 34):
            await projections.ask(people(order="creation_date", offset=offset))
        assert ["picked" in sql for sql in statements] == [False, True, False, False]


@pytest.mark.parametrize("change", [PersonRemoved(), ClubClosed()])
async def test_what_another_process_deletes_is_noticed(process, writer, change):
    async with process(bus=False) as here, process() as there:
        await filled(there, writer)
        assert await here.reached(PEOPLE, "i1", 40)
        assert (await here.ask(people())).total == 40
        whom = "club" if isinstance(change, ClubClosed) else "p000003"
        [done] = await writer.add(whom, change)
        assert await there.reached(PEOPLE, "i1", done.position)
        assert (await here.ask(people())).total == (0 if whom == "club" else 39)


async def test_a_table_that_a_filter_or_order_looks_into_counts_too(process, writer):
    badged = Condition(f"EXISTS (SELECT FROM {view(BADGES)} b WHERE b.person_id = t.id)", ())
    by_name = Question(table=BADGES, instance_id="i1", allowed=ALL, order="person_name")
    async with process() as projections:
        await filled(projections, writer)
        assert (await projections.ask(people(conditions=[badged]))).total == 0
        await writer.add("p000001", BadgeGiven(badge="gold"))
        await writer.add("p000002", BadgeGiven(badge="gold"))
        await projections.reached(BADGES, "i1", 42)
        assert (await projections.ask(people(conditions=[badged]))).total == 2
        names = [row.person_name for row in (await projections.ask(by_name)).rows]
        [done] = await writer.add("p000001", PersonRenamed(name="zzz"))
        await projections.reached(PEOPLE, "i1", done.position)
        page = await projections.ask(by_name)
        assert [row.person_name for row in page.rows] == [names[1], "zzz"]


async def test_an_event_that_is_applied_after_all_is_noticed(
    process, writer, log, shelf, monkeypatch
):
    monkeypatch.setattr(Projector.__init__, "__kwdefaults__", {"first_pause": 0.01})
    calm = people_table()
    calm.on(PersonAdded)(lambda row, _recorded: row)
    async with process() as projections:
        await writer.add("gigi", PersonAdded(name="Gigi", age=2**63))
        assert await projections.reached(PEOPLE, "i1", 1)
        assert (await projections.ask(people())).total == 0
        calm.on(PersonAdded)(lambda row, _recorded: row and row.but(age=1))
        assert await retry(shelf, log, calm, "i1", 1)
        assert (await projections.ask(people())).total == 1


async def test_a_rebuilt_table_is_counted_anew(process, writer, database):
    async with process() as projections:
        await filled(projections, writer)
        await database.run("DELETE FROM projections.people_v1 WHERE age < 10")
        before = (await projections.ask(people())).total
        await projections.rebuild(PEOPLE)
        assert (before, (await projections.ask(people())).total) == (30, 40)


async def test_what_many_ask_at_once_is_counted_by_one(process, writer, statements):
    async with process() as projections:
        await filled(projections, writer)
        pages = await asyncio.gather(*(projections.ask(people()) for _ in range(30)))
        assert {page.total for page in pages} == {40}
        assert sum(COUNTS in sql for sql in statements) == 1


async def test_a_page_that_is_not_full_tells_the_total(process, writer, database):
    async with process() as projections:
        await filled(projections, writer, 12)
        for offset, rows in ((0, 5), (5, 5), (10, 2), (12, 0), (99, 0)):
            fresh = Condition("t.id <> %s", (f"nobody{offset}",))
            page = await projections.ask(people(conditions=[fresh], offset=offset))
            assert (len(page.rows), page.total) == (rows, 12)


def test_memory_is_bounded():
    memory, known = Memory(), Known("mark", 1)
    for number in range(LISTS + 10):
        memory.keep(b"%d" % number, known)
    assert memory.get(b"9") is None
    assert memory.get(b"10") is known
    for number in range(PLACES + 10):
        known.note(number, ("a", "b"))
    assert len(known.places) == PLACES
    assert known.nearest(9) is None
    assert known.nearest(1000) == PLACES + 9
