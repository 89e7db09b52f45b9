"""Building tables anew: beside the live one, with progress, continued after a kill.

A table whose version was raised is built by its ordinary projector under its new name, and then
answers (:mod:`versions`). A table of the same version is built in a schema of its own and moved
into the place of the live one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from personae.projections.kit import versions
from personae.projections.kit.applier import Applier
from personae.projections.kit.progress import Meter, Report
from personae.projections.kit.reader import Reader
from personae.projections.kit.shelf import Shelf
from personae.projections.kit.table import Table
from personae.projections.kit.track import Track
from personae.store.log import Log
from personae.store.pool import Database, Isolation
from personae.store.session import Session

SCRATCH = "projections_rebuild"

PATIENT = "SET LOCAL idle_in_transaction_session_timeout = '600s'; SET LOCAL statement_timeout = 0"
"""For the transaction that holds a table still while its copy does the last events."""

EACH_STATEMENT: Isolation = "READ COMMITTED"
"""For transactions that must see what the builder writes beside them, whatever the default is."""


class Builder:
    """Brings a table forward on a shelf that nobody else writes to."""

    def __init__(self, table: Table, shelf: Shelf, log: Log) -> None:
        self.table = table
        self.shelf = shelf
        self._log = log
        self._applier = Applier(table, shelf)
        self._reader = Reader(table, log)
        self._tracks: dict[str, Track] = {}

    async def build(self, until: Mapping[str, int], meter: Meter) -> None:
        """Apply every instance's events up to a position, and save that."""
        try:
            for instance_id, last in until.items():
                track = self._tracks.setdefault(instance_id, Track(instance_id))
                if track.stale:
                    await self._applier.load(track)
                while track.seen < last:
                    await self._page(track, last)
                    done = [min(t.seen, until.get(t.instance_id, 0)) for t in self._tracks.values()]
                    meter.at(sum(done), sum(until.values()))
                await self._applier.save(track)
        finally:
            await self._reader.close()

    async def _page(self, track: Track, last: int) -> None:
        """Apply the next page; the one behind it is read meanwhile."""
        reading = await self._reader.read(track.instance_id, track.seen, last)
        events = [recorded for recorded in reading.events if recorded.position <= last]
        upto = min(reading.upto, last)
        more = partial(self._reader.ahead, track.instance_id, upto, last)
        await self._applier.apply(track, events, upto, aside=1, meanwhile=more)

    async def heads(self) -> dict[str, int]:
        """Return the last position of every instance."""
        return {one: await self._log.head(one) for one in await self._log.instances()}


async def rebuild(live: Shelf, log: Log, table: Table, report: Report | None = None) -> None:
    """Build a live table anew from the log and move it into place; questions go on meanwhile.

    One that was cut off before is continued. Raises :class:`StillAnswersError`.
    """
    await versions.check_replaceable(live, live.database, table)
    scratch = Shelf(live.database, SCRATCH)
    await scratch.prepare([table])
    builder, meter = Builder(table, scratch, log), Meter(table.name, report)
    await builder.build(await builder.heads(), meter)

    async def index(tx: Session) -> None:
        await tx.run(PATIENT)
        await scratch.index(tx, table)
        await scratch.analyze(table, tx)

    async def replace(tx: Session) -> None:
        await tx.run(PATIENT)
        await live.hold(tx)
        await versions.check_replaceable(live, tx, table)
        # From here on nobody writes to it, and who reads waits: for the last few events only.
        await versions.remove(live, tx, versions.version_of(table))
        await builder.build(await saved_positions(live, table, tx), meter)
        await _move(live, scratch, table, tx)

    await live.database.atomically(index)
    await builder.build(await saved_positions(live, table, live.database), meter)
    await live.database.atomically(replace, EACH_STATEMENT)


async def saved_positions(
    shelf: Shelf, table: Table, session: Session | Database
) -> dict[str, int]:
    """Return up to which position the database has everything, by instance."""
    sql = (
        f"SELECT instance_id, position FROM {shelf.path('positions')}"
        " WHERE name = %s AND version = %s"
    )
    return dict(await session.rows(sql, (table.name, table.version)))


async def _move(live: Shelf, scratch: Shelf, table: Table, tx: Session) -> None:
    """Put the scratch table in the place of the live one, with its positions and failures."""
    await tx.run(f"ALTER TABLE {scratch.path(table.physical)} SET SCHEMA {live.schema}")
    await versions.show(live, tx, table)
    mine = (table.name, table.version)
    for kept in ("positions", "failed_events"):
        where = "WHERE name = %s AND version = %s"
        await tx.run(f"DELETE FROM {live.path(kept)} {where}", mine)
        await tx.run(
            f"INSERT INTO {live.path(kept)} SELECT * FROM {scratch.path(kept)} {where}", mine
        )
        await tx.run(f"DELETE FROM {scratch.path(kept)} {where}", mine)
    await tx.run(f"DELETE FROM {scratch.path('tables')} WHERE name = %s", (table.name,))
