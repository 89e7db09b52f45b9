"""Reading the log for a table: pages of the events it wants, and the way around a corrupt one."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.kit import EVENTS, Recorded
from personae.projections.kit.poison import Failure
from personae.projections.kit.table import Table
from personae.store.codec import CorruptEvent
from personae.store.log import Log

PAGE = 1000
"""Events of one read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Wanted events, in order, and up to which position the table has all of its own with them.

    ``broken`` is the position after ``upto`` when an event there cannot be decoded.
    """

    events: list[Recorded]
    upto: int
    broken: int = 0

    @property
    def failure(self) -> Failure:
        """Return what to put aside at ``broken``."""
        return Failure(self.broken, "the stored event cannot be decoded")


class Reader:
    """Reads what concerns one table."""

    def __init__(self, table: Table, log: Log) -> None:
        self.log = log
        self.wanted = table.events
        self.types = sorted(name for name, event in EVENTS.items() if event in self.wanted)

    async def read(self, instance_id: str, position: int, target: int) -> Reading:
        """Return the next page after ``position``; ``target`` is a position known to exist."""
        try:
            events = await self.log.after(instance_id, position, PAGE, self.types)
        except CorruptEvent:
            return await self._around(instance_id, position)
        if len(events) == PAGE:
            return Reading(events, events[-1].position)
        return Reading(events, max([target, *(recorded.position for recorded in events[-1:])]))

    def concerning(self, events: list[Recorded]) -> list[Recorded]:
        """Return those events that change the table."""
        return [recorded for recorded in events if type(recorded.event) in self.wanted]

    async def _around(self, instance_id: str, position: int) -> Reading:
        """Return what can be read before a corrupt event. Positions have no holes, so halving does.

        Whether the event concerns the table nobody can say; it is reported for it.
        """
        good: list[Recorded] = []
        bad = PAGE
        while bad - len(good) > 1:
            middle = (len(good) + bad) // 2
            try:
                good = await self.log.after(instance_id, position, middle)
            except CorruptEvent:
                bad = middle
                continue
            if len(good) < middle:
                break
        upto = position + len(good)
        return Reading(self.concerning(good), upto, broken=upto + 1)
