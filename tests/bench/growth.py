"""How a rebuild of the users table grows with the log: every event is one that it must apply.

``make bench ARGS=growth`` takes some minutes; ``EVENTS="1000000 10000000"`` says how far to go:
the latter takes 8 GB of disk. Seconds of processors (ours and the database's) tell the growth also
where the machine has other work. How far it is stands on standard error, every few seconds; cut off
(interrupt, SIGTERM) it leaves neither a database nor files.
"""

import asyncio
import contextlib
import os
import shutil
import sys
import time
from datetime import UTC, datetime

import psutil
from personae.actors.domain.kit import Stream
from personae.actors.domain.user import events as e
from personae.projections.kit.rebuild import rebuild
from personae.projections.kit.shelf import Shelf
from personae.projections.users import USERS
from personae.store.embedded import Embedded
from personae.store.log import Commit, Part
from personae.store.migrate import migrate
from personae.store.pool import Database
from personae.store.postgres import PostgresLog

from tests.bench.store import new_folder

SIZES = tuple(map(int, os.environ.get("EVENTS", "300000 1000000").split()))
START = datetime(2026, 1, 1, tzinfo=UTC)
PER_USER = 4
SHOW_EVERY = 5.0


async def rows():
    """Yield one row per size: what, figure, unit."""
    folder = new_folder()
    server = Embedded(folder / "data")
    database = Database(await asyncio.to_thread(server.start), size=8)
    try:
        await database.open()
        await migrate(database)
        log, shelf, users = PostgresLog(database), Shelf(database), 0
        await shelf.prepare([USERS])
        for size in SIZES:
            users = await _fill(log, users, size // PER_USER)
            what = f"rebuild users from {size:,} events"
            began, worked = time.perf_counter(), work(server)
            await rebuild(shelf, log, USERS, Shown("rebuilt").progress)
            seconds, worked = time.perf_counter() - began, work(server) - worked
            yield what, seconds, "s"
            yield what, f"{size / seconds:,.0f}", "events/s"
            yield what, worked * 1e6 / size, "us of processors an event"
            ((held,),) = await database.rows("SELECT pg_database_size(current_database())")
            yield f"database with {size:,} events", held / 1e9, "GB"
        await database.close()
    finally:
        await asyncio.to_thread(server.stop)
        shutil.rmtree(folder)


def work(server):
    """Seconds that processors have worked for us and for the database so far."""
    seconds = time.process_time()
    for each in psutil.Process(server.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # a helper of a moment
            seconds += sum(each.cpu_times()[:2])
    return seconds


class Shown:
    """Says on standard error how far something is, every few seconds."""

    def __init__(self, what):
        self._what = what
        self._next = time.monotonic() + SHOW_EVERY

    def progress(self, progress):
        self(progress.done, progress.total)

    def __call__(self, done, total):
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + SHOW_EVERY
            print(f"    {self._what} {done:,} of {total:,}", file=sys.stderr, flush=True)


async def _fill(log, first, last):
    shown = Shown("users written")
    for begin in range(first, last, 1000):
        await asyncio.gather(*(user(log, n) for n in range(begin, min(begin + 1000, last))))
        shown(begin, last)
    return last


async def user(log, number):
    name = f"user-{number}"
    happened = (
        e.HumanAdded(user_name=name, first_name="Ada", last_name=name, email=f"{name}@x.test"),
        e.EmailVerified(),
        e.ProfileChanged(display_name=f"Ada {number}"),
        e.EmailChanged(email=f"{name}@y.test"),
    )
    part = Part(Stream("bench", "user", str(number)), 0, "org", happened)
    await log.append(Commit(instance_id="bench", parts=(part,), creator="me", at=START))
