"""How fast projectors apply events, from the log and from the bus, and how fast lists answer.

``python -m tests.bench.projections`` prints name, value and unit. Nothing here asserts a time.
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
from tests.projections.people import PEOPLE, START, PersonAdded, PersonRenamed, Stream

PEOPLE_COUNT, RENAMES = 10_000, 2
EVENTS = PEOPLE_COUNT * (1 + RENAMES)


def _server():
    folder = Path(tempfile.mkdtemp(prefix="personae-bench-"))
    folder.chmod(0o755)
    return folder, Embedded(folder / "data")


async def rows():
    """Return (name, value, unit) of each measurement."""
    folder, server = _server()
    try:
        database = Database(server.start(), size=8)
        await migrate(database)
        return await _measure(database)
    finally:
        server.stop()
        shutil.rmtree(folder)


async def _measure(database):
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
    return [
        ("projector: catch up from the log", caught_up, "events/s"),
        ("projector: behind a writer, by the bus", bus, "events/s"),
        ("all read models: catch up with users from the log", everything, "events/s"),
        ("rebuild and move into place", rebuilt, "events/s"),
        (f"first page of {PEOPLE_COUNT}, by id", first, "ms"),
        (f"first page of {PEOPLE_COUNT}, by name", deep, "ms"),
    ]


async def _all(database, log):
    """Return events per second until every read model of the server has them."""
    users = PEOPLE_COUNT // 4
    await asyncio.gather(*(user(log, number) for number in range(users)))
    head = await log.head("bench")
    tables = tables_in(read_models)
    projections = Projections(database, log, tables)
    await versions.prepare(projections.shelf, tables)
    start = time.perf_counter()
    await projections.start()
    await asyncio.gather(
        *(projections.reached(table, "bench", head, timeout=300) for table in tables)
    )
    seconds = time.perf_counter() - start
    await projections.stop()
    return head / seconds


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


if __name__ == "__main__":
    for name, value, unit in asyncio.run(rows()):
        print(f"{name:45} {value:12,.1f} {unit}")
