"""Rows by id, remembered for as long as their aggregate stays as it was.

A row is a fold of its aggregate's events: while the aggregate, whose memory follows the log, has
the version it had when the row was read, the row cannot have changed. What deletes rows from
outside (their organisation or instance removed) the caller asks of those aggregates.
"""

from __future__ import annotations

from collections import OrderedDict
from weakref import WeakKeyDictionary

from personae.actors.aggregates.aggregate import Aggregate
from personae.actors.domain.kit import Stream
from personae.actors.domain.kit.refusal import UNAVAILABLE
from personae.projections.kit import Projections, Row, Table

REMEMBERED = 10_000


class Rows:
    """The rows by id that one process' read models answered last."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, Stream], tuple[int, Row]] = OrderedDict()

    async def of(self, projections: Projections, table: Table, aggregate: Aggregate) -> Row | None:
        """Return the row of an aggregate, as new as the aggregate: from memory or one query.

        For tables that borrow no columns. Raises SYSTEM-Unavailable when the table lags too long,
        and when it lacks what exists: somebody emptied it, and it is not built anew yet. While a
        new version of the table is built, the one before answers, and nothing is remembered.
        """
        stream, version = aggregate.stream, aggregate.version
        name = (table.physical, stream)
        known = self._known.get(name)
        if known is not None and known[0] == version:
            return known[1]
        own = not projections.builds(table)
        row = await fresh_row(projections, table, aggregate)
        if row is None and aggregate.state.exists:
            raise UNAVAILABLE()
        if row is not None and own:
            self._known[name] = (version, row)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return row


async def fresh_row(projections: Projections, table: Table, aggregate: Aggregate) -> Row | None:
    """Return the row of an aggregate from the database, no older than the aggregate."""
    stream = aggregate.stream
    if not await projections.reached(table, stream.instance_id, aggregate.position):
        raise UNAVAILABLE()
    return await projections.find(table, stream.instance_id, stream.id)


_ROWS: WeakKeyDictionary[Projections, Rows] = WeakKeyDictionary()


def rows_of(projections: Projections) -> Rows:
    """Return what is remembered of a process' read models."""
    rows = _ROWS.get(projections)
    if rows is None:
        rows = _ROWS[projections] = Rows()
    return rows
