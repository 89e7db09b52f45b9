"""How fast projectors apply events, from the log and from the bus, and how fast lists answer.

Behind a writer: the time includes the writing. From the log one process catches up alone, so there is
no row for two. Medians of three runs, each on a database of its own. Nothing here asserts a time.
"""

import asyncio
import shutil
import tempfile
import time
from pathlib import Path

from personae import projections as read_models
from personae.projections.kit import ALL, Projections, Question, tables_in, versions
from personae.projections.kit.rebuild import rebuild
from personae.store.embedded import Embedded
from personae.store.log import Commit, Part
from personae.store.migrate import migrate
from personae.store.pool import Database
from personae.store.postgres import PostgresLog

from tests.bench.growth import user
from tests.bench.medians import RUNS, medians
from tests.bench.neighbour import neighbour
from tests.cluster import running
from tests.projections.people import PEOPLE, START, PersonAdded, PersonRenamed, Stream

PEOPLE_COUNT, RENAMES = 10_000, 2
EVENTS = PEOPLE_COUNT * (1 + RENAMES)
USERS = PEOPLE_COUNT // 4


def _server():
    folder = Path(tempfile.mkdtemp(prefix="personae-bench-"))
    folder.chmod(0o755)
    return folder, Embedded(folder / "data")


async def rows():
    """Return (name, value, unit) of each measurement."""
    return list(medians([await _run() for _ in range(RUNS)]))


async def _run():
    folder, server = _server()
    try:
        database = Database(await asyncio.to_thread(server.start), size=8)
        await migrate(database)
        found = await _measure(database, server.dsn)
        await database.close()
        return found
    finally:
        await asyncio.to_thread(server.stop)
        shutil.rmtree(folder)


async def _measure(database, dsn):
    log = PostgresLog(database)
    for round_ in range(1 + RENAMES):
        await asyncio.gather(*(_write(log, "i1", n, round_) for n in range(PEOPLE_COUNT)))
    projections = Projections(database, log, [PEOPLE])
    start = time.perf_counter()
    await projections.start()
    await projections.reached(PEOPLE, "i1", EVENTS, timeout=120)
    caught_up = EVENTS / (time.perf_counter() - start)
    log.on_committed.append(projections.on_committed)
    bus = await _bus(projections, log)
    start = time.perf_counter()
    await rebuild(projections.shelf, log, PEOPLE)
    rebuilt = 2 * EVENTS / (time.perf_counter() - start)
    first, deep = await _list(projections, ""), await _list(projections, "name")
    await projections.stop()
    everything = await _all(database, log)
    live, live_by_two = await _live(dsn), await _live_by_two(dsn)
    return [
        ("projector: catch up from the log", caught_up, "events/s"),
        ("projector: behind a writer, by the bus", bus, "events/s"),
        ("all read models: catch up with users from the log", everything, "events/s"),
        ("all read models: behind a writer", live, "events/s"),
        ("all read models: behind writers on two processes", live_by_two, "events/s"),
        ("rebuild and move into place", rebuilt, "events/s"),
        (f"first page of {PEOPLE_COUNT}, by id", first, "ms"),
        (f"first page of {PEOPLE_COUNT}, by name", deep, "ms"),
    ]


async def _all(database, log):
    """Return events per second until every read model of the server has them."""
    await _users(log, 0, USERS)
    head = await log.head("bench")
    tables = tables_in(read_models)
    projections = Projections(database, log, tables)
    await versions.prepare(projections.shelf, tables)
    start = time.perf_counter()
    await projections.start()
    await _reached(projections, head)
    seconds = time.perf_counter() - start
    await projections.stop()
    return head / seconds


async def _live(dsn):
    """Return events per second from a writer into every read model of its process."""
    async with running(dsn, views=False, size=8) as node:
        await node.views.start()
        before, start = await _caught_up(node), time.perf_counter()
        await _users(node.log, USERS, USERS)
        return await _rate(node, before, start)


async def _live_by_two(dsn):
    """Return the same for two processes, with half of the users each."""
    async with running(dsn, views=False, size=8) as node, neighbour(dsn) as other:
        await asyncio.gather(node.views.start(), other.start())
        before, start = await _caught_up(node), time.perf_counter()
        other.tell("write", 2 * USERS, USERS // 2)
        await asyncio.gather(_users(node.log, 3 * USERS, USERS // 2), other.heard())
        return await _rate(node, before, start)


async def _rate(node, before, start):
    head = await node.log.head("bench")
    await _reached(node.views, head)
    seconds = time.perf_counter() - start
    await node.views.stop()
    return (head - before) / seconds


async def _caught_up(node):
    head = await node.log.head("bench")
    await _reached(node.views, head)
    return head


async def _users(log, first, count):
    """Write users, of four events each."""
    await asyncio.gather(*(user(log, number) for number in range(first, first + count)))


async def _reached(projections, head):
    every = (projections.reached(each, "bench", head, timeout=300) for each in projections.tables)
    await asyncio.gather(*every)


async def _bus(projections, log):
    start = time.perf_counter()
    for round_ in range(1 + RENAMES):
        await asyncio.gather(*(_write(log, "i2", n, round_) for n in range(PEOPLE_COUNT)))
    await projections.reached(PEOPLE, "i2", EVENTS, timeout=120)
    return EVENTS / (time.perf_counter() - start)


async def _write(log, instance, number, round_):
    event = PersonRenamed(name=f"new {number}") if round_ else PersonAdded(name=f"n {number}")
    part = Part(Stream(instance, "person", f"p{number}"), round_, "club", (event,))
    await log.append(Commit(instance_id=instance, parts=(part,), creator="me", at=START))


async def _list(projections, order):
    question = Question(table=PEOPLE, instance_id="i1", allowed=ALL, order=order)
    start = time.perf_counter()
    for _ in range(20):
        await projections.ask(question)
    return (time.perf_counter() - start) / 20 * 1000
