"""How much memory this process has, and whether it is time to let go of some."""

from __future__ import annotations

from collections.abc import Callable

import psutil

GROWTH = 1.01
"""By how much memory must have grown since one let go of some, before one lets go of more."""


def resident() -> int:
    """Return the resident memory of this process in bytes."""
    return int(psutil.Process().memory_info().rss)


class MemoryLimit:
    """Says when a process is beyond a limit of bytes, and still grows.

    What is freed is mostly used again rather than given back to the system: so a process that
    stays where it is has let go of enough.
    """

    def __init__(self, limit: int, measure: Callable[[], int] = resident) -> None:
        self._limit = limit
        self._measure = measure
        self._then = 0.0

    def exceeded(self) -> bool:
        """Say whether some must be let go of now."""
        now = self._measure()
        if now <= self._limit:
            self._then = 0.0
            return False
        if now <= self._then * GROWTH:
            return False
        self._then = now
        return True
