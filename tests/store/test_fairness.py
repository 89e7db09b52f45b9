"""A busy instance takes nothing from the others: counted in flushes, pages and reads, not in time."""

import asyncio

import pytest
from personae.actors.domain.kit import Refusal
from personae.actors.domain.kit.refusal import OVERLOADED
from personae.actors.workers.follower import Follower
from personae.store.lane import Limits
from personae.store.memory import MemoryLog
from personae.store.pool import Database
from personae.store.postgres import PostgresLog

from tests.store.test_log_contract import book, note

BUSY, FLUSH = 2_000, 20


@pytest.fixture
async def narrow(postgres_url):
    """A database with a single connection: every flush of every instance waits for it."""
    database = Database(postgres_url, size=1)
    await database.open()
    yield database
    await database.close()


class Flushes:
    """The instances of the flushes of a log, in order."""

    def __init__(self, log):
        self.seen = []
        log.on_committed.append(lambda events: self.seen.append(events[0].stream.instance_id))

    async def during(self, append):
        """Return which flushes went before the answer to an append."""
        before = len(self.seen)
        await append
        return self.seen[before:]


def busy(log, instance, count=BUSY):
    """Let an instance want very much at once."""
    return [
        asyncio.ensure_future(log.append(note("x", at=book(str(n), instance), instance=instance)))
        for n in range(count)
    ]


async def test_an_append_waits_for_one_flush_of_a_busy_instance_whatever_that_has_waiting(narrow):
    log = PostgresLog(narrow, limits=Limits(events=FLUSH))
    flushes, waiting = Flushes(log), busy(log, "busy")
    await asyncio.sleep(0)
    for n in range(10):
        quiet = log.append(note("x", at=book(str(n), "quiet"), instance="quiet"))
        assert (await flushes.during(quiet)).count("busy") <= 2
    assert not waiting[-1].done()  # it was busy to the end
    await asyncio.gather(*waiting)


async def test_busy_instances_take_turns(narrow):
    log = PostgresLog(narrow, limits=Limits(events=FLUSH))
    flushes = Flushes(log)
    waiting = [each for n in range(8) for each in busy(log, f"busy {n}", 200)]
    await asyncio.sleep(0)
    quiet = log.append(note("x", at=book("1", "quiet"), instance="quiet"))
    before = await flushes.during(quiet)
    assert max(before.count(f"busy {n}") for n in range(8)) <= 2
    await asyncio.gather(*waiting)


async def test_a_full_queue_refuses_its_own_instance_only(database):
    log = PostgresLog(database, limits=Limits(queued=10))
    waiting = busy(log, "busy", 30)
    await asyncio.sleep(0)
    await log.append(note("x", at=book("1", "quiet"), instance="quiet"))
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert {answer.reason for answer in answers if isinstance(answer, Refusal)} == {OVERLOADED}


async def test_a_follower_of_an_instance_that_never_rests_reads_the_others_too():
    log, heard, quiet = MemoryLog(), [], asyncio.Event()

    class Heads:
        async def rows(self, _sql, params=None, *, limit=0):
            return [(one, await log.head(one)) for one in ("busy", "quiet")]

    def tell(events):
        heard.extend(event.stream.instance_id for event in events)
        if heard[-1] == "quiet":
            quiet.set()
        elif len(heard) < 500:  # another process wrote meanwhile
            log._record(note("x", at=book(str(len(heard)), "busy"), instance="busy"))

    follower = Follower(log, Heads(), heard=(), in_order=tell, distrust=lambda: None, listen=False)
    following = asyncio.create_task(follower.run())
    await asyncio.sleep(0)
    for one in ("busy", "quiet"):
        log._record(note("x", at=book("first", one), instance=one))
    async with asyncio.timeout(5):
        await quiet.wait()
    assert heard.count("busy") <= 2
    following.cancel()
