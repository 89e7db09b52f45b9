"""Pages of the log for a table: the next is read while one is applied."""

import asyncio

import pytest
from personae.projections.kit import Projections, reader
from personae.projections.kit.reader import Reader
from personae.store.memory import MemoryLog

from tests.projections.people import PEOPLE, Writer

pytestmark = pytest.mark.store


class Told(MemoryLog):
    """A log that notes the reads of its events, and may take its time for them."""

    def __init__(self):
        super().__init__()
        self.reads, self.pause = [], 0.0

    async def after(self, instance_id, position, limit, types=None):
        self.reads.append((instance_id, position))
        await asyncio.sleep(self.pause)
        return await super().after(instance_id, position, limit, types)


@pytest.fixture
async def told(monkeypatch):
    monkeypatch.setattr(reader, "PAGE", 2)
    log = Told()
    await Writer(log).people(6)
    return log


async def test_a_page_read_ahead_is_not_read_again(told):
    pages = Reader(PEOPLE, told)
    await pages.read("i1", 0, 6)
    pages.ahead("i1", 2, 6)
    await asyncio.sleep(0)
    assert told.reads == [("i1", 0), ("i1", 2)]
    reading = await pages.read("i1", 2, 6)
    assert ([one.position for one in reading.events], reading.upto) == ([3, 4], 4)
    assert len(told.reads) == 2


async def test_a_page_read_ahead_for_another_place_is_let_go(told):
    told.pause, pages = 0.01, Reader(PEOPLE, told)
    pages.ahead("i1", 4, 6)
    reading = await pages.read("i1", 0, 6)
    assert [one.position for one in reading.events] == [1, 2]
    pages.ahead("i1", 2, 6)
    pages.ahead("i1", 4, 6)  # one at a time
    await pages.close()
    assert told.reads == [("i1", 0)]


async def test_nothing_is_read_ahead_of_the_end(told):
    pages = Reader(PEOPLE, told)
    pages.ahead("i1", 6, 6)
    await asyncio.sleep(0)
    assert told.reads == []


async def test_a_projector_that_catches_up_reads_each_page_once(told, database):
    projections = Projections(database, told, [PEOPLE])
    await projections.start()
    assert await projections.reached(PEOPLE, "i1", 6)
    assert told.reads == [("i1", 0), ("i1", 2), ("i1", 4)]
    await projections.stop()
