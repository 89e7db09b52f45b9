"""Fixtures of every room: a real PostgreSQL, and a fresh database on it for each test."""

import asyncio
import contextlib
import itertools
import shutil
import tempfile
from pathlib import Path

import pytest
from personae.store.embedded import Embedded
from personae.store.migrate import migrate
from personae.store.pool import Database

_numbers = itertools.count(1)


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


@contextlib.asynccontextmanager
async def _new_database(server_url, template):
    name = f"test_{next(_numbers)}"
    maintenance = Database(server_url.replace("/personae?", "/postgres?"), size=1)
    await maintenance.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY wal_log")
    yield server_url.replace("/personae?", f"/{name}?")
    await maintenance.run(f"DROP DATABASE {name} (FORCE)")
    await maintenance.close()
