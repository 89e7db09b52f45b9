"""Events that a reducer cannot digest: parked with the error, listed, retried, removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from personae.actors import runtime
from personae.actors.domain.kit import Recorded, name_of
from personae.actors.domain.kit.event import Foreign
from personae.projections.kit.fold import Fold, touched
from personae.projections.kit.shelf import Shelf
from personae.projections.kit.table import Key, Row, Table
from personae.projections.kit.writer import Writer
from personae.store.log import Log
from personae.store.pool import DatabaseError, Session


@dataclass(frozen=True, slots=True)
class Failure:
    """One event that failed, and why; the reason never holds what the event holds."""

    position: int
    error: str
    event_type: str = ""
    aggregate_type: str = ""
    aggregate_id: str = ""

    @classmethod
    def of(cls, recorded: Recorded, error: BaseException) -> Failure:
        """Return the failure of an event."""
        event = recorded.event
        kind = event.type if isinstance(event, Foreign) else name_of(event)
        stream = recorded.stream
        return cls(recorded.position, described(error), kind, stream.type, stream.id)


@dataclass(frozen=True, slots=True)
class Failed:
    """One parked event."""

    name: str
    version: int
    instance_id: str
    position: int
    event_type: str
    aggregate_type: str
    aggregate_id: str
    attempts: int
    error: str
    failed_at: datetime


def described(error: BaseException) -> str:
    """Return what went wrong and where, never what the event holds."""
    if isinstance(error, DatabaseError):
        return f"{type(error).__name__} {error}"
    return runtime.described(error)


async def park(
    shelf: Shelf, table: Table, instance_id: str, failure: Failure, *, old: int, attempts: int
) -> bool:
    """Put an event aside and move the table's position behind it; False when another was faster."""

    async def aside(tx: Session) -> bool:
        moved = await shelf.move(table, instance_id, old, failure.position, tx)
        if moved:
            await tx.run(
                f"INSERT INTO {shelf.path('failed_events')} (name, version, instance_id, position,"
                " event_type, aggregate_type, aggregate_id, attempts, error)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (name, version, instance_id, position) DO UPDATE SET"
                " attempts = excluded.attempts, error = excluded.error, failed_at = now()",
                (
                    *(table.name, table.version, instance_id, failure.position),
                    *(failure.event_type, failure.aggregate_type, failure.aggregate_id),
                    *(attempts, failure.error),
                ),
            )
        return moved

    return await shelf.database.atomically(aside)


async def failed(shelf: Shelf, instance_id: str = "", limit: int = 1000) -> list[Failed]:
    """Return the parked events, of one instance or of all, oldest first."""
    rows = await shelf.database.rows(
        "SELECT name, version, instance_id, position, event_type, aggregate_type, aggregate_id,"
        f" attempts, error, failed_at FROM {shelf.path('failed_events')}"
        " WHERE %s IN ('', instance_id) ORDER BY failed_at, name, position LIMIT %s",
        (instance_id, limit),
    )
    return [Failed(*row) for row in rows]


async def remove(shelf: Shelf, name: str, instance_id: str, position: int) -> bool:
    """Forget a parked event: it will not be applied. False when there is none."""
    return await _remove(shelf, shelf.database, name, instance_id, position)


async def retry(shelf: Shelf, log: Log, table: Table, instance_id: str, position: int) -> bool:
    """Apply a parked event after all, and forget it. False when there is none.

    Later events have been applied without it, so the rows it touches are folded anew from the
    whole history of its aggregate (events of others that touch the same rows are not: ``rebuild``
    is the cure for such tables). Raises what the reducer raises, and counts the attempt.
    """
    parked = {
        one.position
        for one in await failed(shelf, instance_id)
        if (one.name, one.version) == (table.name, table.version)
    }
    if position not in parked:
        return False
    try:
        [event] = await log.after(instance_id, position - 1, 1)
        await _apply(shelf, log, table, event, parked)
    except Exception as error:
        await shelf.database.run(
            f"UPDATE {shelf.path('failed_events')} SET attempts = attempts + 1, error = %s,"
            " failed_at = now() WHERE name = %s AND instance_id = %s AND position = %s",
            (described(error), table.name, instance_id, position),
        )
        raise
    return True


async def _apply(shelf: Shelf, log: Log, table: Table, event: Recorded, parked: set[int]) -> None:
    instance_id, position = event.stream.instance_id, event.position
    history = await log.stream(event.stream)

    async def refold(tx: Session) -> None:
        saved = await tx.row(
            f"SELECT position FROM {shelf.path('positions')}"
            " WHERE name = %s AND version = %s AND instance_id = %s FOR UPDATE",
            (table.name, table.version, instance_id),
        )
        past = [one for one in history if saved and one.position <= saved[0]]
        rows = _refolded(table, event, past, parked - {position})
        own = Fold(table, instance_id, {})
        for operation in own.sweeps(event):
            own.wide.append(operation)
        own.replace(rows)
        await Writer(table, shelf).change(tx, own)
        await _remove(shelf, tx, table.name, instance_id, position)

    await shelf.database.atomically(refold)


def _refolded(
    table: Table, event: Recorded, history: list[Recorded], skipped: set[int]
) -> dict[Key, Row | None]:
    """Return the rows that an event touches, as its aggregate's history makes them."""
    keys = touched(table, [event])
    fold = Fold(table, event.stream.instance_id, dict.fromkeys(keys))
    for recorded in history:
        if recorded.position not in skipped:
            fold.apply(recorded)
    return {key: fold.rows[key] for key in keys}


async def _remove(
    shelf: Shelf, session: Session | Any, name: str, instance_id: str, position: int
) -> bool:
    sql = (
        f"DELETE FROM {shelf.path('failed_events')}"
        " WHERE name = %s AND instance_id = %s AND position = %s"
    )
    return bool(await session.run(sql, (name, instance_id, position)))
