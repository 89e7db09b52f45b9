"""The projector: one actor per table, which keeps it as new as the log.

It is told of commits by the bus (:meth:`Projections.on_committed`). Events that continue what it
has are applied from memory; after a gap, a restart, a nudge, or when too many wait, it reads the
log after its position. Either way a batch is whatever came while the one before it was written.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial
from typing import Any

from personae.actors.domain.kit import Recorded
from personae.actors.runtime.loop_actor import LoopActor
from personae.actors.runtime.mailbox import Order
from personae.projections.kit.applier import Applier, nothing
from personae.projections.kit.failure import Failure, described
from personae.projections.kit.growth import Growth
from personae.projections.kit.journal import Journal
from personae.projections.kit.reader import PAGE, Reader
from personae.projections.kit.shelf import Shelf
from personae.projections.kit.table import Table
from personae.projections.kit.track import Track
from personae.store.log import Log

logger = logging.getLogger(__name__)

ATTEMPTS = 5
"""Tries of an event that fails, before it is parked."""

FIRST_PAUSE, LAST_PAUSE = 0.1, 5.0
"""Seconds before the second try, and at most; each pause is three times the one before."""

WORK = "work"


class Projector(LoopActor):
    """Keeps one table. ``gate`` bounds how many projectors use the database at once."""

    def __init__(
        self,
        table: Table,
        shelf: Shelf,
        log: Log,
        gate: asyncio.Semaphore | None = None,
        *,
        journal: Journal | None = None,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        super().__init__()
        self.table = table
        self.tracks: dict[str, Track] = {}
        self._applier = Applier(table, shelf, journal)
        self._growth = Growth(table, shelf)
        self._reader = Reader(table, log)
        self._log = log
        self._gate = gate or asyncio.Semaphore(1)
        self._first_pause = first_pause
        self._moving = asyncio.Lock()  # a batch and a sweep must not move one position at once
        self._ready: dict[str, Track] = {}
        self._awake = False
        self._closing = False

    def inherit(self, tracks: dict[str, Track]) -> None:
        """Take over from a projector that died: those who wait, and what may not be saved."""
        for track in tracks.values():
            track.succeed()
            self.tracks[track.instance_id] = track
            self._ready[track.instance_id] = track

    def on_start(self) -> None:
        """Go on with what was taken over."""
        for track in list(self._ready.values()):
            self._wake(track)

    def snapshot(self) -> dict[str, Any]:
        """Return what ``/debug/actors`` shows beside the mailbox."""
        behind = sum(max(0, track.target - track.seen) for track in self.tracks.values())
        waits = next((track.error for track in self.tracks.values() if track.error), "")
        return {"events_behind": behind, **({"waits_for": waits} if waits else {})}

    def track(self, instance_id: str) -> Track:
        """Return the track of an instance."""
        return self.tracks.setdefault(instance_id, Track(instance_id))

    def offer(self, batch: list[Recorded], *, concerns: bool) -> None:
        """Take a committed batch of one instance; never waits."""
        track = self.track(batch[0].stream.instance_id)
        if not concerns and track.follows(batch):
            track.advance(batch[-1].position)
            return
        track.offer(batch)
        self._wake(track)

    def hear(self, instance_id: str, head: int) -> None:
        """Take note that the log reaches ``head``; never waits."""
        track = self.track(instance_id)
        track.target = max(track.target, head)
        if track.behind:
            self._wake(track)

    def nudge(self, instance_id: str) -> None:
        """Look whether the log has more than this table; never waits."""
        track = self.track(instance_id)
        track.check = True
        self._wake(track)

    async def reached(self, instance_id: str, position: int, timeout: float) -> bool:  # noqa: ASYNC109 — a bound on waiting for others, not on this call's own work
        """Wait until everything up to ``position`` is in the table; False when it took too long."""
        track = self.track(instance_id)
        if track.seen >= position:
            return True
        if track.target < position:
            self.nudge(instance_id)
        waiter = asyncio.get_running_loop().create_future()
        track.waiters.append((position, waiter))
        with contextlib.suppress(TimeoutError):
            try:
                async with asyncio.timeout(timeout):
                    await waiter
            finally:
                if waiter.cancelled():
                    track.forget(waiter)
        return track.seen >= position

    async def begin_anew(self) -> None:
        """Fill a table that was dropped, and is there again, from what is saved of it."""
        async with self._moving:
            for track in self.tracks.values():
                track.begin_anew()
                self._wake(track)

    async def close(self) -> None:
        """Finish the batch under way, save positions and stop."""
        self._closing = True
        stopped = self.loop.create_future()
        self.order(Order.STOP, stopped)
        await stopped

    async def save(self) -> None:
        """Save positions that ran ahead of the database."""
        for track in list(self.tracks.values()):
            async with self._moving, self._gate:
                await self._applier.save(track)

    async def on_receive(self, message: Any) -> None:
        """Work until nothing is left to do, an instance after the other, a page at a time."""
        del message
        try:
            while self._ready and not self._closing:
                track = self._ready.pop(next(iter(self._ready)))
                async with self._moving, self._gate:
                    await self._step(track)
        finally:
            self._awake = False

    async def on_stop(self) -> None:  # type: ignore[override]  # pykka knows no coroutines
        """Save what is not saved, so that the next start reads less."""
        await self._reader.close()
        await self._growth.close()
        with contextlib.suppress(Exception):
            await self.save()

    def _wake(self, track: Track) -> None:
        if self.loop.time() < track.retry_at:
            return
        self._ready[track.instance_id] = track
        if not self._awake and not self.stopped:
            self._awake = True
            self.actor_ref.tell(WORK)

    async def _step(self, track: Track) -> None:
        """Do one page of one instance."""
        try:
            failure = await self._advance(track)
            if failure:
                self._failed(track, failure)
            elif track.behind:
                self._ready[track.instance_id] = track
            self._growth.wrote(self._applier.written, at_rest=not track.behind)
            track.pauses, track.error = 0, failure.error if failure else ""
        except Exception as error:  # noqa: BLE001 — the database may be away; the log waits
            self._pause(track, described(error))

    async def _advance(self, track: Track) -> Failure | None:
        if track.stale:
            await self._applier.load(track)
        if track.check:
            track.check = False
            track.target = max(track.target, await self._log.head(track.instance_id))
        aside = track.attempts if track.attempts >= ATTEMPTS else 0
        more = nothing
        if batch := track.from_bus(PAGE):
            events, upto = self._reader.concerning(batch), batch[-1].position
        elif track.target > track.seen:
            reading = await self._reader.read(track.instance_id, track.seen, track.target)
            events, upto = reading.events, reading.upto
            if not self._ready:  # else another instance has its turn before the next page
                more = partial(self._reader.ahead, track.instance_id, upto, track.target)
        else:
            return None
        failure = await self._applier.apply(track, events, upto, aside=aside, meanwhile=more)
        if aside and not track.stale:
            track.failing = track.attempts = 0
        return failure

    def _failed(self, track: Track, failure: Failure) -> None:
        """Try an event again later; after so many attempts let what fails on its page be parked."""
        if track.failing != failure.position:
            track.failing, track.attempts = failure.position, 0
        track.attempts += 1
        if track.attempts >= ATTEMPTS:
            self._ready[track.instance_id] = track
        else:
            self._retry(track, self._first_pause * 3 ** (track.attempts - 1))

    def _pause(self, track: Track, error: str) -> None:
        """Try again later, after something that is no event's fault; what is saved is uncertain."""
        if track.error != error:
            logger.warning("%s waits: %s", self.table, error)
        track.stale, track.error = True, error
        track.pauses += 1
        self._retry(track, self._first_pause * 3 ** min(track.pauses, 6))

    def _retry(self, track: Track, seconds: float) -> None:
        seconds = min(seconds, LAST_PAUSE)
        track.retry_at = self.loop.time() + seconds
        self._ready.pop(track.instance_id, None)  # what came meanwhile waits as well
        self.loop.call_later(seconds, self._resume, track)

    def _resume(self, track: Track) -> None:
        track.retry_at = 0.0
        self._wake(track)
