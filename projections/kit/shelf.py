"""The shelf: one database schema with tables, and the bookkeeping beside them.

Live tables stand in the schema ``projections``; a table that is built anew for a comparison or a
rebuild stands in a schema of its own. Beside the tables ``<name>_v<version>`` each schema has

- ``positions``: up to which position of an instance's log a table has everything. Moving it from
  the position one has read is the fence: of two appliers, one moves it, the other writes nothing.
  Each move says when the one before it was, so that who made both knows that nobody came between;
- ``tables``: which versions exist, of what shape, and whose rows answer the questions of each
  (:mod:`versions`); the row without a name is the lock of whoever adds, switches or drops one;
- ``failed_events``: events that a reducer could not digest;
- ``leases``: who sweeps which projection, until when.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from personae.projections.kit.column import checked
from personae.projections.kit.table import Table
from personae.store.errors import Conflict
from personae.store.pool import Database
from personae.store.session import Session

LIVE = "projections"
INDEX_SECONDS = 600.0
TRIES = 5
"""Attempts to create what another process may be creating at the same time."""

ADDED_LATER = {
    ("positions", "moved_from"): (
        "ALTER TABLE {table} ADD COLUMN IF NOT EXISTS moved_from timestamptz"
    ),
    ("tables", "answered_by"): (
        "ALTER TABLE {table} ADD COLUMN IF NOT EXISTS answered_by int;"
        " ALTER TABLE {table} ALTER COLUMN asked DROP NOT NULL;"
        " UPDATE {table} SET answered_by = version WHERE asked"
    ),
}
"""Columns of the bookkeeping that databases of earlier releases lack, and what adds each."""


class ShapeChangedError(RuntimeError):
    """A table's columns differ from those in the database under the same version."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The names and the bookkeeping of one schema."""

    database: Database
    schema: str = LIVE

    @property
    def live(self) -> bool:
        """Whether its tables answer questions from the start, and so have all their indexes."""
        return self.schema == LIVE

    def path(self, name: str) -> str:
        """Return the name of a table or view with its schema, for SQL."""
        return f'{self.schema}."{name}"'

    async def prepare(self, tables: Sequence[Table]) -> None:
        """Create what is absent. Raises :class:`ShapeChangedError`."""
        checked(self.schema)
        for attempt in range(TRIES):
            try:
                await self.database.run(bookkeeping(self.schema))
            except Conflict:  # another process creates the same at the same moment
                if attempt == TRIES - 1:
                    raise
                await asyncio.sleep(0.05 * 2**attempt)
            else:
                break
        await self._complete()
        await self.database.atomically(partial(self._place_all, tables))

    async def _complete(self) -> None:
        """Add what bookkeeping of before lacks; looked for first, as adding waits for everybody."""
        sql = (
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name IN ('positions', 'tables')"
        )
        has = set(await self.database.rows(sql, (self.schema,)))
        for (name, column), statements in ADDED_LATER.items():
            if (name, column) not in has:
                await self.database.run(statements.format(table=self.path(name)))
        await self.database.run(
            f"INSERT INTO {self.path('tables')} (name, version, shape) VALUES ('', 0, 'lock')"
            " ON CONFLICT DO NOTHING"
        )

    async def hold(self, tx: Session) -> None:
        """Let nobody else add, switch or drop a table until the end of a transaction.

        The row is written, not only locked: who waited must not go on with what it saw before.
        """
        await tx.run(f"UPDATE {self.path('tables')} SET shape = 'lock' WHERE name = ''")

    async def _place_all(self, tables: Sequence[Table], tx: Session) -> None:
        await self.hold(tx)
        rows = await tx.rows(f"SELECT name, version, shape FROM {self.path('tables')}")
        shapes = {(name, version): shape for name, version, shape in rows}
        for table in tables:
            await self._place(tx, table, shapes)

    async def _place(self, tx: Session, table: Table, shapes: dict[tuple[str, int], str]) -> None:
        known = shapes.get((table.name, table.version))
        shape = shape_of(table)
        if known is None:
            await tx.run(definition(self.schema, table))
            if self.live:
                await self.index(tx, table)
            await tx.run(
                f"INSERT INTO {self.path('tables')} (name, version, shape) VALUES (%s, %s, %s)",
                (table.name, table.version, shape),
            )
        elif known != shape:
            raise ShapeChangedError(
                f"the columns of {table.name} changed: raise its version above {table.version}"
            )

    async def index(self, tx: Session, table: Table) -> None:
        """Create the indexes of a table, unless it has them.

        A table that is filled first and indexed then is ready in half the time.
        """
        sql = "SELECT count(*) FROM pg_indexes WHERE schemaname = %s AND tablename = %s"
        count = (await tx.rows(sql, (self.schema, table.physical)))[0][0]
        if count == 1:  # the primary key's
            for statement in index_statements(self.schema, table):
                await tx.run(statement, limit=INDEX_SECONDS)

    async def analyze(self, table: Table, session: Session | Database) -> None:
        """Let PostgreSQL look at a table that was just filled: it plans for an empty one else."""
        await session.run(f"ANALYZE {self.path(table.physical)}", limit=INDEX_SECONDS)

    async def exists(self) -> bool:
        """Say whether this was ever prepared."""
        sql = "SELECT to_regclass(%s) IS NOT NULL"
        return (await self.database.row(sql, (f"{self.schema}.positions",))) == (True,)

    async def position(self, table: Table, instance_id: str) -> int:
        """Return up to which position a table has everything."""
        row = await self.database.row(
            f"SELECT position FROM {self.path('positions')}"
            " WHERE name = %s AND version = %s AND instance_id = %s",
            (table.name, table.version, instance_id),
        )
        return row[0] if row else 0

    async def positions(self) -> dict[tuple[str, int, str], int]:
        """Return every saved position by table name, version and instance."""
        sql = f"SELECT name, version, instance_id, position FROM {self.path('positions')}"
        return {(n, v, i): position for n, v, i, position in await self.database.rows(sql)}

    async def move(
        self, table: Table, instance_id: str, old: int, new: int, tx: Any = None
    ) -> bool:
        """Move a position from ``old`` to ``new``; False when it is elsewhere by now."""
        params = move_params(table, instance_id, old, new)
        return bool(await (tx or self.database).run(move_sql(self.schema), params))

    async def drop(self) -> None:
        """Remove the schema with all its tables."""
        await self.database.run(f"DROP SCHEMA IF EXISTS {checked(self.schema)} CASCADE")


def move_sql(schema: str) -> str:
    """Return the fence: a statement that touches one row, or none when another was faster.

    Inserting covers the first move from 0; a row that exists is moved only from ``old``.
    """
    return (
        f"INSERT INTO {schema}.positions AS p (name, version, instance_id, position)"
        " SELECT %s, %s, %s, %s WHERE %s = 0 OR EXISTS (SELECT FROM"
        f" {schema}.positions WHERE name = %s AND version = %s AND instance_id = %s)"
        " ON CONFLICT (name, version, instance_id) DO UPDATE"
        " SET position = excluded.position, moved_at = now(), moved_from = p.moved_at"
        " WHERE p.position = %s"
    )


MOVED = "moved_from::text, moved_at::text"
"""What :func:`move_sql` can return: when the move before it was, None for the first; and itself."""


def move_params(table: Table, instance_id: str, old: int, new: int) -> tuple[Any, ...]:
    """Return the parameters of :func:`move_sql`."""
    row = table.name, table.version, instance_id
    return (*row, new, old, *row, old)


def bookkeeping(schema: str) -> str:
    """Return the statements that create a schema's bookkeeping."""
    return f"""
    CREATE SCHEMA IF NOT EXISTS {schema};
    CREATE TABLE IF NOT EXISTS {schema}.tables (
        name text, version int, shape text NOT NULL, answered_by int,
        PRIMARY KEY (name, version));
    CREATE TABLE IF NOT EXISTS {schema}.positions (
        name text, version int, instance_id text, position bigint NOT NULL,
        moved_at timestamptz NOT NULL DEFAULT now(), moved_from timestamptz,
        PRIMARY KEY (name, version, instance_id)) WITH (fillfactor = 50);
    CREATE TABLE IF NOT EXISTS {schema}.failed_events (
        name text, version int, instance_id text, position bigint, event_type text NOT NULL,
        aggregate_type text NOT NULL, aggregate_id text NOT NULL, attempts int NOT NULL,
        error text NOT NULL, failed_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (name, version, instance_id, position));
    CREATE TABLE IF NOT EXISTS {schema}.leases (
        name text PRIMARY KEY, holder text NOT NULL, expires_at timestamptz NOT NULL)"""


def definition(schema: str, table: Table) -> str:
    """Return the statement that creates a table without its indexes."""
    path = f'{schema}."{table.physical}"'
    columns = [
        f'"{name}" {kind.type}{"" if kind.nullable else " NOT NULL"}'
        for name, kind in table.columns.items()
        if kind.lookup is None
    ]
    key = ", ".join(f'"{name}"' for name in ("instance_id", *table.key))
    return f"CREATE TABLE {path} ({', '.join(columns)}, PRIMARY KEY ({key}))"


def index_statements(schema: str, table: Table) -> list[str]:
    """Return the statements that create a table's indexes."""
    return [f'CREATE INDEX ON {schema}."{table.physical}" {spec}' for spec in indexes(table)]


def indexes(table: Table) -> list[str]:
    """Return what each index of a table covers.

    Many rows may have the same moment, as after an import: the key behind it is what lets a list be
    read in order, from any place.
    """
    key = "".join(f', "{part}"' for part in table.key)
    found = []
    for name, kind in table.columns.items():
        if kind.lookup is not None:
            continue
        if kind.index and kind.is_list:
            found.append(f'USING gin ("{name}")')
        elif kind.index and kind.type == "timestamptz":
            found.append(f'(instance_id, "{name}"{key})')
        elif kind.index:
            found.append(f'(instance_id, "{name}")')
        if kind.lower:
            found.append(f'(instance_id, lower("{name}"))')
    return found


def shape_of(table: Table) -> str:
    """Return a fingerprint of a table's definition."""
    whole = "; ".join([definition("", table), *index_statements("", table)])
    return hashlib.sha256(whole.encode()).hexdigest()[:16]
