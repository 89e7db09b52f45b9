"""The directory: which actors are alive, by key; it opens them on demand and puts them to sleep."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from personae.actors.runtime.errors import ActorStopped
from personae.actors.runtime.loop_actor import LoopActor
from personae.actors.runtime.mailbox import Order
from pykka import ActorDeadError

logger = logging.getLogger(__name__)

AT_ONCE = 64
"""How many actors are put to sleep together: each may write a snapshot."""

PATIENCE_SECONDS = 30
"""How long so many actors may take for that."""

PART = 5
"""Of so many actors one goes to sleep when memory is short."""

LATELY = 1000
"""How many actors are looked at for letters that wait: it is there that somebody asked lately."""

LOOK_SECONDS = 10
"""The longest time between two sweeps."""

PAUSE_SECONDS = 0.1
"""The least time between two sweeps."""


class Directory:
    """Actors by key, least recently used first; at most about ``cap`` of them.

    ``open_actor(key)`` makes an actor, not yet begun; its ``on_start`` loads its state. An actor
    idle for ``idle_seconds``, or the longest idle ones beyond ``cap`` or while memory ``exceeded``
    its limit, get their ``passivate`` turn and are forgotten, unless a message came meanwhile. An
    actor that dies is forgotten too: the next message opens a successor.
    """

    def __init__(
        self,
        open_actor: Callable[[Hashable], LoopActor],
        *,
        cap: int = 100_000,
        idle_seconds: float = 120,
        exceeded: Callable[[], bool] = lambda: False,
    ) -> None:
        self._open_actor = open_actor
        self._cap = cap
        self._idle_seconds = idle_seconds
        self._exceeded = exceeded
        self._actors: OrderedDict[Hashable, LoopActor] = OrderedDict()
        self._crowded = asyncio.Event()
        self._sweeper: asyncio.Task[None] | None = None
        self._closed = False
        self.opened = 0
        self.asked = 0
        self.passivated = 0
        self.died = 0

    def __len__(self) -> int:
        return len(self._actors)

    def __iter__(self) -> Iterator[LoopActor]:
        return iter(list(self._actors.values()))

    async def ask(self, key: Hashable, message: Any, deadline: float | None = None) -> Any:
        """Send a message to the actor of ``key``, alive or not, and return its reply.

        ``deadline`` is a time of the loop: a turn that has not begun by then raises
        ``TimeoutError`` and never begins. A message that meets an actor which just stopped is sent
        once more, to its successor. Raises ``MailboxFull``, ``ActorDeadError`` and what the
        turn raises.
        """
        self.asked += 1
        actor = self.actor(key)
        try:
            return await actor.ask(message, deadline)
        except ActorStopped as stopped:
            if stopped.actor is not actor:
                raise
        return await self.actor(key).ask(message, deadline)

    def actor(self, key: Hashable) -> LoopActor:
        """Return the actor of ``key``, opened when absent. Raises ``ActorDeadError`` after stop."""
        return self.live(key) or self._open(key)

    def live(self, key: Hashable) -> LoopActor | None:
        """Return the actor of ``key`` if it is alive; counts as use."""
        actor = self._actors.get(key)
        if actor is None or actor.stopped:
            return None
        self._actors.move_to_end(key)
        actor.touched = actor.loop.time()
        return actor

    def tell_live(self, key: Hashable, message: Any) -> None:
        """Tell the actor of ``key``, if it is alive; does not count as use.

        Raises ``MailboxFull``.
        """
        actor = self._actors.get(key)
        if actor is not None and not actor.stopped:
            actor.post((message, None, None))

    async def sweep(self) -> None:
        """Put to sleep who was idle for too long, then the longest idle ones beyond the cap."""
        due = iter(self._due())
        while batch := list(islice(due, AT_ONCE)):
            await self._put_to_sleep(batch)

    def start(self) -> None:
        """Sweep from now on: periodically, and soon after the directory got crowded."""
        self._closed = False
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep_for_ever())

    async def stop(self) -> None:
        """Open no more actors; those alive finish what waits and go to sleep, oldest first."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.wait([self._sweeper])
        while self._actors:
            await self._stop_some(list(islice(self._actors.values(), AT_ONCE)))

    def ended(self, actor: LoopActor, error: BaseException | None) -> None:
        """Forget an actor that stopped or died."""
        self.died += error is not None
        if self._actors.get(actor.name) is actor:
            del self._actors[actor.name]

    def snapshot(self) -> dict[str, Any]:
        """Return the counters; ``waiting`` in the mailboxes of those asked last.

        ``fullest``: the longest of these mailboxes.
        """
        lately = islice(reversed(self._actors.values()), LATELY)
        waiting = [actor.depth for actor in lately]
        return {
            "waiting": sum(waiting),
            "fullest": max(waiting, default=0),
            "turns": self.asked,
            "live": len(self._actors),
            "opened": self.opened,
            "passivated": self.passivated,
            "died": self.died,
        }

    def _open(self, key: Hashable) -> LoopActor:
        if self._closed:
            raise ActorDeadError("the directory is closed")
        actor = self._open_actor(key).begin(self, key)
        actor.touched = actor.loop.time()
        self._actors[key] = actor
        self._actors.move_to_end(key)
        self.opened += 1
        if len(self._actors) > self._cap:
            self._crowded.set()
        return actor

    def _due(self) -> list[tuple[LoopActor, float]]:
        oldest = asyncio.get_running_loop().time() - self._idle_seconds
        excess = len(self._actors) - self._cap
        if self._exceeded():
            excess = max(excess, len(self._actors) // PART)
        due: list[tuple[LoopActor, float]] = []
        for actor in self._actors.values():
            if actor.touched > oldest and len(due) >= excess:
                break
            if not actor.busy:
                due.append((actor, actor.touched))
        return due

    async def _put_to_sleep(self, batch: list[tuple[LoopActor, float]]) -> None:
        replies = []
        for actor, touched in batch:
            if not actor.busy and actor.touched == touched:
                replies.append(asyncio.get_running_loop().create_future())
                actor.order(Order.SLEEP, replies[-1])
        if replies:
            asleep, _ = await asyncio.wait(replies, timeout=PATIENCE_SECONDS)
            self.passivated += sum(reply.result() for reply in asleep)

    async def _stop_some(self, batch: list[LoopActor]) -> None:
        replies: list[asyncio.Future[bool]] = []
        for actor in batch:
            replies.append(actor.loop.create_future())
            actor.order(Order.SLEEP)
            actor.order(Order.STOP, replies[-1])
        _, stuck = await asyncio.wait(replies, timeout=PATIENCE_SECONDS)
        if stuck:
            logger.error("%d actors did not stop in %s seconds", len(stuck), PATIENCE_SECONDS)
        for actor in batch:
            self._actors.pop(actor.name, None)

    async def _sweep_for_ever(self) -> None:
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(self._idle_seconds / 4, LOOK_SECONDS)):
                    await self._crowded.wait()
            self._crowded.clear()
            try:
                await self.sweep()
            except Exception:
                logger.exception("the sweep failed")
