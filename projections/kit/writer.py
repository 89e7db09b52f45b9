"""Rows to and from the database: one query loads a batch's rows, one statement writes them back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any

import msgspec
from personae.actors.domain.kit import Recorded
from personae.projections.kit.column import Column
from personae.projections.kit.failure import Failure, park
from personae.projections.kit.fold import Fold, touched
from personae.projections.kit.journal import Journal
from personae.projections.kit.shelf import MOVED, Shelf, move_params, move_sql
from personae.projections.kit.table import DeleteWhere, Key, Row, Table, UpdateWhere, Wide
from personae.store.session import Session

Make = Callable[[Sequence[Any]], Row]

JSON_TYPE = {"bytea": "text"}
"""Columns that travel as another type within JSON."""

FROM_DATABASE: dict[str, Callable[[Any], Any]] = {
    "text[]": tuple,
    "jsonb": msgspec.json.decode,
    "bytea": bytes,
}
"""What makes of the driver's value the one that a row holds, where they differ."""


class Writer:
    """Loads and writes the rows of one table on one shelf, with every statement made once.

    What it writes it notes in the ``journal``, but for what changes many rows or puts events aside.
    """

    def __init__(self, table: Table, shelf: Shelf, journal: Journal | None = None) -> None:
        self.table = table
        self.shelf = shelf
        self._journal = journal or Journal()
        self._make = maker(table.row, table, table.stored)
        self._path = shelf.path(table.physical)
        self._key = ("instance_id", *table.key)
        self._load = self._load_sql()
        self._fence = f"{move_sql(shelf.schema)} RETURNING {MOVED}"
        self._kept = self._kept_sql()

    async def fold(self, instance_id: str, events: Iterable[Recorded], session: Any) -> Fold:
        """Return a fold that holds every row the events touch, without the events applied."""
        keys = touched(self.table, events)
        found = await self._rows(instance_id, list(keys), session) if keys else {}
        return Fold(self.table, instance_id, dict.fromkeys(keys) | found)

    async def write(self, fold: Fold, old: int, new: int, parked: Sequence[Failure] = ()) -> bool:
        """Write a fold, put events aside and move the position from ``old`` to ``new``, or nothing.

        False when another applier was faster: nothing is written then.
        """
        database, fence = self.shelf.database, (self.table, fold.instance_id, old, new)
        if not (fold.wide or parked):
            sql, params = self._changes(fold, self._fence)
            found = await database.rows(sql, (*move_params(*fence), *params))
            for moved in found:
                self._journal.note(fold, moved, new)
            return bool(found)

        async def change(tx: Session) -> bool:
            moved = await self.shelf.move(*fence, tx)
            if moved:
                await self.change(tx, fold)
            if moved and parked:
                await park(tx, self.shelf, self.table, fold.instance_id, parked)
            return moved

        return await database.atomically(change)

    async def change(self, session: Session, fold: Fold) -> None:
        """Write a fold within a transaction that holds the position."""
        for sql, params in wide_statements(self.table, self._path, fold.instance_id, fold.wide):
            await session.run(sql, params)
        if fold.kept or fold.gone:
            await session.run(*self._changes(fold, "SELECT"))

    def _changes(self, fold: Fold, fence: str) -> tuple[str, tuple[Any, ...]]:
        """Return the statement that writes rows where ``fence`` returns one, and its parameters."""
        parts, params = [f"fence AS ({fence})"], list[Any]()
        if fold.kept:
            parts.append(self._kept)
            params.append(encode(fold.kept))
        if fold.gone:
            parts.append(self._gone)
            params += [fold.instance_id, tuple(fold.gone)]
        return f"WITH {', '.join(parts)} SELECT * FROM fence", tuple(params)

    async def _rows(self, instance_id: str, keys: list[Key], session: Any) -> dict[Key, Row]:
        found = await session.rows(self._load, (encode(keys), instance_id))
        return {keys[at - 1]: self._make(values) for at, *values in found}

    def _load_sql(self) -> str:
        """Return a lookup of each of many keys, an array of arrays, with the number of the key.

        LIMIT keeps it a lookup: while a table grows faster than its statistics, a join would read
        all rows of the instance for every batch. Hiding the instance keeps it one by the primary
        key: of an instance that PostgreSQL saw no rows of yet, any index looks as good.
        """
        kinds = self.table.columns
        columns = ", ".join(kinds[name].selected(f't."{name}"') for name in self.table.stored)
        same = "".join(f' AND t."{name}" = k->>{at}' for at, name in enumerate(self.table.key))
        return (
            "SELECT at, found.* FROM json_array_elements(%s) WITH ORDINALITY AS key (k, at),"
            f" LATERAL (SELECT {columns} FROM {self._path} t WHERE instance_id = (SELECT %s)"
            f"{same} LIMIT 1)"
            " found"
        )

    def _kept_sql(self) -> str:
        stored = ", ".join(f'"{name}"' for name in self.table.stored)
        key = ", ".join(f'"{name}"' for name in self._key)
        sets = ", ".join(
            f'"{name}" = excluded."{name}"' for name in self.table.stored if name not in self._key
        )
        return (
            f"kept AS (INSERT INTO {self._path} ({stored}) {given_rows(self.table)}"
            f" WHERE EXISTS (SELECT FROM fence) ON CONFLICT ({key}) DO UPDATE SET {sets})"
        )

    @property
    def _gone(self) -> str:
        key = ", ".join(f'"{name}"' for name in self.table.key)
        return (
            f"gone AS (DELETE FROM {self._path} WHERE instance_id = (SELECT %s) AND ({key}) IN %s"
            " AND EXISTS (SELECT FROM fence))"
        )


@cache
def given_rows(table: Table) -> str:
    """Return what selects rows that are given as JSON (:func:`encode`), under their names."""
    given = [(name, brief, table.columns[name].type) for name, brief in table.brief.items()]
    typed = ", ".join(f"{brief} {JSON_TYPE.get(kind, kind)}" for _, brief, kind in given)
    values = ", ".join(
        f"decode({brief}, 'base64') AS \"{name}\"" if kind == "bytea" else f'{brief} AS "{name}"'
        for name, brief, kind in given
    )
    return f"SELECT {values} FROM json_to_recordset(%s) AS r ({typed})"


def wide_statements(
    table: Table, path: str, instance_id: str, operations: Iterable[Wide]
) -> Iterable[tuple[str, tuple[Any, ...]]]:
    """Yield the statements for wide operations, neighbours that delete alike as one."""
    for columns, group in groupby(operations, _alike):
        alike = list(group)
        if columns is None:
            yield from (
                _update(table, path, instance_id, operation)
                for operation in alike
                if isinstance(operation, UpdateWhere)
            )
        else:
            yield _delete(path, instance_id, columns, [operation.where for operation in alike])


def _alike(operation: Wide) -> tuple[str, ...] | None:
    return tuple(operation.where) if isinstance(operation, DeleteWhere) else None


def _delete(
    path: str, instance_id: str, columns: tuple[str, ...], wheres: list[Mapping[str, Any]]
) -> tuple[str, tuple[Any, ...]]:
    named = ", ".join(f'"{column}"' for column in ("instance_id", *columns))
    values = tuple((instance_id, *where.values()) for where in wheres)
    return f"DELETE FROM {path} WHERE ({named}) IN %s", (values,)


def _update(
    table: Table, path: str, instance_id: str, operation: UpdateWhere
) -> tuple[str, tuple[Any, ...]]:
    sets = ", ".join(f'"{name}" = %s::{table.columns[name].type}' for name in operation.values)
    where = "".join(f' AND "{name}" = %s' for name in operation.where)
    values = [_plain(table.columns[name], value) for name, value in operation.values.items()]
    params = (*values, instance_id, *operation.where.values())
    return f"UPDATE {path} SET {sets} WHERE instance_id = %s{where}", params


def _plain(column: Column, value: Any) -> Any:
    """Return a value as the driver writes it."""
    if column.type == "jsonb":
        return None if value is None else encode(value)
    return list(value) if column.is_list else value


def maker(row: Any, table: Table, names: Iterable[str]) -> Make:
    """Return a function from a database row with these columns to a row object."""
    kinds = [table.columns[name].type for name in names]
    convert = [(at, FROM_DATABASE[kind]) for at, kind in enumerate(kinds) if kind in FROM_DATABASE]
    if not convert:
        return lambda values: row(*values)

    def make(values: Sequence[Any]) -> Row:
        changed = list(values)
        for index, function in convert:
            if changed[index] is not None:
                changed[index] = function(changed[index])
        return row(*changed)  # type: ignore[no-any-return]

    return make


def encode(values: Any) -> str:
    """Return JSON text."""
    return msgspec.json.encode(values).decode()
