"""How fast an aggregate wakes up, and how far a list lags behind the writes that it shows.

The list is asked for by the process that wrote, or by another one. Medians of three runs; embedded PostgreSQL with fsync on, and the load, on the same machine.
"""

import asyncio
import contextlib
import itertools
import shutil
import statistics
import time

from personae.actors.domain.kit import Caller, Stream
from personae.projections.users import USERS
from personae.store.embedded import Embedded
from personae.store.migrate import migrate
from personae.store.pool import Database

from tests.aggregates.conftest import INSTANCE, ORG, SETUP
from tests.bench.medians import RUNS, medians
from tests.bench.neighbour import neighbour
from tests.bench.store import at, new_folder
from tests.cluster import running

LENGTHS = (10, 1_000, 100_000)
WRITES, SECONDS, PROBE_EVERY = 1_000, 10, 20
_numbers = itertools.count(9_000_000)

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
            for row in medians([await _lag(node) for _ in range(RUNS)]):
                yield row
            for row in medians([await _lag_elsewhere(node, dsn) for _ in range(RUNS)]):
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
    """Return how long after its answer a write is in the list of users, at so many writes a second."""
    lags = []

    async def ask(position):
        answered = time.monotonic()
        assert await node.views.reached(USERS, INSTANCE, position, timeout=30)
        lags.append((time.monotonic() - answered) * 1000)

    return _rows("a list", await _write_on(node, ask), lags)


async def _lag_elsewhere(node, dsn):
    """Return the same for the list that another process shows, which sweeps its share of them."""
    async with neighbour(dsn) as other:
        await other.start()

        async def ask(position):
            other.tell("lag", INSTANCE, position, time.monotonic())

        rate = await _write_on(node, ask)
        return _rows("another process' list", rate, await other.lags())


async def _write_on(node, ask):
    """Write so many machines a second, and ask where some of them are; return the rate."""
    loop, writes = asyncio.get_running_loop(), set()
    began = loop.time()

    async def write(ask=None):
        done = await node.add_machine(INSTANCE, ORG, f"{next(_numbers)}")
        if ask:
            await ask(done.position)

    for number in range(WRITES * SECONDS):
        if (ahead := began + number / WRITES - loop.time()) > 0:
            await asyncio.sleep(ahead)
        task = asyncio.ensure_future(write(None if number % PROBE_EVERY else ask))
        writes.add(task)
        task.add_done_callback(writes.discard)
    with contextlib.suppress(ValueError):
        await asyncio.wait(writes)
    return WRITES * SECONDS / (loop.time() - began)


def _rows(whose, rate, lags):
    lags = sorted(lags)
    return [
        (f"writes while the lag of {whose} is measured", rate, "/s"),
        (f"lag of {whose} behind a write, p50", at(lags, 0.5), "ms"),
        (f"lag of {whose} behind a write, p99", at(lags, 0.99), "ms"),
    ]
