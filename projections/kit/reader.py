"""Reading the log for a table: pages of the events it wants, each while the last is applied."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from personae.actors.domain.kit import EVENTS, Recorded
from personae.projections.kit.table import Table
from personae.store.log import Log

PAGE = 1000
"""Events of one read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Wanted events, in order, and up to which position the table has all of its own with them."""

    events: list[Recorded]
    upto: int


class Reader:
    """Reads what concerns one table, events that cannot be decoded among it."""

    def __init__(self, table: Table, log: Log) -> None:
        self.log = log
        self.wanted = table.events
        self.types = sorted(name for name, event in EVENTS.items() if event in self.wanted)
        self._ahead: tuple[str, int, asyncio.Task[Reading]] | None = None

    async def read(self, instance_id: str, position: int, target: int) -> Reading:
        """Return the next page after ``position``; ``target`` is a position known to exist."""
        begun, self._ahead = self._ahead, None
        if begun and begun[:2] == (instance_id, position):
            return await begun[2]
        if begun:
            begun[2].cancel()
        return await self._page(instance_id, position, target)

    def ahead(self, instance_id: str, position: int, target: int) -> None:
        """Begin to read a page that will be asked for; never waits."""
        if position < target and self._ahead is None:
            page = asyncio.create_task(self._page(instance_id, position, target))
            self._ahead = (instance_id, position, page)

    async def close(self) -> None:
        """Let go of a page that nobody asked for."""
        if self._ahead:
            self._ahead[2].cancel()
            await asyncio.wait([self._ahead[2]])
            self._ahead = None

    async def _page(self, instance_id: str, position: int, target: int) -> Reading:
        events = await self.log.after(instance_id, position, PAGE, self.types)
        if len(events) == PAGE:
            return Reading(events, events[-1].position)
        return Reading(events, max([target, *(recorded.position for recorded in events[-1:])]))

    def concerning(self, events: list[Recorded]) -> list[Recorded]:
        """Return those events of this process that change the table."""
        return [recorded for recorded in events if type(recorded.event) in self.wanted]
