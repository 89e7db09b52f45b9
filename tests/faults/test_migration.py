"""A server is killed in the middle of a migration of the store: the next start completes it, once."""

import asyncio
import random

import pytest
from personae.store.pool import Database

from tests.cluster import eventually
from tests.faults.conftest import in_thread

UNDER_WAY = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%fault%%pg_sleep%%'"
DONE = "SELECT count(*) FROM migrations WHERE number >= 9000"
"""Those of ``FAULT_MIGRATION`` (see ``hooks``)."""
SECONDS = 3


async def test_kill_9_in_the_middle_of_a_migration(cluster, trials, measured):
    one, two = cluster.nodes
    database = Database(cluster.postgres.dsn, size=1)

    async def under_way():
        others = f"{UNDER_WAY} AND pid <> pg_backend_pid()"
        return (await database.rows(others)) == [(1,)]

    for trial in trials:
        load = cluster.load(one)
        two.settings["FAULT_MIGRATION"] = f"{9000 + trial}:{SECONDS}"
        await in_thread(two.stop)
        async with load.running():
            starting = asyncio.create_task(in_thread(two.start))
            await eventually(under_way, 20)
            await asyncio.sleep(random.uniform(0, SECONDS - 1))
            two.kill()
            with pytest.raises(RuntimeError, match="the server did not start"):
                await starting
            assert await database.rows(DONE) == [(trial,)]
            await in_thread(two.start)
            measured("started, migrated and ready within, s", two.seconds)
            await migrated_once(database, trial + 1)
            await in_thread(two.stop)
            await in_thread(two.start)
            await migrated_once(database, trial + 1)
        assert load.failures == []  # the release before serves meanwhile, and beside it
        await cluster.check(load)
    await database.close()


async def migrated_once(database, count):
    """Assert that so many migrations are noted, and each did what it does once."""
    assert await database.rows(DONE) == [(count,)]
    assert await database.rows("SELECT number, count(*) FROM fault GROUP BY 1 ORDER BY 1") == [
        (9000 + n, 1) for n in range(count)
    ]
