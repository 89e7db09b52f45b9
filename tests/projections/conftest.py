"""A log and projections of people and badges over a fresh database."""

import contextlib

import pytest
from personae.projections.kit import Pace, Projections, versions
from personae.projections.kit.shelf import Shelf
from personae.store.postgres import PostgresLog

from tests.projections.people import BADGES, PEOPLE, Writer

QUICK = Pace(lease=0.6, renew=0.1, sweep=0.5, tidy=0.5)


@pytest.fixture
async def log(database):
    log = PostgresLog(database)
    yield log
    await log.close()


@pytest.fixture
def writer(log):
    return Writer(log)


@pytest.fixture
async def shelf(database):
    shelf = Shelf(database)
    await versions.prepare(shelf, [PEOPLE, BADGES])
    return shelf


@pytest.fixture
def process(database, log):
    """Start projections like a process of its own would; ``bus`` tells it of commits."""

    @contextlib.asynccontextmanager
    async def start(*tables, bus=True, pace=QUICK):
        projections = Projections(database, log, tables or (PEOPLE, BADGES), pace=pace)
        await projections.start()
        if bus:
            log.on_committed.append(projections.on_committed)
        try:
            yield projections
        finally:
            if bus:
                log.on_committed.remove(projections.on_committed)
            await projections.stop()

    return start
