"""The directory: which actors are alive, by key; it opens them on demand and puts them to sleep.

Many are asked once and then no more for long (tokens that are given, users that are imported). So
that they neither fill memory nor send those to sleep who are asked all the time, they may be
limited apart: whoever is asked a second time is no newcomer any more (segmented LRU).
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, islice
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
    actor that dies is forgotten too: the next message opens a successor. ``newcomers`` limits
    those that were asked only once, within the cap.
    """

    def __init__(
        self,
        open_actor: Callable[[Hashable], LoopActor],
        *,
        cap: int = 100_000,
        newcomers: int | None = None,
        idle_seconds: float = 120,
        exceeded: Callable[[], bool] = lambda: False,
    ) -> None:
        self._open_actor = open_actor
        self._cap = cap
        self._most_new = newcomers
        self._idle_seconds = idle_seconds
        self._exceeded = exceeded
        self._actors: OrderedDict[Hashable, LoopActor] = OrderedDict()
        self._new: OrderedDict[Hashable, LoopActor] = OrderedDict()
        self._crowded = asyncio.Event()
        self._sweeper: asyncio.Task[None] | None = None
        self._closed = False
        self.opened = 0
        self.asked = 0
        self.passivated = 0
        self.died = 0

    def __len__(self) -> int:
        return len(self._actors) + len(self._new)

    def __iter__(self) -> Iterator[LoopActor]:
        return iter([*self._new.values(), *self._actors.values()])

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
        if actor is None:
            actor = self._asked_again(key)
        if actor is None or actor.stopped:
            return None
        self._actors.move_to_end(key)
        actor.touched = actor.loop.time()
        return actor

    def _asked_again(self, key: Hashable) -> LoopActor | None:
        actor = self._new.pop(key, None)
        if actor is not None:
            self._actors[key] = actor
        return actor

    def awake(self, key: Hashable) -> LoopActor | None:
        """Return the actor of ``key`` if it is alive; does not count as use."""
        actor = self._actors.get(key) or self._new.get(key)
        return None if actor is None or actor.stopped else actor

    def retire(self, key: Hashable) -> None:
        """Count the actor of ``key`` among the newcomers: it will hardly be asked again."""
        actor = None if self._most_new is None else self._actors.pop(key, None)
        if actor is not None:
            self._new[key] = actor

    def tell_live(self, key: Hashable, message: Any) -> None:
        """Tell the actor of ``key``, if it is alive; does not count as use.

        Raises ``MailboxFull``.
        """
        actor = self.awake(key)
        if actor is not None:
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
        while len(self):
            oldest = chain(self._new.values(), self._actors.values())
            await self._stop_some(list(islice(oldest, AT_ONCE)))

    def ended(self, actor: LoopActor, error: BaseException | None) -> None:
        """Forget an actor that stopped or died."""
        self.died += error is not None
        for actors in (self._actors, self._new):
            if actors.get(actor.name) is actor:
                del actors[actor.name]

    def snapshot(self) -> dict[str, Any]:
        """Return the counters; ``waiting`` in the mailboxes of those asked last.

        ``fullest``: the longest of these mailboxes.
        """
        lately = (islice(reversed(actors.values()), LATELY) for actors in (self._actors, self._new))
        waiting = [actor.depth for actor in chain.from_iterable(lately)]
        return {
            "waiting": sum(waiting),
            "fullest": max(waiting, default=0),
            "turns": self.asked,
            "live": len(self),
            "opened": self.opened,
            "passivated": self.passivated,
            "died": self.died,
        }

    def _open(self, key: Hashable) -> LoopActor:
        if self._closed:
            raise ActorDeadError("the directory is closed")
        actor = self._open_actor(key).begin(self, key)
        actor.touched = actor.loop.time()
        for actors in (self._actors, self._new):
            actors.pop(key, None)  # one that has stopped and is not forgotten yet
        (self._actors if self._most_new is None else self._new)[key] = actor
        self.opened += 1
        if len(self) > self._cap or len(self._new) > (self._most_new or 0):
            self._crowded.set()
        return actor

    def _due(self) -> list[tuple[LoopActor, float]]:
        part = PART if self._exceeded() else 0
        due = self._longest_idle(self._new, len(self._new) - (self._most_new or 0), part)
        excess = len(self) - len(due) - self._cap
        return due + self._longest_idle(self._actors, excess, part)

    def _longest_idle(
        self, actors: Mapping[Hashable, LoopActor], excess: int, part: int
    ) -> list[tuple[LoopActor, float]]:
        oldest = asyncio.get_running_loop().time() - self._idle_seconds
        if part:
            excess = max(excess, len(actors) // part)
        due: list[tuple[LoopActor, float]] = []
        for actor in actors.values():
            if actor.touched > oldest and len(due) >= excess:
                break
            if not actor.busy:
                due.append((actor, actor.touched))
        return due

    async def _put_to_sleep(self, batch: list[tuple[LoopActor, float]]) -> None:
        replies = []
        for actor, touched in batch:
            if actor.busy or actor.touched != touched:
                continue
            if actor.light:
                actor.leave()
                self.passivated += 1
            else:
                replies.append(asyncio.get_running_loop().create_future())
                actor.order(Order.SLEEP, replies[-1])
        if not replies:
            await asyncio.sleep(0)
        else:
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
            for actors in (self._actors, self._new):
                actors.pop(actor.name, None)

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
