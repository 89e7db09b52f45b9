"""Another process of the site, for rows of two: a node whose read models start when it is told to.

``python -m tests.bench.neighbour DSN`` reads lines: ``start`` starts the read models, ``write FIRST COUNT``
writes users, and each ``lag INSTANCE POSITION TIME`` asks how long after that time (of the system's
monotonic clock) the list of users has that position. At the end of its input it prints the
milliseconds, and ends.
"""

import asyncio
import contextlib
import json
import sys
import time

import uvloop
from personae.projections.users import USERS

from tests.bench.growth import user
from tests.cluster import running


class Neighbour:
    """The process as its user sees it."""

    def __init__(self, process):
        self._process = process

    async def start(self):
        """Start its read models."""
        self.tell("start")
        await self.heard()

    def tell(self, *words):
        self._process.stdin.write(f"{' '.join(map(str, words))}\n".encode())

    async def heard(self):
        return (await self._process.stdout.readline()).decode()

    async def lags(self):
        """Return the milliseconds that everything it was asked took; it ends."""
        self._process.stdin.close()
        return json.loads(await self.heard())


@contextlib.asynccontextmanager
async def neighbour(dsn):
    """Another process on a database, ready and with its read models not started."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.neighbour", dsn),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        found = Neighbour(process)
        await found.heard()
        yield found
    finally:
        process.stdin.close()
        await process.wait()


async def _lag(node, instance_id, position, at):
    assert await node.views.reached(USERS, instance_id, int(position), timeout=30)
    return (time.monotonic() - float(at)) * 1000


async def _write(node, first, count):
    await asyncio.gather(*(user(node.log, number) for number in range(first, first + count)))


async def _lines():
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        yield line.decode().split()


async def main(dsn):
    lags = []
    async with running(dsn, views=False, size=10) as node:
        print("ready", flush=True)
        async for words in _lines():
            match words:
                case ["start"]:
                    await node.views.start()
                    print("started", flush=True)
                case ["write", first, count]:
                    await _write(node, int(first), int(count))
                    print("written", flush=True)
                case ["lag", *of]:
                    lags.append(asyncio.ensure_future(_lag(node, *of)))
        print(json.dumps(await asyncio.gather(*lags)), flush=True)
        await node.views.stop()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
