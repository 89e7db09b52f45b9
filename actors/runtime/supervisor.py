"""The supervisor tree: who starts whom, in which order, and what happens when one dies."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from personae.actors.runtime.errors import described
from personae.actors.runtime.loop_actor import LoopActor
from personae.actors.runtime.mailbox import Order
from personae.actors.runtime.tasks import Tasks, result_of

logger = logging.getLogger(__name__)

STOP_SECONDS = 30
"""How long a child may take to stop before it is left behind."""

CANCEL_AGAIN_SECONDS = 10
"""After which a coroutine that goes on is cancelled once more."""


@runtime_checkable
class Service(Protocol):
    """A child with a life of its own: a store, a door, a directory, another supervisor.

    One that fails after it started says so with :meth:`Supervisor.failed`.
    """

    def start(self) -> Awaitable[None] | None:
        """Get ready; return when ready. Raises whatever keeps it from being ready."""

    def stop(self) -> Awaitable[None] | None:
        """Finish what is under way, let go of everything."""


Child = LoopActor | Service | Coroutine[Any, Any, Any]
"""What a supervisor starts. A coroutine runs until it returns, or is cancelled by ``stop``."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Start a dead child again after a while that doubles, at most ``times`` in ``seconds``.

    Beyond that the supervisor gives up and escalates. ``jitter`` is the part of the delay by
    which it may be longer, so that many children do not come back in step.
    """

    first_delay: float = 0.1
    longest_delay: float = 30.0
    jitter: float = 0.2
    times: int = 8
    seconds: float = 120.0

    def delay(self, earlier: int) -> float:
        """Return the seconds to wait, with so many restarts lately."""
        plain: float = min(self.longest_delay, self.first_delay * 2**earlier)
        return plain * (1 + self.jitter * random.random())  # noqa: S311 — not a secret


RESTART = Restart()
"""What most children need."""

FORGET = None
"""The strategy for a child that another message, or nobody, brings back."""


@dataclass(slots=True, eq=False)
class _Post:
    """A place in the tree: how to fill it, and who fills it now."""

    name: str
    make: Callable[[], Child]
    strategy: Restart | None
    child: Child | asyncio.Task[Any] | None = None
    state: str = "new"
    restarts: int = 0
    lately: list[float] = field(default_factory=list)
    error: str = ""
    failed_at: float = 0.0


class Supervisor:
    """A node of the tree.

    Children start in the order they were added and stop in the reverse. One that dies is started
    again as its strategy says; when that happens too often the node itself fails: its parent stops
    and restarts it as a whole, and at the root ``on_escalation`` is called with the error.
    """

    def __init__(
        self,
        name: str,
        *,
        on_escalation: Callable[[BaseException], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.name = name
        self.state = "new"
        self._on_escalation = on_escalation
        self._parent: Supervisor | None = None
        self._clock, self._sleep = clock, sleep
        self._posts: dict[str, _Post] = {}
        self._restarts = Tasks()

    def add(self, name: str, make: Callable[[], Child], strategy: Restart | None = RESTART) -> None:
        """Add a child: ``make`` makes it anew for each start. Raises ``ValueError`` for a twin."""
        if name in self._posts:
            raise ValueError(f"{self.name} has a child {name} already")
        self._posts[name] = _Post(name, make, strategy)

    def node(self, name: str, strategy: Restart | None = RESTART) -> Supervisor:
        """Add a supervisor below this one and return it."""
        node = Supervisor(name, clock=self._clock, sleep=self._sleep)
        node._parent = self
        self.add(name, lambda: node, strategy)
        return node

    def child(self, name: str) -> Any:
        """Return who holds a post at the moment. Raises ``KeyError``; ``None`` between two."""
        return self._posts[name].child

    @property
    def ready(self) -> bool:
        """Whether every child, at any depth, is at work."""
        return self.state == "running" and all(_ready(post) for post in self._posts.values())

    async def start(self) -> None:
        """Start all children in order. When a service cannot start, stop the others and raise."""
        self.state = "running"
        for post in self._posts.values():
            post.lately.clear()
            try:
                await self._fill(post)
            except BaseException:
                await self.stop()
                raise

    async def stop(self) -> None:
        """Stop all children in the reverse order, each within ``STOP_SECONDS``."""
        self.state = "stopped"
        await self._restarts.stop()
        for post in reversed(self._posts.values()):
            await _empty(post)

    def ended(self, actor: LoopActor, error: BaseException | None) -> None:
        """Hear of the end of an actor."""
        post = self._posts[str(actor.name)]
        if post.child is not actor:
            return
        if error is None:
            post.state, post.child = "stopped", None
        else:
            self.failed(post.name, error)

    def failed(self, name: str, error: BaseException) -> None:
        """Hear of the failure of a child, and act on it as its strategy says."""
        post = self._posts[name]
        post.error, post.failed_at = described(error), self._clock()
        if not isinstance(post.child, Service) or isinstance(post.child, LoopActor):
            post.child = None
        if self.state != "running" or post.state == "restarting":
            return
        if post.strategy is FORGET:
            post.state = "forgotten"
        else:
            self._restart(post, post.strategy, error)

    def snapshot(self) -> dict[str, Any]:
        """Return the tree as plain values, for ``/debug/actors``; errors without their messages."""
        now = self._clock()
        return {
            "name": self.name,
            "state": self.state,
            "children": [_snapshot(post, now) for post in self._posts.values()],
        }

    async def _fill(self, post: _Post) -> None:
        post.state = "starting"
        made = post.make()
        if isinstance(made, LoopActor):
            post.child = made
            made.begin(self, post.name)
            if not await made.started() or post.child is not made:
                return
        elif isinstance(made, Coroutine):
            post.child = asyncio.get_running_loop().create_task(_exit_of(made), name=post.name)
            post.child.add_done_callback(lambda task: self._finished(post, task))
            post.child.add_done_callback(lambda _: made.close())  # one that was never begun
        else:
            post.child = made
            await result_of(made.start())
        post.state = "running"

    def _finished(self, post: _Post, task: asyncio.Task[Any]) -> None:
        if post.child is not task:
            return
        # Not cancelled by us: the coroutine met a CancelledError of its own.
        error = asyncio.CancelledError() if task.cancelled() else task.exception() or task.result()
        if error is None:
            post.state, post.child = "done", None
        else:
            logger.error("%s/%s failed", self.name, post.name, exc_info=error)
            self.failed(post.name, error)

    def _restart(self, post: _Post, strategy: Restart, error: BaseException) -> None:
        now = self._clock()
        post.lately = [then for then in post.lately if then > now - strategy.seconds]
        if len(post.lately) >= strategy.times:
            self._escalate(post, error)
            return
        delay = strategy.delay(len(post.lately))
        post.lately.append(now)
        post.state = "restarting"
        work = self._refill(post, delay)
        _ = self._restarts.spawn(work, f"restart {self.name}/{post.name}")

    async def _refill(self, post: _Post, delay: float) -> None:
        await self._sleep(delay)
        await _empty(post)
        post.restarts += 1
        try:
            await self._fill(post)
        except BaseException as error:
            # A CancelledError that stop() did not send is the child's own: one more failure.
            if self.state != "running":
                raise
            self.failed(post.name, error)
            if isinstance(error, KeyboardInterrupt):
                raise

    def _escalate(self, post: _Post, error: BaseException) -> None:
        logger.error("%s gives up: %s dies too often", self.name, post.name)
        post.state = self.state = "failed"
        if self._parent is not None:
            self._parent.failed(self.name, error)
        elif self._on_escalation is not None:
            self._on_escalation(error)


async def _exit_of(work: Coroutine[Any, Any, Any]) -> SystemExit | None:
    """Return the exit that a child wanted: asyncio ends the whole loop for one that is raised."""
    try:
        await work
    except SystemExit as error:
        return error
    return None


async def _empty(post: _Post) -> None:
    child, post.child = post.child, None
    if child is None:
        return
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await _stop(child)
    # Those two too: nothing may keep the others from being stopped.
    except (Exception, asyncio.CancelledError, SystemExit):
        logger.exception("%s did not stop well", post.name)
    post.state = "stopped"


async def _stop(child: Child | asyncio.Task[Any]) -> None:
    if isinstance(child, LoopActor):
        stopped: asyncio.Future[bool] = child.loop.create_future()
        child.order(Order.STOP, stopped)
        await stopped
    elif isinstance(child, asyncio.Task):
        # Again: Python 3.11's wait_for, which drivers use, may lose a cancellation.
        while not child.done():
            child.cancel()
            await asyncio.wait([child], timeout=CANCEL_AGAIN_SECONDS)
    elif isinstance(child, Service):
        await result_of(child.stop())


def _ready(post: _Post) -> bool:
    if isinstance(post.child, Supervisor):
        return post.child.ready
    return post.state not in {"new", "starting", "restarting", "failed"}


def _snapshot(post: _Post, now: float) -> dict[str, Any]:
    seen: dict[str, Any] = {"name": post.name, "state": post.state, "restarts": post.restarts}
    if post.error:
        seen["error"] = {"what": post.error, "seconds_ago": round(now - post.failed_at, 1)}
    if isinstance(post.child, LoopActor):
        seen |= {"waiting": post.child.depth, "turns": post.child.turns}
    if snapshot := getattr(post.child, "snapshot", None):
        seen |= snapshot()
    return seen
