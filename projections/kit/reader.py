"""Reading the log for a table: pages of the events it wants."""

from __future__ import annotations

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

    async def read(self, instance_id: str, position: int, target: int) -> Reading:
        """Return the next page after ``position``; ``target`` is a position known to exist."""
        events = await self.log.after(instance_id, position, PAGE, self.types)
        if len(events) == PAGE:
            return Reading(events, events[-1].position)
        return Reading(events, max([target, *(recorded.position for recorded in events[-1:])]))

    def concerning(self, events: list[Recorded]) -> list[Recorded]:
        """Return those events of this process that change the table."""
        return [recorded for recorded in events if type(recorded.event) in self.wanted]
