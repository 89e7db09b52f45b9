"""Applying a batch: load the rows, fold, write them back with the position, or say why not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from personae.actors.domain.kit import Recorded
from personae.projections.kit.failure import Failure
from personae.projections.kit.fold import ABORTS, Fold
from personae.projections.kit.journal import Journal
from personae.projections.kit.shelf import Shelf
from personae.projections.kit.table import Table
from personae.projections.kit.track import Track
from personae.projections.kit.writer import Writer
from personae.store.codec import Corrupt, CorruptEvent
from personae.store.errors import StatementError

logger = logging.getLogger(__name__)

LAZY = 5_000
"""Positions without anything for a table that may pass before its position is saved."""

BAD_VALUE = ("21", "22", "23", "54")
"""SQLSTATE classes that blame a row's values: cardinality, data, integrity, limits of an index."""


def nothing() -> None:
    """Do nothing meanwhile."""


class Applier:
    """Brings one table of one shelf forward, a batch at a time; ``written`` counts rows."""

    def __init__(self, table: Table, shelf: Shelf, journal: Journal | None = None) -> None:
        self.table = table
        self.shelf = shelf
        self.written = 0
        self._writer = Writer(table, shelf, journal)

    async def apply(
        self,
        track: Track,
        events: list[Recorded],
        upto: int,
        *,
        aside: int = 0,
        meanwhile: Callable[[], None] = nothing,
    ) -> Failure | None:
        """Apply wanted events after ``track.seen`` and move the track to ``upto``.

        Returns the failure of the first event that cannot be applied; those before it are. With
        ``aside``, the times that first one has been tried, all that fail are put aside instead, in
        as many statements as without. When another applier was faster nothing is written, and the
        track is stale. ``meanwhile`` is called before the database is let write.
        """
        fold = await self._writer.fold(track.instance_id, events, self.shelf.database)
        failures: list[Failure] = []
        for recorded in events:
            try:
                _digest(fold, recorded)
            except ABORTS:
                raise
            except BaseException as error:  # noqa: BLE001 — whatever a reducer raises is its failure
                failures.append(Failure.of(recorded, error))
                if not aside:
                    upto = recorded.position - 1
                    break
        parked = _tried(failures, track, aside) if aside else []
        meanwhile()
        try:
            written = await self._write(track, fold, upto, parked)
        except StatementError as error:
            if not error.sqlstate.startswith(BAD_VALUE):
                raise
            left = [one for one in events if one.position <= upto]
            return await self._split(track, left, upto, error, aside)
        return failures[0] if failures and written and not aside else None

    async def load(self, track: Track) -> None:
        """Read what is saved of a track."""
        track.load(await self.shelf.position(self.table, track.instance_id))

    async def save(self, track: Track) -> None:
        """Save how far a track is, when it is further than the database knows."""
        if track.stale or track.seen == track.saved:
            return
        seen = track.seen
        nothing = Fold(self.table, track.instance_id, {})
        moved = await self._writer.write(nothing, track.saved, seen)
        track.saved, track.stale = seen if moved else track.saved, not moved

    async def _write(
        self, track: Track, fold: Fold, upto: int, parked: Sequence[Failure] = ()
    ) -> bool:
        if parked or not (fold.empty and upto - track.saved < LAZY):
            if not await self._writer.write(fold, track.saved, upto, parked):
                track.stale = True
                return False
            track.saved = upto
            self.written += len(fold.changed)
        if parked:
            first = parked[0]
            logger.error("%s parked %d, first %s: %s",
                         self.table, len(parked), first.position, first.error)  # fmt: skip
        track.advance(upto)
        return True

    async def _split(
        self, track: Track, events: list[Recorded], upto: int, error: StatementError, aside: int
    ) -> Failure | None:
        """Look in the halves of a batch that PostgreSQL refuses for the event that it is."""
        if len(events) == 1:
            failure = Failure.of(events[0], error)
            if not aside:
                return failure
            nothing = Fold(self.table, track.instance_id, {})
            await self._write(track, nothing, upto, _tried([failure], track, aside))
            return None
        half, rest = events[: len(events) // 2], events[len(events) // 2 :]
        found = await self.apply(track, half, half[-1].position, aside=aside)
        if aside and not track.stale:
            return await self.apply(track, rest, upto, aside=aside)
        return found


def _digest(fold: Fold, recorded: Recorded) -> None:
    if isinstance(recorded.event, Corrupt):
        raise CorruptEvent(recorded.event.type)
    fold.apply(recorded)


def _tried(failures: list[Failure], track: Track, times: int) -> list[Failure]:
    """Note how often the event was tried that the track stood at."""
    return [
        replace(one, attempts=times) if one.position == track.failing else one for one in failures
    ]
