import asyncio

import pytest
from personae.store.migrate import DatabaseIsNewer, Migration, migrate, shipped
from personae.store.pool import Database


@pytest.fixture
async def bare(bare_url):
    database = Database(bare_url, size=4)
    yield database
    await database.close()


async def test_tables_are_made_and_recorded(bare):
    assert await migrate(bare) == shipped()[-1].number
    assert await bare.rows("SELECT * FROM events") == []
    names = await bare.rows("SELECT name FROM migrations WHERE number > 0 ORDER BY number")
    assert [name for (name,) in names] == [migration.name for migration in shipped()]


async def test_processes_that_start_together_apply_each_file_once(bare, bare_url):
    other = Database(bare_url, size=2)
    slow = [*shipped(), Migration(9999, "slow", "SELECT pg_sleep(0.1); CREATE TABLE made_once ()")]
    assert await asyncio.gather(*(migrate(db, slow) for db in (bare, other, bare))) == [9999] * 3
    await other.close()


async def test_tables_of_a_later_release_are_refused(bare):
    await migrate(bare)
    await bare.run("INSERT INTO migrations (number, name) VALUES (9999, 'from the future')")
    with pytest.raises(DatabaseIsNewer, match="9999"):
        await migrate(bare)


async def test_a_file_that_fails_leaves_nothing_behind(bare):
    broken = [Migration(1, "broken", "CREATE TABLE half (); SELECT no_such_function()")]
    with pytest.raises(Exception, match="42883"):
        await migrate(bare, broken)
    assert await bare.row("SELECT to_regclass('half')") == (None,)
    assert await bare.rows("SELECT number FROM migrations") == [(0,)]
