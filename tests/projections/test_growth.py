"""A read model that was just filled is planned for as it is, not as the empty table it was."""

import asyncio

import pytest
from personae.actors.domain.kit import Stream
from personae.projections.kit.growth import FIRST, Growth
from personae.store.errors import StatementError
from personae.store.log import Commit, Part

from tests.projections.people import PEOPLE, START, PersonAdded


async def looked_at(database, seconds=5.0):
    """Return how many rows PostgreSQL takes the table to have, once it was told to look."""
    sql = (
        "SELECT c.reltuples, s.last_analyze IS NOT NULL FROM pg_class c JOIN pg_stat_user_tables s"
        " ON s.relid = c.oid WHERE c.oid = 'projections.people_v1'::regclass"
    )
    for _ in range(int(seconds * 20)):
        rows, told = await database.row(sql)
        if told:
            return rows
        await asyncio.sleep(0.05)
    return None


async def filled(log, count):
    def person(number):
        happened = (PersonAdded(name=f"name {number}"),)
        part = Part(Stream("i1", "person", f"p{number}"), 0, "club", happened)
        return log.append(Commit(instance_id="i1", parts=(part,), creator="me", at=START))

    await asyncio.gather(*map(person, range(count)))


@pytest.mark.store
async def test_a_table_that_was_filled_is_looked_at(process, log, database):
    async with process() as projections:
        await filled(log, FIRST + 200)
        assert await projections.reached(PEOPLE, "i1", FIRST + 200)
        assert await looked_at(database) >= FIRST


@pytest.mark.store
async def test_a_few_rows_are_not_worth_a_look(process, log, database):
    async with process() as projections:
        await filled(log, 50)
        assert await projections.reached(PEOPLE, "i1", 50)
        assert await looked_at(database, 0.3) is None


class Looks:
    """A shelf that counts; it may refuse."""

    database = None

    def __init__(self, error=None):
        self.count, self.error = 0, error

    async def analyze(self, table, session):
        self.count += 1
        if self.error:
            raise self.error


async def test_the_more_there_is_the_more_must_be_new():
    shelf = Looks()
    growth = Growth(PEOPLE, shelf)
    seen = []
    for rows, at_rest in (
        (FIRST - 1, True), (FIRST, False), (2 * FIRST, False), (2 * FIRST, True), (3 * FIRST, True),
        (20 * FIRST, False),
    ):  # fmt: skip
        growth.wrote(rows, at_rest=at_rest)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        seen.append(shelf.count)
    assert seen == [0, 1, 1, 2, 2, 3]
    await growth.close()


async def test_a_database_that_cannot_look_is_no_harm(caplog):
    growth = Growth(PEOPLE, Looks(StatementError("42601", "no such statement")))
    growth.wrote(FIRST, at_rest=True)
    await asyncio.sleep(0.01)
    assert "was not looked at" in caplog.text
    await growth.close()
