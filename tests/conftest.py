"""Fixtures of every room: a real PostgreSQL, and a fresh database on it for each test."""

import asyncio
import contextlib
import itertools
import shutil
import signal
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from personae.store.embedded import Embedded
from personae.store.migrate import migrate
from personae.store.pool import Database
from xdist.scheduler import LoadFileScheduling

# Whether an example took long says something about the machine, nothing about the code.
# The same examples at every run; ``--hypothesis-profile=search`` looks for new ones.
_OURS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("tests", _OURS, derandomize=True)
settings.register_profile("search", _OURS)
settings.load_profile("tests")

# A shell starts its background jobs with SIGINT ignored, and their children inherit that: the
# programs that tests interrupt would not hear it.
signal.signal(signal.SIGINT, signal.default_int_handler)

_numbers = itertools.count(1)


class ByFile(LoadFileScheduling):
    """Gives each process whole files, and one of them all tests of the API, whose last looks back."""

    def _split_scope(self, nodeid):
        api = "tests/http/api"
        return api if nodeid.startswith(f"{api}/") else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return ByFile(config, log)


@pytest.fixture(scope="session")
def postgres_server():
    """An embedded PostgreSQL that lives as long as the test run."""
    folder = Path(tempfile.mkdtemp(prefix="personae-test-"))
    folder.chmod(0o755)
    server = Embedded(folder / "data")
    try:
        server.start()
        asyncio.run(_make_template(server.dsn))
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


async def _make_template(url):
    """Migrate the server's own database once; the tests' databases are copies of it."""
    database = Database(url, size=1)
    await migrate(database)
    await database.close()


@pytest.fixture
async def postgres_url(postgres_server):
    """The URL of a new database, migrated and empty."""
    async with _new_database(postgres_server.dsn, "personae") as url:
        yield url


@pytest.fixture
async def bare_url(postgres_server):
    """The URL of a new database without tables."""
    async with _new_database(postgres_server.dsn, "template0") as url:
        yield url


@pytest.fixture
async def database(postgres_url):
    """An open ``Database``, migrated and empty."""
    database = Database(postgres_url, size=4)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def used_database(postgres_server, _used):
    """An open ``Database``, empty but for the tables of the read models: for tests of the doors.

    Tests share it one after another, as making one takes longer than most of them do.
    """
    if not _used:
        name = await _created(postgres_server.dsn, "personae")
        _used.append(postgres_server.dsn.replace("/personae?", f"/{name}?"))
    url = _used.pop()
    database = Database(url, size=4)
    await database.open()
    yield database
    await database.close()
    if await _emptied(url):
        _used.append(url)


@pytest.fixture(scope="session")
def _used():
    return []


TABLES = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname !~ '^(pg_|inform)'"
REBUILT = (
    "SELECT count(*) FROM projections.tables"
    " WHERE answered_by IS DISTINCT FROM version AND name <> ''"
)
KEPT = {"public.migrations", "projections.tables"}
"""What stays when a database is emptied: which tables it has."""


async def _emptied(url):
    """Delete every row; False when a test rebuilt a table, whose database is not used again."""
    database = Database(url, size=1)
    tables = {name for (name,) in await database.rows(TABLES)}
    await database.run("; ".join(f"DELETE FROM {table}" for table in tables - KEPT))
    rebuilt = "projections.tables" in tables and (await database.row(REBUILT)) != (0,)
    await database.close()
    return not rebuilt


@contextlib.asynccontextmanager
async def _new_database(server_url, template):
    name = await _created(server_url, template)
    yield server_url.replace("/personae?", f"/{name}?")
    await _maintained(server_url, f"DROP DATABASE {name} (FORCE)")


async def _created(server_url, template):
    name = f"test_{next(_numbers)}"
    await _maintained(server_url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log")
    return name


async def _maintained(server_url, sql):
    maintenance = Database(server_url.replace("/personae?", "/postgres?"), size=1)
    await maintenance.open()
    await maintenance.run(sql)
    await maintenance.close()


class Canary:
    """Something in our own network that notices who comes, and answers what it is told to."""

    def __init__(self):
        self.seen, self.port, self.answer = 0, 0, b"HTTP/1.1 204 No Content\r\n\r\n"

    async def noticed(self, _reader, writer):
        self.seen += 1
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def canary():
    found = Canary()
    server = await asyncio.start_server(found.noticed, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    both = [server]
    if socket.has_ipv6:
        both.append(await asyncio.start_server(found.noticed, "::1", found.port))
    yield found
    for each in both:
        each.close()
