"""What counts once among all processes."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from personae.store.errors import DatabaseError
from personae.store.pool import Database
from personae.store.seen import Seen

pytestmark = pytest.mark.store
NOW = datetime.now(UTC)
SOON = NOW + timedelta(minutes=1)


async def test_a_name_is_taken_once_by_whichever_process(database):
    processes = [Seen(database) for _ in range(3)]
    asked = [each.first(b"a", SOON, NOW) for each in processes for _ in range(20)]
    assert sum(await asyncio.gather(*asked)) == 1
    assert await processes[0].first(b"b", SOON, NOW)


async def test_many_names_are_taken_by_few_statements(database):
    seen, statements = Seen(database), []
    rows = database.rows

    async def counted(sql, params=None, **more):
        statements.append(sql)
        return await rows(sql, params, **more)

    database.rows = counted
    names = [str(number).encode() for number in range(500)]
    assert all(await asyncio.gather(*(seen.first(name, SOON, NOW) for name in names)))
    assert len(statements) <= 3


@pytest.mark.parametrize("portable", [False, True])
async def test_only_this_statement_does_not_wait_for_the_disk(postgres_url, portable):
    database = Database(postgres_url, size=1)  # the connection that the statement had
    await database.open()
    seen, counted = Seen(database, portable=portable), []
    rows = database.rows

    async def spied(sql, params=None, **more):
        counted.append("synchronous_commit" in sql)
        return await rows(sql, params, **more)

    database.rows = spied
    asked = [seen.first(b"a", SOON, NOW) for _ in range(2)]
    assert await asyncio.gather(*asked) == [True, False]
    assert counted == [not portable]
    assert await rows("SHOW synchronous_commit") == [("on",)]
    await database.close()


async def test_what_has_expired_is_forgotten(database):
    past = NOW - timedelta(seconds=1)
    assert await Seen(database).first(b"a", past, NOW)
    assert await Seen(database).first(b"b", SOON, NOW)
    await asyncio.sleep(0.05)
    assert [bytes(row[0]) for row in await database.rows("SELECT name FROM seen")] == [b"b"]


async def test_nothing_counts_while_the_database_cannot_say(database):
    seen = Seen(database)
    await database.close()
    with pytest.raises(DatabaseError):
        await seen.first(b"a", SOON, NOW)
