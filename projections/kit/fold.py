"""Folding events into rows in memory: no database, no clock, the same for live and rebuilt."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace
from personae.actors.domain.kit import Recorded
from personae.projections.kit.table import DeleteWhere, Key, Row, Table, Wide

ABORTS = asyncio.CancelledError, KeyboardInterrupt
"""What is never an event's fault; whatever else a reducer raises, ``SystemExit`` too, is."""


class Fold:
    """Rows of one instance as they become, event by event.

    ``rows`` must hold every row that the events touch by key (None: known to be absent); see
    :func:`touched`. Rows that only wide operations touch need not be there: ``wide`` collects
    these operations, to be run, in order, before ``kept`` and ``gone`` are written. ``before`` are
    the rows as they were given.
    """

    def __init__(self, table: Table, instance_id: str, rows: Mapping[Key, Row | None]) -> None:
        self.table = table
        self.instance_id = instance_id
        self.before = rows
        self.rows = dict(rows)
        self.wide: list[Wide] = []
        self._changed: dict[Key, Row | None] = {}

    def apply(self, recorded: Recorded) -> None:
        """Apply one event, its wide operations first.

        When a reducer raises, nothing of this event has been applied.
        """
        if not self.table.sweeps(type(recorded.event)):
            self.replace(self._reduced(recorded))
            return
        before = self.rows.copy(), self.wide.copy(), self._changed.copy()
        try:
            for operation in self.sweeps(recorded):
                self._sweep(operation)
            self.replace(self._reduced(recorded))
        except BaseException:
            self.rows, self.wide, self._changed = before
            raise

    def sweeps(self, recorded: Recorded) -> list[Wide]:
        """Return the wide operations of an event."""
        sweeps = self.table.sweeps(type(recorded.event))
        return [operation for sweep in sweeps for operation in _several(sweep(recorded))]

    def replace(self, rows: Mapping[Key, Row | None]) -> None:
        """Let rows be as given, whatever they were."""
        self.rows.update(rows)
        self._changed.update(rows)

    @property
    def changed(self) -> Mapping[Key, Row | None]:
        """The rows that are to be written, None for those that are gone."""
        return self._changed

    @property
    def kept(self) -> list[Row]:
        """The rows to insert or update."""
        return [row for row in self._changed.values() if row is not None]

    @property
    def gone(self) -> list[Key]:
        """The keys of the rows to delete."""
        return [key for key, row in self._changed.items() if row is None]

    def _reduced(self, recorded: Recorded) -> dict[Key, Row | None]:
        """Return the rows that an event changes, as they are afterwards."""
        fresh: dict[Key, Row | None] = {}
        for reducer in self.table.reducers(type(recorded.event)):
            key = key_of(reducer.key(recorded))
            if key is None:
                continue
            before = fresh[key] if key in fresh else self.rows.get(key)
            after = reducer.reduce(before, recorded)
            if after is not before:
                fresh[key] = None if after is None else self._stamped(after, key, recorded)
        return fresh

    @property
    def empty(self) -> bool:
        """Whether the events changed nothing."""
        return not (self._changed or self.wide)

    def _stamped(self, row: Row, key: Key, recorded: Recorded) -> Row:
        """Return a row with the columns that every table has."""
        if row.instance_id and row.resource_owner:  # one that was made of another
            return replace(row, change_date=recorded.created_at, sequence=recorded.sequence)
        return replace(
            row,
            **dict(zip(self.table.key, key, strict=True)),
            instance_id=recorded.stream.instance_id,
            resource_owner=row.resource_owner or recorded.owner,
            creation_date=row.creation_date or recorded.created_at,
            change_date=recorded.created_at,
            sequence=recorded.sequence,
        )

    def _sweep(self, operation: Wide) -> None:
        """Do to the rows in memory what the statement will do to those in the database."""
        self.wide.append(operation)
        wanted = operation.where.items()
        met = {
            key: row
            for key, row in self.rows.items()
            if row is not None and all(getattr(row, column) == value for column, value in wanted)
        }
        if isinstance(operation, DeleteWhere):
            self.replace(dict.fromkeys(met))
        else:
            self.replace({key: replace(row, **operation.values) for key, row in met.items()})


def touched(table: Table, events: Iterable[Recorded]) -> dict[Key, None]:
    """Return the keys of the rows that events touch; an event that breaks a key has none."""
    keys: dict[Key, None] = {}
    for recorded in events:
        for reducer in table.reducers(type(recorded.event)):
            try:
                key = key_of(reducer.key(recorded))
            except ABORTS:
                raise
            except BaseException:  # noqa: BLE001, S112 — the fold meets it again and reports it
                continue
            if key is not None:
                keys[key] = None
    return keys


def key_of(given: str | Key | None) -> Key | None:
    """Return a row's key as a tuple."""
    return (given,) if isinstance(given, str) else given


def _several(operations: Wide | Iterable[Wide] | Any) -> Iterable[Wide]:
    return [operations] if isinstance(operations, Wide) else operations
