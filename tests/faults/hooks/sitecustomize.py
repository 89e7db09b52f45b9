"""Faults inside a server: Python runs this file at its start when the folder is on PYTHONPATH.

So the product has no hooks. ``FAULT_KILL=point:n`` kills the process (-9) when it is at a point of
:data:`POINTS` for the n-th time; ``FAULT_SLOW=share:seconds`` lets so large a share of the questions
to the database sleep there first. ``FAULT_RELEASE=n`` makes it a release that is n later, in which
every read model has changed. ``FAULT_MIGRATION=number:seconds`` makes it one that brings a migration
of the store, which takes so long and notes its number in the table ``fault``.
"""

import asyncio
import functools
import os
import random
import signal

from personae.http.wire.interceptors import Door
from personae.store.lane import Lane
from personae.store.session import Session


def strike(after):
    """Return what kills the process when it is called for the n-th time."""
    calls = 0

    def count():
        nonlocal calls
        calls += 1
        if calls == after:
            os.kill(os.getpid(), signal.SIGKILL)

    return count


def before(function, hit):
    @functools.wraps(function)
    def struck(*args):
        hit()
        return function(*args)

    return struck


def after(function, hit):
    @functools.wraps(function)
    async def struck(*args):
        answer = await function(*args)
        hit()
        return answer

    return struck


def under_way(execute, hit):
    @functools.wraps(execute)
    async def struck(self, sql, *args):
        asked = asyncio.ensure_future(execute(self, sql, *args))
        if "INSERT INTO events" in sql:
            await asyncio.sleep(0)  # now the database has it, and has not answered
            hit()
        return await asked

    return struck


POINTS = {
    "before the push": (Lane, "_write", before),
    "before the commit": (Session, "_execute", under_way),
    "after the push": (Lane, "_acknowledge", before),
    "before the answer": (Door, "answer", after),
}


def slowed(execute, share, seconds):
    @functools.wraps(execute)
    async def slow(self, sql, *args):
        if "SELECT" in sql[:20] and random.random() < share:
            await execute(self, "SELECT pg_sleep(%s)", (seconds,), 0)
        return await execute(self, sql, *args)

    return slow


if kill := os.environ.get("FAULT_KILL"):
    point, _, number = kill.partition(":")
    owner, name, how = POINTS[point]
    setattr(owner, name, how(getattr(owner, name), strike(int(number))))
if slow := os.environ.get("FAULT_SLOW"):
    Session._execute = slowed(Session._execute, *map(float, slow.split(":")))
if release := os.environ.get("FAULT_RELEASE"):
    from personae import projections as read_models
    from personae.projections.kit import tables_in

    for table in tables_in(read_models):
        table.version += int(release)
if step := os.environ.get("FAULT_MIGRATION"):
    from personae.store import migrate

    number, _, seconds = step.partition(":")
    slow_step = migrate.Migration(
        int(number),
        f"{number}_fault.sql",
        "CREATE TABLE IF NOT EXISTS fault (number int);"
        f"INSERT INTO fault VALUES ({number}); SELECT pg_sleep({seconds});",
    )
    shipped = migrate.shipped
    migrate.shipped = lambda: [*shipped(), slow_step]
