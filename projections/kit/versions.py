"""Versions of a table that live side by side, and whose rows answer the questions of each.

A release asks a view of its own, ``<name>@<version>``. Until its version is built, the newest one
that is answers, and what that one lacks is unset; then its own does. So processes of two releases
go on side by side for as long as it takes, each with its table, kept by whichever of them holds its
lease. The table of a version that nobody keeps any more is dropped by whoever finds that.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from personae.projections.kit.expression import view
from personae.projections.kit.reader import Reader
from personae.projections.kit.shelf import Shelf
from personae.projections.kit.spooler import Pace
from personae.projections.kit.table import Table
from personae.store.errors import DatabaseError, StatementError
from personae.store.log import Log
from personae.store.pool import Database
from personae.store.session import Session

logger = logging.getLogger(__name__)

UNDEFINED_TABLE, UNDEFINED_COLUMN = "42P01", "42703"
"""PostgreSQL's words for a table or view, and for a column, that is not there."""

UDT = {"bigint": "int8", "integer": "int4", "boolean": "bool", "text[]": "_text"}
"""Names that PostgreSQL gives types of columns, where they are others than ours."""


class Version(NamedTuple):
    """One version of a table."""

    name: str
    version: int

    def __str__(self) -> str:
        return f"{self.name}_v{self.version}"


def version_of(table: Table) -> Version:
    """Return which version a release asks of a table."""
    return Version(table.name, table.version)


def is_gone(error: DatabaseError) -> bool:
    """Say whether a statement failed as its table or view is not there (42P01)."""
    return isinstance(error, StatementError) and error.sqlstate == UNDEFINED_TABLE


class StillAnswersError(RuntimeError):
    """Another release's questions are answered by a table, so it cannot be replaced."""


async def prepare(shelf: Shelf, tables: Sequence[Table]) -> None:
    """Create what is absent, and let something answer. Raises :class:`ShapeChangedError`."""
    await shelf.prepare(tables)
    await shelf.database.atomically(partial(_answer_all, shelf, tables))


async def answering(shelf: Shelf) -> dict[Version, int]:
    """Return by which version's rows the questions of each are answered; its own once built.

    Nothing in a database that no process of this release has used yet.
    """
    sql = f"SELECT name, version, answered_by FROM {shelf.path('tables')} WHERE answered_by > 0"
    try:
        rows = await shelf.database.rows(sql)
    except StatementError as error:
        if error.sqlstate != UNDEFINED_COLUMN:
            raise
        return {}
    return {Version(name, version): by for name, version, by in rows}


async def reached(shelf: Shelf, log: Log, table: Table, instance_id: str, position: int) -> bool:
    """Say whether what answers for a table has all that concerns it up to a position."""
    row = await shelf.database.row(
        f"SELECT p.position FROM {shelf.path('tables')} a JOIN {shelf.path('positions')} p"
        " ON p.name = a.name AND p.version = a.answered_by AND p.instance_id = %s"
        " WHERE a.name = %s AND a.version = %s",
        (instance_id, *version_of(table)),
    )
    saved = row[0] if row else 0
    if saved >= position:
        return True
    wanted = await log.after(instance_id, saved, 1, Reader(table, log).types)
    return not wanted or wanted[0].position > position


async def switch(shelf: Shelf, table: Table) -> None:
    """Let a table that is built answer its own questions from now on."""

    async def switched(tx: Session) -> None:
        await shelf.hold(tx)
        await show(shelf, tx, table)

    await shelf.database.atomically(switched)


async def show(shelf: Shelf, tx: Session, table: Table, by: int = 0) -> None:
    """Let the questions of a table be answered by its own rows, or by those of version ``by``."""
    rows, columns = str(Version(table.name, by or table.version)), ["*"]
    if by not in (0, table.version):
        has = await _columns(shelf, tx, rows)
        columns = [
            f'"{name}"' if has.get(name) == kind.type else f'{kind.unset} AS "{name}"'
            for name, kind in table.columns.items()
            if kind.lookup is None
        ]
    await tx.run(f"DROP VIEW IF EXISTS {view(table)}")
    await tx.run(
        f"CREATE VIEW {view(table)} AS SELECT {', '.join(columns)} FROM {shelf.path(rows)}"
    )
    await tx.run(
        f"UPDATE {shelf.path('tables')} SET answered_by = %s WHERE name = %s AND version = %s",
        (by or table.version, *version_of(table)),
    )


async def check_replaceable(shelf: Shelf, session: Session | Database, table: Table) -> None:
    """Raise :class:`StillAnswersError` when a table answers a living process of another version.

    One that nobody keeps any more has something else answer when it comes back.
    """
    found = await session.row(
        f"SELECT t.version FROM {shelf.path('tables')} t JOIN {shelf.path('leases')} l"
        " ON l.name = t.name || '_v' || t.version AND l.expires_at > clock_timestamp()"
        " WHERE t.name = %s AND t.version <> %s AND t.answered_by = %s",
        (table.name, table.version, table.version),
    )
    if found:
        raise StillAnswersError(
            f"{table} answers for version {found[0]} until that is built: try again then"
        )


async def remove(shelf: Shelf, tx: Session, one: Version) -> None:
    """Drop a version's table with all views on it: its own first, as who reads takes that first."""
    await tx.run(f"DROP VIEW IF EXISTS {shelf.path(f'{one.name}@{one.version}')}")
    await tx.run(f"DROP TABLE {shelf.path(str(one))} CASCADE")
    await tx.run(
        f"UPDATE {shelf.path('tables')} SET answered_by = NULL"
        " WHERE name = %s AND answered_by = %s",
        one,
    )


async def forsaken(
    shelf: Shelf, tables: Sequence[Table], session: Session | Database | None = None
) -> set[Version]:
    """Return the older versions of tables that no living process keeps and that answer nobody."""
    sql = (
        f"SELECT t.name, t.version FROM {shelf.path('tables')} t"
        " JOIN unnest(%s::text[], %s::int[]) AS mine (name, version)"
        " ON mine.name = t.name AND t.version < mine.version"
        f" WHERE NOT EXISTS (SELECT FROM {shelf.path('leases')} l"
        " WHERE l.name = t.name || '_v' || t.version AND l.expires_at > clock_timestamp())"
        f" AND NOT EXISTS (SELECT FROM {shelf.path('tables')} o"
        " WHERE o.name = t.name AND o.version <> t.version AND o.answered_by = t.version)"
    )
    names, versions = [table.name for table in tables], [table.version for table in tables]
    rows = await (session or shelf.database).rows(sql, (names, versions))
    return {Version(*row) for row in rows}


async def drop(shelf: Shelf, tables: Sequence[Table], found: Collection[Version]) -> set[Version]:
    """Drop those of the ``found`` versions that are forsaken still; return them."""

    async def tidy(tx: Session) -> set[Version]:
        await shelf.hold(tx)
        gone = await forsaken(shelf, tables, tx) & set(found)
        for one in gone:
            await remove(shelf, tx, one)
            for kept in ("tables", "positions", "failed_events"):
                await tx.run(
                    f"DELETE FROM {shelf.path(kept)} WHERE name = %s AND version = %s", one
                )
        return gone

    return await shelf.database.atomically(tidy)


async def tidy(shelf: Shelf, tables: Sequence[Table], pace: Pace) -> None:
    """Drop what earlier releases leave behind, for ever: what nobody kept at two looks in a row.

    So a process that is started once more within ``pace.tidy`` finds its tables as they were.
    """
    before: set[Version] = set()
    while True:
        await asyncio.sleep(pace.tidy)
        try:
            found = await forsaken(shelf, tables)
            if left := before & found:
                for one in sorted(await drop(shelf, tables, left)):
                    logger.info("dropped %s, which no process keeps", one)
            before = found
        except DatabaseError as error:
            logger.warning("older tables stay: %s", error)
            before = set()


async def _answer_all(shelf: Shelf, tables: Sequence[Table], tx: Session) -> None:
    """Give every table that has none yet a view, on its own rows or on those of another version."""
    await shelf.hold(tx)
    rows = await tx.rows(
        f"SELECT name, version, answered_by, to_regclass(%s || name || '@' || version || '\"')"
        f" IS NOT NULL FROM {shelf.path('tables')}",
        (f'{shelf.schema}."',),
    )
    by = {Version(name, version): answered_by for name, version, answered_by, _ in rows}
    viewed = {Version(name, version) for name, version, _, is_viewed in rows if is_viewed}
    for table in tables:
        if version_of(table) not in viewed:
            await show(shelf, tx, table, by[version_of(table)] or _newest(table.name, by))


def _newest(name: str, by: Mapping[Version, int | None]) -> int:
    """Return the newest version of a table that is built, 0 when none is."""
    return max(
        (one.version for one in by if one.name == name and by[one] == one.version), default=0
    )


async def _columns(shelf: Shelf, tx: Session, name: str) -> dict[str, str]:
    """Return the types of a table's columns, as tables declare them."""
    sql = (
        "SELECT column_name, udt_name FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = %s"
    )
    ours = {udt: declared for declared, udt in UDT.items()}
    rows = await tx.rows(sql, (shelf.schema, name))
    return {column: str(ours.get(udt) or udt) for column, udt in rows}
