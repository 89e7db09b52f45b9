"""Events that a table could not digest and put aside: listed, retried, removed."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.kit import Recorded
from personae.projections.kit.failure import Failed, described
from personae.projections.kit.fold import ABORTS, Fold, touched
from personae.projections.kit.shelf import Shelf
from personae.projections.kit.table import Key, Row, Table
from personae.projections.kit.writer import Writer
from personae.store.log import Log
from personae.store.session import Session


async def failed(shelf: Shelf, instance_id: str = "", limit: int = 1000) -> list[Failed]:
    """Return the parked events, of one instance or of all, oldest first."""
    rows = await shelf.database.rows(
        "SELECT name, version, instance_id, position, event_type, aggregate_type, aggregate_id,"
        f" attempts, error, failed_at FROM {shelf.path('failed_events')}"
        " WHERE %s IN ('', instance_id) ORDER BY failed_at, name, position LIMIT %s",
        (instance_id, limit),
    )
    return [Failed(*row) for row in rows]


async def counts(shelf: Shelf) -> dict[tuple[str, int, str], int]:
    """Return how many events are parked, by table, version and instance."""
    rows = await shelf.database.rows(
        "SELECT name, version, instance_id, count(*)"
        f" FROM {shelf.path('failed_events')} GROUP BY 1, 2, 3"
    )
    return {(name, version, instance_id): count for name, version, instance_id, count in rows}


async def remove(shelf: Shelf, table: Table, instance_id: str, position: int) -> bool:
    """Forget a parked event: it will not be applied. False when there is none."""
    return await _remove(shelf, shelf.database, table, instance_id, position)


async def retry(shelf: Shelf, log: Log, table: Table, instance_id: str, position: int) -> bool:
    """Apply a parked event after all, and forget it. False when there is none.

    Later events have been applied without it, so the rows it touches are folded anew from the
    whole history of its aggregate (events of others that touch the same rows are not: ``rebuild``
    is the cure for such tables). Raises what the reducer raises, and counts the attempt.
    """
    parked = await _parked(shelf, table, instance_id)
    if position not in parked:
        return False
    try:
        [event] = await log.after(instance_id, position - 1, 1)
        await _apply(shelf, log, table, event, parked)
    except ABORTS:
        raise
    except BaseException as error:
        await shelf.database.run(
            f"UPDATE {shelf.path('failed_events')} SET attempts = attempts + 1, error = %s,"
            f" failed_at = now() WHERE {_ONE}",
            (described(error), *_one(table, instance_id, position)),
        )
        raise
    return True


async def _parked(shelf: Shelf, table: Table, instance_id: str) -> set[int]:
    rows = await shelf.database.rows(
        f"SELECT position FROM {shelf.path('failed_events')}"
        " WHERE name = %s AND version = %s AND instance_id = %s",
        (table.name, table.version, instance_id),
    )
    return {position for (position,) in rows}


async def _apply(shelf: Shelf, log: Log, table: Table, event: Recorded, parked: set[int]) -> None:
    instance_id, position = event.stream.instance_id, event.position

    async def refold(tx: Session) -> None:
        saved = await tx.row(
            # Held still, and marked: what is known of the table's lists holds no longer.
            f"UPDATE {shelf.path('positions')} SET moved_at = clock_timestamp()"
            " WHERE name = %s AND version = %s AND instance_id = %s RETURNING position",
            (table.name, table.version, instance_id),
        )
        # Read from here on: what was applied before the table stood still is in it.
        history = await log.stream(event.stream)
        past = [one for one in history if saved and one.position <= saved[0]]
        rows = _refolded(table, event, past, parked - {position})
        own = Fold(table, instance_id, {})
        for operation in own.sweeps(event):
            own.wide.append(operation)
        own.replace(rows)
        await Writer(table, shelf).change(tx, own)
        await _remove(shelf, tx, table, instance_id, position)

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
    shelf: Shelf, session: Session | Any, table: Table, instance_id: str, position: int
) -> bool:
    sql = f"DELETE FROM {shelf.path('failed_events')} WHERE {_ONE}"
    return bool(await session.run(sql, _one(table, instance_id, position)))


_ONE = "name = %s AND version = %s AND instance_id = %s AND position = %s"


def _one(table: Table, instance_id: str, position: int) -> tuple[str, int, str, int]:
    return table.name, table.version, instance_id, position
