"""How far a long work is: what to show, and when it will be done."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` positions of a table, at ``rate`` per second."""

    table: str
    done: int
    total: int
    rate: float

    @property
    def percent(self) -> float:
        """How much is done, 0 to 100."""
        return 100.0 * self.done / self.total if self.total else 100.0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at this rate, None when it cannot be said."""
        return (self.total - self.done) / self.rate if self.rate else None


Report = Callable[[Progress], None]


class Meter:
    """Makes :class:`Progress` of counts; the rate is that since the meter began."""

    def __init__(self, table: str, report: Report | None = None) -> None:
        self._table = table
        self._report = report or (lambda _progress: None)
        self._began = time.monotonic()
        self._first: int | None = None

    def at(self, done: int, total: int) -> Progress:
        """Return and report how far the work is now."""
        if self._first is None:
            self._first = done
        seconds = time.monotonic() - self._began
        rate = (done - self._first) / seconds if seconds else 0.0
        progress = Progress(self._table, done, total, rate)
        self._report(progress)
        return progress
