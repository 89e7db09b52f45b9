"""Rows to and from the database: one query loads a batch's rows, one statement writes them back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any

import msgspec

from personae.actors.domain.kit import Recorded
from personae.projections.kit.fold import Fold, touched
from personae.projections.kit.shelf import Shelf, move_params, move_sql
from personae.projections.kit.table import DeleteWhere, Key, Row, Table, UpdateWhere, Wide
from personae.store.pool import Session

Make = Callable[[tuple[Any, ...]], Row]


class Writer:
    """Loads and writes the rows of one table on one shelf, with every statement made once."""

    def __init__(self, table: Table, shelf: Shelf) -> None:
        self.table = table
        self.shelf = shelf
        self._make = maker(table.row, table, table.stored)
        self._path = shelf.path(table.physical)
        self._single = len(table.key) == 1
        self._load = self._load_sql()
        self._write = self._write_sql()

    async def fold(self, instance_id: str, events: Iterable[Recorded], session: Any) -> Fold:
        """Return a fold that holds every row the events touch, without the events applied."""
        keys = touched(self.table, events)
        found = await self._rows(instance_id, list(keys), session) if keys else {}
        return Fold(self.table, dict.fromkeys(keys) | found)

    async def write(self, instance_id: str, fold: Fold, old: int, new: int) -> bool:
        """Write a fold and move the position from ``old`` to ``new``, both or neither.

        False when another applier was faster: nothing is written then.
        """
        kept, gone = fold.kept, fold.gone
        if not (kept or gone or fold.wide):
            return await self.shelf.move(self.table, instance_id, old, new)
        if not fold.wide:
            params = move_params(self.table, instance_id, old, new)
            row = await self.shelf.database.row(self._write, (*params, *self._changes(fold)))
            return bool(row and row[0])
        async with self.shelf.database.transaction() as tx:
            moved = await self.shelf.move(self.table, instance_id, old, new, tx)
            if moved:
                await self.change(tx, instance_id, fold)
            return moved

    async def change(self, tx: Session, instance_id: str, fold: Fold) -> None:
        """Write a fold within a transaction that holds the position."""
        for sql, params in wide_statements(self._path, instance_id, fold.wide):
            await tx.run(sql, params)
        if fold.kept or fold.gone:
            held = "SELECT 1"
            await tx.run(self._write_sql(held), self._changes(fold))

    def _changes(self, fold: Fold) -> tuple[str, str]:
        gone = [
            dict(zip(self.table.key, key, strict=True), instance_id=row)
            for key in fold.gone
            for row in [fold.instance_id]
        ]
        return encode(fold.kept), encode(gone)

    async def _rows(self, instance_id: str, keys: list[Key], session: Any) -> dict[Key, Row]:
        wanted: Any = [key[0] for key in keys] if self._single else self._encoded(keys)
        found = await session.rows(self._load, (instance_id, wanted))
        rows = [self._make(values) for values in found]
        return {tuple(getattr(row, part) for part in self.table.key): row for row in rows}

    def _encoded(self, keys: list[Key]) -> str:
        return encode([dict(zip(self.table.key, key, strict=True)) for key in keys])

    def _load_sql(self) -> str:
        columns = ", ".join(f't."{name}"' for name in self.table.stored)
        head = f"SELECT {columns} FROM {self._path} t"
        if self._single:
            return f'{head} WHERE t.instance_id = %s AND t."{self.table.key[0]}" = ANY(%s)'
        on = " AND ".join(f't."{name}" = k."{name}"' for name in self.table.key)
        keys = f"json_to_recordset(%s) AS k ({self._typed(self.table.key)})"
        return (
            f"WITH wanted AS (SELECT %s::text AS instance_id)"
            f"{head.replace('SELECT', ' SELECT', 1)}, {keys}, wanted"
            f" WHERE t.instance_id = wanted.instance_id AND {on}"
        )

    def _write_sql(self, fence: str = "") -> str:
        stored = ", ".join(f'"{name}"' for name in self.table.stored)
        key = ("instance_id", *self.table.key)
        sets = ", ".join(f'"{n}" = excluded."{n}"' for n in self.table.stored if n not in key)
        same = " AND ".join(f't."{name}" = r."{name}"' for name in key)
        return (
            f"WITH fence AS ({fence or move_sql(self.shelf.schema) + ' RETURNING 1'}),"
            f" kept AS (INSERT INTO {self._path} ({stored}) SELECT {stored}"
            f" FROM json_to_recordset(%s) AS r ({self._typed(self.table.stored)})"
            f" WHERE EXISTS (SELECT FROM fence)"
            f" ON CONFLICT ({', '.join(f'{chr(34)}{name}{chr(34)}' for name in key)})"
            f" DO UPDATE SET {sets}),"
            f" gone AS (DELETE FROM {self._path} t"
            f" USING json_to_recordset(%s) AS r ({self._typed(key)})"
            f" WHERE {same} AND EXISTS (SELECT FROM fence))"
            f" SELECT count(*) FROM fence"
        )

    def _typed(self, names: Iterable[str]) -> str:
        return ", ".join(f'"{name}" {self.table.columns[name].type}' for name in names)


def wide_statements(
    path: str, instance_id: str, operations: Iterable[Wide]
) -> Iterable[tuple[str, tuple[Any, ...]]]:
    """Yield the statements for wide operations, neighbours that delete alike as one."""
    for alike, group in groupby(operations, _alike):
        if alike is None:
            for operation in group:
                yield _update(path, instance_id, operation)  # type: ignore[arg-type]
        else:
            values = [tuple(operation.where.values()) for operation in group]
            yield _delete(path, instance_id, alike, values)


def _alike(operation: Wide) -> tuple[str, ...] | None:
    return tuple(operation.where) if isinstance(operation, DeleteWhere) else None


def _delete(
    path: str, instance_id: str, columns: tuple[str, ...], values: list[tuple[Any, ...]]
) -> tuple[str, tuple[Any, ...]]:
    head = f"DELETE FROM {path} WHERE instance_id = %s"
    if not columns:
        return head, (instance_id,)
    named = ", ".join(f'"{column}"' for column in columns)
    return f"{head} AND ({named}) IN %s", (instance_id, tuple(_in(row) for row in values))


def _in(row: tuple[Any, ...]) -> Any:
    return row[0] if len(row) == 1 else row


def _update(path: str, instance_id: str, operation: UpdateWhere) -> tuple[str, tuple[Any, ...]]:
    sets = ", ".join(f'"{column}" = %s' for column in operation.values)
    where = " AND ".join(["instance_id = %s", *(f'"{column}" = %s' for column in operation.where)])
    params = (*operation.values.values(), instance_id, *operation.where.values())
    return f"UPDATE {path} SET {sets} WHERE {where}", params


def maker(row: Any, table: Table, names: Iterable[str]) -> Make:
    """Return a function from a database row with these columns to a row object."""
    convert: list[tuple[int, Callable[[Any], Any]]] = []
    for index, name in enumerate(names):
        if table.columns[name].is_list:
            convert.append((index, tuple))
        elif table.columns[name].type == "jsonb":
            convert.append((index, msgspec.json.decode))
    if not convert:
        return lambda values: row(*values)  # type: ignore[no-any-return]

    def make(values: tuple[Any, ...]) -> Row:
        changed = list(values)
        for index, function in convert:
            if changed[index] is not None:
                changed[index] = function(changed[index])
        return row(*changed)  # type: ignore[no-any-return]

    return make


def encode(values: Any) -> str:
    """Return JSON text."""
    return msgspec.json.encode(values).decode()
