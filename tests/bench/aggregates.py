"""How fast an aggregate wakes up, and how far a list lags behind the writes that it shows.

Medians of three; embedded PostgreSQL with fsync on, and the load, on the same machine.
"""

import asyncio
import contextlib
import shutil
import statistics
import time

from personae.actors.domain.kit import Caller, Stream
from personae.projections.users import USERS
from personae.store.embedded import Embedded
from personae.store.migrate import migrate
from personae.store.pool import Database

from tests.aggregates.conftest import INSTANCE, ORG, SETUP
from tests.bench.store import new_folder
from tests.cluster import running

RUNS, LENGTHS = 3, (10, 1_000, 100_000)
WRITES, SECONDS, PROBE_EVERY = 1_000, 10, 20

_LOGINS = """
WITH happened AS (
    INSERT INTO events SELECT %(instance)s, 'user', %(id)s, 1 + n, h.position + n,
        'user.human.password.check.succeeded', 2, %(org)s, %(id)s, now(), '{}'
    FROM heads h, generate_series(1, %(count)s) n WHERE h.instance_id = %(instance)s
) UPDATE heads SET position = position + %(count)s WHERE instance_id = %(instance)s
"""


async def rows():
    """Yield one row per figure: what, figure, unit."""
    folder = new_folder()
    server = Embedded(folder / "data")
    dsn = await asyncio.to_thread(server.start)
    try:
        database = Database(dsn)
        await migrate(database)
        async with running(dsn, views=False) as node:
            await node.send(SETUP, Caller.of_system(INSTANCE))
            for length in LENGTHS:
                async for row in _wakes(dsn, node, database, length):
                    yield row
        async with running(dsn, size=10) as node:
            await _caught_up(node)  # a start is no write: the tables are new, the log is long
            async for row in _lag(node):
                yield row
        await database.close()
    finally:
        await asyncio.to_thread(server.stop)
        shutil.rmtree(folder)


async def _wakes(dsn, node, database, length):
    """Yield how long it takes until an aggregate of so many events can be asked."""
    user = Stream(INSTANCE, "user", f"{length}")
    await node.add_machine(INSTANCE, ORG, user.id)
    values = {"instance": INSTANCE, "id": user.id, "org": ORG, "count": length - 1}
    await database.run(_LOGINS, values)
    node.world.stale(user)
    whole = []
    for _ in range(RUNS):
        whole.append(await _wake(dsn, user))
        await asyncio.sleep(0.2)
        await database.run("DELETE FROM snapshots")
    yield f"wake-up from {length:,} events", statistics.median(whole), "ms"
    actor = await node.world.aggregate(user)
    await actor.ready()
    await actor.keep()
    kept = [await _wake(dsn, user) for _ in range(RUNS)]
    yield f"wake-up from a snapshot of {length:,} events", statistics.median(kept), "ms"
    await database.run("DELETE FROM snapshots")


async def _wake(dsn, stream):
    async with running(dsn, views=False) as fresh:
        await fresh.world.aggregate(Stream(INSTANCE, "org", ORG))  # the way is warm
        began = time.perf_counter()
        await fresh.world.aggregate(stream)
        return (time.perf_counter() - began) * 1000


async def _caught_up(node):
    head = await node.log.head(INSTANCE)
    for table in node.views.tables:
        assert await node.views.reached(table, INSTANCE, head, timeout=300)


async def _lag(node):
    """Yield how long after its answer a write is in the list of users, at so many writes a second."""
    loop, lags, probes = asyncio.get_running_loop(), [], set()
    began = loop.time()

    async def write(number, probe):
        done = await node.add_machine(INSTANCE, ORG, f"9{number:06}")
        if probe:
            at = loop.time()
            assert await node.views.reached(USERS, INSTANCE, done.position, timeout=30)
            lags.append((loop.time() - at) * 1000)

    for number in range(WRITES * SECONDS):
        if (ahead := began + number / WRITES - loop.time()) > 0:
            await asyncio.sleep(ahead)
        task = asyncio.ensure_future(write(number, number % PROBE_EVERY == 0))
        probes.add(task)
        task.add_done_callback(probes.discard)
    with contextlib.suppress(ValueError):
        await asyncio.wait(probes)
    rate = WRITES * SECONDS / (loop.time() - began)
    lags.sort()
    yield "writes while the lag of the list is measured", rate, "/s"
    yield "lag of a list behind a write, p50", statistics.median(lags), "ms"
    yield "lag of a list behind a write, p99", lags[int(len(lags) * 0.99)], "ms"
