"""PostgreSQL's own programs: found in the version that fits a server, run, fed, listened to."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

from personae.store.connection import without_password
from personae.store.embedded import EmbeddedError, programs
from personae.store.pool import Database

CHUNK = 1 << 20
MOST_SAID = 4096
VERSION = re.compile(r"\(PostgreSQL\) (\d+)")

Fed = Callable[[int, int], object]
"""Is told how many of how many bytes a program has read."""


class ProgramError(Exception):
    """A program is missing or failed; the message says what it said."""


def unfed(_done: int, _total: int) -> None:
    """Tell nobody."""


class Program:
    """A program at work."""

    def __init__(self, process: Process, said: IO[bytes]) -> None:
        self._process = process
        self._said = said

    async def ended(self, seconds: float) -> bool:
        """Wait for its end, but not longer."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._process.wait()
        return self._process.returncode is not None

    async def feed(self, file: Path, fed: Fed = unfed) -> None:
        """Give it a file to read. When it ends early, :meth:`succeed` says why."""
        pipe = self._process.stdin
        assert pipe is not None  # noqa: S101 — every program is started with one
        size, given = (await asyncio.to_thread(file.stat)).st_size, 0
        fed(0, size)
        with file.open("rb") as opened, suppress(BrokenPipeError, ConnectionResetError):
            while chunk := await asyncio.to_thread(opened.read, CHUNK):
                pipe.write(chunk)
                await pipe.drain()
                given += len(chunk)
                fed(given, size)
            pipe.close()
            await pipe.wait_closed()

    async def succeed(self) -> None:
        """Wait for its end. Raises :class:`ProgramError`."""
        code = await self._process.wait()
        if code:
            self._said.seek(0)
            lines = self._said.read(MOST_SAID).decode(errors="replace").strip().split("\n")
            raise ProgramError(" / ".join(lines[:3]) or f"it ended with {code}")


@asynccontextmanager
async def started(database: Database, name: str, *options: str) -> AsyncIterator[Program]:
    """Run a client program on a database; it is gone afterwards, whatever happens.

    The password goes by the environment: options are seen by every user of the machine.
    """
    path = await _fitting(database, name)
    address, password = without_password(database.dsn)
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    with tempfile.TemporaryFile() as said:
        process = await asyncio.create_subprocess_exec(
            path, *options, f"--dbname={address}",
            stdin=PIPE, stdout=DEVNULL, stderr=said, env=environment,
        )  # fmt: skip
        try:
            yield Program(process, said)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _fitting(database: Database, name: str) -> Path:
    """Return the program of the server's own version, else the next later one that is here.

    A later one reads an older server; an older one refuses a later server.
    """
    [(setting,)] = await database.rows("SELECT current_setting('server_version_num')")
    server = int(setting) // 10_000
    found = [(await _version(path), path) for path in _candidates(name)]
    fitting = [(version, path) for version, path in found if version >= server]
    if not fitting:
        raise ProgramError(f"the server is PostgreSQL {server}: put its {name} on the PATH")
    return min(fitting, key=lambda pair: pair[0])[1]


def _candidates(name: str) -> list[Path]:
    paths = []
    with suppress(EmbeddedError):
        paths.append(programs() / name)
    if on_path := shutil.which(name):
        paths.append(Path(on_path))
    return [path for path in paths if path.exists()]


async def _version(path: Path) -> int:
    process = await asyncio.create_subprocess_exec(path, "--version", stdout=PIPE, stderr=DEVNULL)
    said, _ = await process.communicate()
    found = VERSION.search(said.decode(errors="replace"))
    return int(found[1]) if found else 0
