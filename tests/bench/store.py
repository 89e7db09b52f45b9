"""How fast the event store appends, reads and converts; run with ``python -m tests.bench.store``.

Every append is durable (fsync and synchronous_commit on) before it is answered. The embedded
PostgreSQL, the client and the load share the machine. Figures are medians of three runs.
"""

import asyncio
import itertools
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import orjson
import uvloop
from personae.actors.domain.kit import EVENTS, Stream, event
from personae.store.codec import decode, encode, to_json
from personae.store.embedded import Embedded
from personae.store.log import Commit, Part
from personae.store.migrate import migrate
from personae.store.pool import Database
from personae.store.postgres import PostgresLog

from tests.bench.medians import RUNS

SECONDS = 2.0

if "bench.user.added" not in EVENTS:

    @event("bench.user.added")
    class UserAdded:
        user_name: str
        first_name: str
        last_name: str
        email: str
        language: str = "en"
        phone: str = ""
        password_change_required: bool = False

else:
    UserAdded = EVENTS["bench.user.added"]

USER = UserAdded(user_name="gigi", first_name="Gigi", last_name="Giraffe", email="g@example.com")
_numbers = itertools.count()


def commit():
    stream = Stream("bench", "user", f"{os.getpid()}{next(_numbers):012}")
    parts = (Part(stream, 0, "org", (USER,)),)
    return Commit(instance_id="bench", parts=parts, creator="bench", at=datetime.now(UTC))


async def appends(log, callers, seconds=SECONDS):
    """Return events per second and the sorted latencies in milliseconds."""
    latencies = []
    end = time.perf_counter() + seconds

    async def caller():
        while (began := time.perf_counter()) < end:
            await log.append(commit())
            latencies.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return len(latencies) / (time.perf_counter() - began), sorted(latencies)


def rate(work, count=50_000):
    """Return calls per second of processor time."""
    return statistics.median(_rate(work, count) for _ in range(RUNS))


def _rate(work, count):
    began = time.process_time()
    for _ in range(count):
        work()
    return count / (time.process_time() - began)


def conversions():
    """Yield name and rate per second of what happens to an event in memory."""
    name, payload = encode(USER)
    text = to_json(payload).decode()
    yield "encode an event to JSON", rate(lambda: to_json(encode(USER)[1]))
    yield "decode a payload", rate(lambda: decode(name, payload))
    yield "decode a payload from JSON", rate(lambda: decode(name, orjson.loads(text)))


async def replay(log):
    """Return events per second of reading the log from its beginning."""
    began, position = time.perf_counter(), 0
    while page := await log.after("bench", position, 5000):
        position = page[-1].position
    return position / (time.perf_counter() - began)


def new_folder():
    folder = Path(tempfile.mkdtemp(prefix="personae-bench-"))
    folder.chmod(0o755)
    return folder


async def together(dsn, callers):
    """Return the rate of two processes on one instance, with half of the callers each."""
    command = (sys.executable, "-m", "tests.bench.appender", dsn, f"{callers // 2}", f"{SECONDS}")
    both = [
        await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        for _ in range(2)
    ]
    found = [json.loads((await one.communicate())[0]) for one in both]
    latencies = sorted(latency for one in found for latency in one["latencies"])
    return sum(one["rate"] for one in found), latencies


async def loads(who, run):
    """Yield the rows of one load: the medians of its runs."""
    runs = [await run() for _ in range(RUNS)]
    rate, p50, p99 = (
        statistics.median(figures)
        for figures in zip(
            *((rate, at(latencies, 0.5), at(latencies, 0.99)) for rate, latencies in runs),
            strict=True,
        )
    )
    yield who, f"{rate:,.0f}", "events/s"
    yield f"{who}, p50 / p99", f"{p50:.2f} / {p99:.2f}", "ms"


def at(latencies, part):
    """Return the latency that a part of the appends did not exceed."""
    return latencies[int(len(latencies) * part)]


async def rows():
    """Yield one row per figure: what, figure, unit."""
    folder = new_folder()
    server = Embedded(folder / "data")
    database = Database(await asyncio.to_thread(server.start))
    try:
        await database.open()
        await migrate(database)
        log = PostgresLog(database)
        await appends(log, 10, 0.5)
        for callers in (1, 10, 100, 1000):
            async for row in loads(f"append, {callers} at once", partial(appends, log, callers)):
                yield row
        for callers in (2, 10, 100, 1000):
            who = f"append, {callers} at once from two processes"
            async for row in loads(who, partial(together, server.dsn, callers)):
                yield row
        replays = [await replay(log) for _ in range(RUNS)]
        yield "replay in pages of 5,000", f"{statistics.median(replays):,.0f}", "events/s"
        whole = await database.row("SELECT count(*) = max(position) FROM events")
        yield "positions without gaps", str(whole[0]), ""
        await database.close()
        for name, per_second in conversions():
            yield name, f"{per_second:,.0f}", "/s"
    finally:
        await asyncio.to_thread(server.stop)
        shutil.rmtree(folder)


async def main():
    async for what, figure, unit in rows():
        print(f"{what:40} {figure:>12} {unit}")


if __name__ == "__main__":
    uvloop.run(main())
