"""A store as engines without NOTIFY want it, and somebody who is in its way."""

import asyncio
import contextlib

import pytest
from personae.store.pool import Database


@pytest.fixture
async def serialisable(postgres_url):
    """An open database whose every transaction is serialisable."""
    database = Database(postgres_url, size=4, isolation="SERIALIZABLE")
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def rival(postgres_url):
    """Another process that writes to the heads, every other moment, and leaves them as they are."""
    database = Database(postgres_url, size=1)
    disturbing = asyncio.create_task(_disturb(database))
    yield database
    disturbing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await disturbing
    await database.close()


async def _disturb(database):
    while True:
        async with database.transaction() as tx:
            await tx.run("UPDATE heads SET position = position")
            await asyncio.sleep(0.004)
        await asyncio.sleep(0.004)
