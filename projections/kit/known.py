"""What is known of lists that were asked before: how many rows match, and where pages begin.

It holds for as long as the tables that the list is read from stand as they did. Their *mark* says
so: each answer brings it along from its own snapshot, so nothing is ever believed for too long,
whichever process wrote.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from personae.projections.kit.journal import Journal
from personae.projections.kit.page import Cursor

LISTS = 1000
"""Lists that a process remembers; those asked longest ago go first."""

PLACES = 50
"""Rows of one list whose place is remembered."""


@dataclass(slots=True)
class Known:
    """One list as it was under a mark; ``places`` are those of some rows, by their number.

    ``asked_at`` is when it was asked for (monotonic seconds): whoever asked before may believe it.
    """

    mark: str
    total: int
    asked_at: float = 0.0
    places: dict[int, Cursor] = field(default_factory=dict)

    def nearest(self, offset: int) -> int | None:
        """Return the number of the last row at or before ``offset`` whose place is known."""
        return max((number for number in self.places if number <= offset), default=None)

    def note(self, number: int, place: Cursor) -> None:
        """Remember where a row is, instead of another one's place when there are too many."""
        self.places.pop(number, None)
        self.places[number] = place
        if len(self.places) > PLACES:
            del self.places[next(iter(self.places))]


class Memory:
    """What one process knows of the lists it was asked for, by their digest."""

    def __init__(self) -> None:
        self.journal = Journal()
        self._known: OrderedDict[bytes, Known] = OrderedDict()
        self._turns: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    def get(self, digest: bytes) -> Known | None:
        """Return what is known of a list."""
        known = self._known.get(digest)
        if known is not None:
            self._known.move_to_end(digest)
        return known

    def keep(self, digest: bytes, known: Known) -> None:
        """Remember a list."""
        self._known[digest] = known
        self._known.move_to_end(digest)
        if len(self._known) > LISTS:
            self._known.popitem(last=False)

    def turn(self, digest: bytes) -> asyncio.Lock:
        """Return what lets one caller count a list, while others who ask for it wait."""
        return self._turns.setdefault(digest, asyncio.Lock())
