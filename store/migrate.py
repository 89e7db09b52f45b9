"""How the tables came to be: numbered SQL files, each applied once, in order, in a transaction.

Row 0 of the table ``migrations`` is the lock: of several processes that start together one
applies a file while the others wait for the row, and find it done.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib.resources import files

from personae.store.errors import Conflict, StatementError
from personae.store.pool import Database
from personae.store.session import Session

HOUR = 3600.0
"""Seconds that one migration may take."""
MADE_BY_ANOTHER = {"42P07", "42710"}
"""What PostgreSQL may say, besides a unique violation, when two processes make a table in the same
moment: the table or its row type is there (duplicate_table, duplicate_object)."""


class DatabaseIsNewer(RuntimeError):  # noqa: N818 — says what is wrong, not that something is
    """The tables were made by a later release than this one: run that one."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered SQL file."""

    number: int
    name: str
    sql: str


def shipped() -> list[Migration]:
    """Return the migrations of this release, in order."""
    found = [
        Migration(int(file.name.partition("_")[0]), file.name, file.read_text())
        for file in (files("personae.store") / "migrations").iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found, key=lambda migration: migration.number)


async def migrate(database: Database, migrations: list[Migration] | None = None) -> int:
    """Bring the tables up to this release; return their number.

    Raises :class:`DatabaseIsNewer` when they are ahead of it.
    """
    wanted = await asyncio.to_thread(shipped) if migrations is None else migrations
    await _make_record(database)
    for migration in wanted:
        await _apply(database, migration)
    (done,) = await database.row("SELECT max(number) FROM migrations") or (0,)
    if done > wanted[-1].number:
        raise DatabaseIsNewer(f"the tables are at {done}, this release knows {wanted[-1].number}")
    return int(done)


async def _make_record(database: Database) -> None:
    for _ in range(3):
        try:
            await database.run(
                "CREATE TABLE IF NOT EXISTS migrations (number int PRIMARY KEY, name text NOT NULL,"
                " applied_at timestamptz NOT NULL DEFAULT now());"
                "INSERT INTO migrations VALUES (0, 'lock') ON CONFLICT DO NOTHING"
            )
        except Conflict:
            continue
        except StatementError as error:
            if error.sqlstate not in MADE_BY_ANOTHER:
                raise
            continue
        return


async def _apply(database: Database, migration: Migration) -> None:
    async def once(session: Session) -> None:
        await session.run("SET LOCAL statement_timeout = 0")
        # Written, not only locked: who waited here must not go on with what it saw before.
        lock = "UPDATE migrations SET name = 'lock' WHERE number = 0"
        await session.run(lock, limit=HOUR)
        done = "SELECT 1 FROM migrations WHERE number >= %s"
        if await session.row(done, (migration.number,)):
            return
        await session.run(migration.sql, limit=HOUR)
        record = "INSERT INTO migrations (number, name) VALUES (%s, %s)"
        await session.run(record, (migration.number, migration.name))

    await database.atomically(once)
