"""A track: how far one table is within one instance, what waits for it, and who waits for it."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from personae.actors.domain.kit import Recorded

MAX_PENDING = 10_000
"""Events from the bus that wait in memory; beyond, the log is read instead."""


@dataclass(slots=True)
class Track:
    """Up to ``seen`` the table has everything; up to ``saved`` the database knows that.

    ``seen`` runs ahead of ``saved`` over events that do not concern the table. ``stale`` until
    ``saved`` has been read, and again after another applier was faster. ``target`` is the last
    position known to exist; ``check`` asks for the log's head first.
    """

    instance_id: str
    saved: int = 0
    stale: bool = True
    seen: int = 0
    target: int = 0
    check: bool = False
    pending: deque[list[Recorded]] = field(default_factory=deque)
    waiting: int = 0
    failing: int = 0
    attempts: int = 0
    pauses: int = 0
    retry_at: float = 0.0
    error: str = ""
    waiters: list[tuple[int, asyncio.Future[None]]] = field(default_factory=list)

    @property
    def behind(self) -> bool:
        """Whether there is something to do."""
        return self.stale or self.check or self.target > self.seen

    def follows(self, batch: list[Recorded]) -> bool:
        """Whether a batch begins where this track ends, with nothing in between."""
        return not self.behind and batch[0].position == self.seen + 1

    def offer(self, batch: list[Recorded]) -> None:
        """Take a committed batch from the bus."""
        self.target = max(self.target, batch[-1].position)
        self.waiting += len(batch)
        self.pending.append(batch)
        if self.waiting > MAX_PENDING:
            self.forget_pending()

    def forget_pending(self) -> None:
        """Let go of what the bus told: the log has it all."""
        self.pending.clear()
        self.waiting = 0

    def from_bus(self, limit: int) -> list[Recorded]:
        """Return up to ``limit`` pending events that continue this track without a gap."""
        while self.pending and self.pending[0][-1].position <= self.seen:
            self.waiting -= len(self.pending.popleft())
        events: list[Recorded] = []
        last = self.seen
        for batch in self.pending:
            if batch[0].position > last + 1 or len(events) >= limit:
                break
            events.extend(recorded for recorded in batch if recorded.position > last)
            last = batch[-1].position
        return events[:limit]

    def forget(self, waiter: asyncio.Future[None]) -> None:
        """Let go of one who waits no longer."""
        self.waiters = [each for each in self.waiters if each[1] is not waiter]

    def succeed(self) -> None:
        """Begin again in the hands of another projector."""
        self.forget_pending()
        self.stale, self.check, self.retry_at = True, True, 0.0

    def begin_anew(self) -> None:
        """Begin from what is saved, which may be nothing: the table was dropped."""
        self.succeed()
        self.saved = self.seen = self.failing = self.attempts = 0

    def load(self, saved: int) -> None:
        """Take note of the position in the database."""
        # Lower than what we saved ourselves: somebody began anew.
        if saved < self.saved:
            self.seen = saved
        self.saved, self.stale = saved, False
        self.advance(saved)

    def advance(self, position: int) -> None:
        """Everything up to ``position`` is in the table: tell those who wait for it."""
        self.seen = max(self.seen, position)
        self.target = max(self.target, self.seen)
        still = []
        for wanted, future in self.waiters:
            if wanted > self.seen:
                still.append((wanted, future))
            elif not future.done():
                future.set_result(None)
        self.waiters = still
