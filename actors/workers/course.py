"""The order in which a process tells its projections of one instance's commits: that of the log.

A process learns of its own commits at once, and of those that others made before only by reading.
Were its own told first, each projection would find the gap and read the log for itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from personae.actors.domain.kit import Recorded

MAX_EARLY = 10_000
"""Own events that wait for others before them; beyond, the log is read instead."""


class Course:
    """Tells each event once, in order of position; ``seen`` is the last one told."""

    def __init__(self, tell: Callable[[list[Recorded]], None], seen: int = 0) -> None:
        self.seen = seen
        self._tell = tell
        self._early: deque[list[Recorded]] = deque()
        self._waiting = 0

    def take(self, batch: list[Recorded]) -> None:
        """Tell of a batch, or keep it until everything before it has been told."""
        if batch[0].position > self.seen + 1:
            self._keep(batch)
            return
        self._pass(batch)
        self._go_on()

    def begin(self, position: int) -> None:
        """Begin behind ``position``: what is before it was read elsewhere."""
        if not self.seen:
            self.seen = min(position, self.gap or position)
            self._go_on()

    @property
    def gap(self) -> int:
        """The last position that is missing before a batch that waits; 0 when none waits."""
        return self._early[0][0].position - 1 if self._early else 0

    def _go_on(self) -> None:
        while self._early and self._early[0][0].position <= self.seen + 1:
            self._waiting -= len(self._early[0])
            self._pass(self._early.popleft())

    def _keep(self, batch: list[Recorded]) -> None:
        self._early.append(batch)
        self._waiting += len(batch)
        if self._waiting > MAX_EARLY:
            self._early.clear()
            self._waiting = 0

    def _pass(self, batch: list[Recorded]) -> None:
        if batch[0].position <= self.seen:
            batch = [recorded for recorded in batch if recorded.position > self.seen]
        if batch:
            self.seen = batch[-1].position
            self._tell(batch)
