"""Builds: tables of this release that catch up with the log before questions are asked of them.

So do those that are gone: a process that was away for long enough finds that one of a later release
dropped what nobody seemed to keep. It creates them again and builds them; until then the tables of
that release answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from personae.projections.kit import versions
from personae.projections.kit.shelf import Shelf
from personae.projections.kit.spooler import Pace
from personae.projections.kit.table import Table
from personae.store.errors import DatabaseError

logger = logging.getLogger(__name__)

LOOK_AGAIN = 0.2
"""Seconds between looks at a table that is being built."""


class Builds:
    """``waiting`` has the tables by name that other versions answer for.

    ``unready`` has these, and those that did not reach the log yet since this process began.
    ``lagging`` names the tables that lack events which the log had when it was asked before;
    ``anew`` lets what applies events to a table begin from what is saved.
    """

    def __init__(
        self,
        shelf: Shelf,
        tables: Sequence[Table],
        pace: Pace,
        *,
        lagging: Callable[[], Awaitable[set[str]]],
        anew: Callable[[Table], Awaitable[None]],
    ) -> None:
        self.waiting: dict[str, Table] = {}
        self.unready: dict[str, Table] = {}
        self._shelf = shelf
        self._tables = tables
        self._pace = pace
        self._lagging = lagging
        self._anew = anew

    async def prepare(self) -> None:
        """Create what is absent, and see what is to be built. Raises :class:`ShapeChangedError`."""
        await versions.prepare(self._shelf, self._tables)
        by = await versions.answering(self._shelf)
        unbuilt = [one for one in self._tables if by.get(versions.version_of(one)) != one.version]
        self.waiting = {table.name: table for table in unbuilt}
        self.unready = {table.name: table for table in self._tables}

    async def run(self) -> None:
        """Let each table be asked when it is built, and build again what is gone, for ever."""
        while True:
            try:
                await self._restore()
                await self._build()
            except DatabaseError as error:  # it is away: the log waits
                names = ", ".join(self.waiting) or "read models"
                logger.warning("%s: not looked after for now: %s", names, error)
            await asyncio.sleep(LOOK_AGAIN if self.unready else self._pace.about(self._pace.renew))

    async def _restore(self) -> None:
        by = await versions.answering(self._shelf)
        for table in self._tables:
            found = by.get(versions.version_of(table))
            if found is None or (found != table.version and table.name not in self.waiting):
                logger.warning("%s was dropped while this process was away: built again", table)
                self.waiting[table.name] = self.unready[table.name] = table
                # First: an empty table has nothing of what its projector saw.
                await self._anew(table)
                await versions.prepare(self._shelf, [table])

    async def _build(self) -> None:
        """Let each table that has caught up answer its own questions."""
        if not self.unready:
            return
        behind = await self._lagging()
        for name in self.unready.keys() - self.waiting.keys() - behind:
            del self.unready[name]
        for name in self.waiting.keys() - behind:
            await self._switch(self.waiting[name])

    async def _switch(self, table: Table) -> None:
        await self._shelf.analyze(table, self._shelf.database)
        if table.name in await self._lagging():
            return
        await versions.switch(self._shelf, table)
        logger.info("%s is built and asked", table)
        del self.waiting[table.name], self.unready[table.name]
