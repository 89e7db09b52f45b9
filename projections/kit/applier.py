"""Applying a batch: load the rows, fold, write them back with the position, or say why not."""

from __future__ import annotations

from personae.actors.domain.kit import Recorded
from personae.projections.kit.fold import Fold
from personae.projections.kit.poison import Failure, park
from personae.projections.kit.shelf import Shelf
from personae.projections.kit.table import Table
from personae.projections.kit.track import Track
from personae.projections.kit.writer import Writer
from personae.store.pool import StatementError

LAZY = 5_000
"""Positions without anything for a table that may pass before its position is saved."""

BAD_VALUE = ("21", "22", "23")
"""SQLSTATE classes that blame a row's values: cardinality, data, integrity."""


class Applier:
    """Brings one table of one shelf forward, a batch at a time."""

    def __init__(self, table: Table, shelf: Shelf) -> None:
        self.table = table
        self.shelf = shelf
        self._writer = Writer(table, shelf)

    async def apply(self, track: Track, events: list[Recorded], upto: int) -> Failure | None:
        """Apply wanted events after ``track.seen`` and move the track to ``upto``.

        Returns the failure of the first event that cannot be applied; those before it are.
        When another applier was faster nothing is written, and the track is stale.
        """
        instance_id = track.instance_id
        fold = await self._writer.fold(instance_id, events, self.shelf.database)
        failure = None
        for recorded in events:
            try:
                fold.apply(recorded)
            except Exception as error:  # noqa: BLE001 — whatever a reducer raises is its failure
                failure, upto = Failure.of(recorded, error), recorded.position - 1
                break
        try:
            written = await self._write(track, fold, upto)
        except StatementError as error:
            if not error.sqlstate.startswith(BAD_VALUE):
                raise
            return await self._split(track, [e for e in events if e.position <= upto], error)
        return failure if written else None

    async def load(self, track: Track) -> None:
        """Read what is saved of a track."""
        track.load(await self.shelf.position(self.table, track.instance_id))

    async def save(self, track: Track) -> None:
        """Save how far a track is, when it is further than the database knows."""
        if track.stale or track.seen == track.saved:
            return
        seen = track.seen
        moved = await self.shelf.move(self.table, track.instance_id, track.saved, seen)
        track.saved, track.stale = seen if moved else track.saved, not moved

    async def park(self, track: Track, failure: Failure, attempts: int) -> None:
        """Put an event aside and go on behind it."""
        old, instance_id = track.saved, track.instance_id
        if await park(self.shelf, self.table, instance_id, failure, old=old, attempts=attempts):
            track.saved = failure.position
            track.advance(failure.position)
        else:
            track.stale = True

    async def _write(self, track: Track, fold: Fold, upto: int) -> bool:
        if not (fold.empty and upto - track.saved < LAZY):
            if not await self._writer.write(fold, track.saved, upto):
                track.stale = True
                return False
            track.saved = upto
        track.advance(upto)
        return True

    async def _split(
        self, track: Track, events: list[Recorded], error: StatementError
    ) -> Failure | None:
        """Apply the first half of a batch that PostgreSQL refuses, down to the event that it is."""
        if len(events) == 1:
            return Failure.of(events[0], error)
        half = events[: len(events) // 2]
        return await self.apply(track, half, half[-1].position)
