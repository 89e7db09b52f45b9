"""Hears of what other processes append, and tells this one's actors and projections.

Notifications are for speed, the heads are the truth: they are looked at every so often, and at once
whenever a notification may have been lost. Where the engine has no NOTIFY the look is all there is,
and comes more often.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol

from personae.actors.domain.kit import Recorded
from personae.actors.domain.kit.refusal import UNAVAILABLE
from personae.actors.workers.course import Course
from personae.store.errors import DatabaseError
from personae.store.log import PAGE, Log
from personae.store.witnesses import DIGITS, MARK, Witnesses

LOOK_SECONDS = 1.0
LOOK_ALONE_SECONDS = 0.1
"""The same where nothing is heard in between."""

LOOK_LIMIT = 2.0
"""Seconds that a look may take: beyond, the database counts as away."""

PATIENCE = 2.0
"""Seconds to wait for another look to end: those of a statement are more."""

CHANNEL = "personae_events"
logger = logging.getLogger(__name__)


class Heads(Protocol):
    """Where the last positions are read and notifications come from."""

    async def rows(
        self, sql: str, params: Sequence[Any] | None = None, *, limit: float = 0
    ) -> list[Any]:
        """Return rows, within ``limit`` seconds."""
        ...

    def listen(self, channel: str) -> AsyncIterator[str | None]:
        """Yield notifications; ``None`` when some may have been missed."""
        ...


class Shared:
    """A look that is taken once for all who asked before it began.

    Raises what the look raises, and SYSTEM-Unavailable to who waits too long for the one before.
    """

    def __init__(self, look: Callable[[], Awaitable[int]]) -> None:
        self._look = look
        self._next: asyncio.Task[int] | None = None
        self._one_by_one = asyncio.Lock()

    async def __call__(self) -> int:
        """Return what a look found that began after this call."""
        if self._next is None:
            self._next = asyncio.create_task(self._take())
        return await asyncio.shield(self._next)

    async def _take(self) -> int:
        await self._turn()
        try:
            return await self._look()
        finally:
            self._one_by_one.release()

    async def _turn(self) -> None:
        """Wait for the look under way, as long as for a connection: it may be stuck."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._one_by_one.acquire()
        except TimeoutError:
            raise UNAVAILABLE() from None
        finally:
            self._next = None  # who asks from here on needs another one


class Follower:
    """Follows the log of every instance from where it was at start.

    All in ``heard`` get what others wrote, at times an event of this process too. ``in_order`` gets
    everything, ours among it, once and in the order of the log. ``distrust`` is called when what
    others wrote may have been missed: whoever keeps the log's contents in memory must read again.
    ``shared``: other processes may use the database, so that this one says that it lives.
    """

    def __init__(
        self,
        log: Log,
        heads: Heads,
        *,
        heard: Sequence[Callable[[list[Recorded]], None]],
        in_order: Callable[[list[Recorded]], None],
        distrust: Callable[[], None],
        listen: bool = True,
        shared: bool = True,
    ) -> None:
        self._log = log
        self._heads = heads
        self._tells = heard
        self._in_order = in_order
        self._distrust = distrust
        self._listens = listen
        self._witnesses = Witnesses(heads, CHANNEL, lambda one: self._course(one).seen)
        self._asks, self._answers = listen and shared, False
        self._pause = LOOK_SECONDS if listen else LOOK_ALONE_SECONDS
        self._courses: dict[str, Course] = {}
        self._news: dict[str, int] = {}
        self._others: dict[str, int] = {}
        self._missed = False
        self._wake = asyncio.Event()
        self._reading = asyncio.Lock()
        self._looks: dict[str, Shared] = {}
        self._ready = False
        self._listening: asyncio.Task[None] | None = None
        log.on_committed.append(self._own)

    async def run(self) -> None:
        """Follow until cancelled. Raises what ends the listening: start it again then."""
        try:
            await self._begin()
            while self._hears():
                pause = self._pause if await self._tried(self._look) else LOOK_SECONDS
                await self._read_news(asyncio.get_running_loop().time() + pause)
        finally:
            if self._listening:
                self._listening.cancel()
            if self._asks:
                await self._witnesses.sign_off()

    async def _begin(self) -> None:
        if self._asks:
            await self._witnesses.forget_dead()
        for instance_id, position in (await self._positions()).items():
            self._course(instance_id).begin(position)
        self._distrust()
        self._ready = True
        if self._listens:
            self._listening = asyncio.create_task(self._listen())

    async def everywhere(self, instance_id: str, position: int) -> None:
        """Wait until all living processes know an instance's log up to a position.

        A second at most: one that does not answer is stuck, and hears of it when it goes on.
        Where the engine has no NOTIFY nobody can be asked: they know within a tenth of a second.
        """
        if self._asks:
            await self._witnesses.everywhere(instance_id, position)

    async def current(self, instance_id: str) -> int:
        """Return the log's head, when this process knows what was committed before the call.

        By whomever: so a read by id shows its caller's own write on another process. Raises what
        the database raises.
        """
        look = self._looks.get(instance_id)
        if look is None:
            look = self._looks[instance_id] = Shared(partial(self._know, instance_id))
        return await look()

    def heard(self, instance_id: str) -> int:
        """Return the position of the last event that was read because others wrote it."""
        return self._others.get(instance_id, 0)

    async def _know(self, instance_id: str) -> int:
        head = await self._log.head(instance_id)
        if self._ready:
            await self._catch_up(instance_id, head)
        return head

    def _course(self, instance_id: str) -> Course:
        course = self._courses.get(instance_id)
        if course is None:
            course = self._courses[instance_id] = Course(self._in_order)
        return course

    def _own(self, recorded: list[Recorded]) -> None:
        """Tell of our own commits; a gap before them is somebody else's, and read first."""
        instance_id = recorded[0].stream.instance_id
        course = self._course(instance_id)
        course.take(recorded)
        if course.seen < recorded[-1].position:
            self._hear(instance_id, recorded[-1].position)

    def _hears(self) -> bool:
        """Say that nothing is wrong with the listening, or raise what is."""
        if self._listening and self._listening.done():
            self._listening.result()
            raise RuntimeError("nothing more is heard")
        return True

    async def _listen(self) -> None:
        try:
            await self._take_notes()
        finally:
            self._missed = True
            self._wake.set()

    async def _take_notes(self) -> None:
        async for note in self._heads.listen(CHANNEL):
            instance_id, _, position = (note or "").rpartition(":")
            if note is None:
                self._distrust()
                self._answers = self._asks  # from here on this process hears what it is asked
                await self._sign_on()
            if note and note.startswith(MARK):
                if asked := self._witnesses.hear(note):
                    self._hear(*asked)
                    self._wake.set()
            elif position.isdecimal() and len(position) <= DIGITS:
                self._hear(instance_id, int(position))
            else:
                self._missed = True
                self._wake.set()

    def _hear(self, instance_id: str, position: int) -> None:
        """Take note that the log reaches ``position``."""
        if position > max(self._course(instance_id).seen, self._news.get(instance_id, 0)):
            self._news[instance_id] = position
            self._wake.set()

    async def _read_news(self, until: float) -> None:
        """Read what we hear of, until it is time to look at the heads, or something was missed."""
        while not self._missed and await self._woken(until):
            if not await self._tried(self._catch_up_with_news):
                break
        self._missed = False

    async def _woken(self, until: float) -> bool:
        if asyncio.get_running_loop().time() >= until:
            return False
        try:
            async with asyncio.timeout_at(until):
                await self._wake.wait()
        except TimeoutError:
            return False
        self._wake.clear()
        return True

    async def _catch_up_with_news(self) -> None:
        news, self._news = self._news, {}
        for instance_id, position in news.items():
            await self._catch_up(instance_id, position)
            await self._witnesses.tell()
        await self._witnesses.tell()

    async def _tried(self, look: Callable[[], Awaitable[None]]) -> bool:
        """Say whether a look succeeded; else the database is away."""
        try:
            await look()
        except Exception as error:  # noqa: BLE001 — look again later
            logger.warning("could not look at the log: %s", type(error).__name__)
            self._distrust()
            return False
        return True

    async def _look(self) -> None:
        for instance_id, position in (await self._positions()).items():
            await self._catch_up(instance_id, position)
        await self._witnesses.tell()
        await self._sign_on()

    async def _sign_on(self) -> None:
        """Say that this process lives; where that cannot be written, reading goes on."""
        try:
            if self._answers:
                await self._witnesses.sign_on()
        except DatabaseError as error:
            logger.warning("others will not wait for this process: %s", type(error).__name__)

    async def _positions(self) -> dict[str, int]:
        sql = "SELECT instance_id, position FROM heads"
        return dict(await self._heads.rows(sql, limit=LOOK_LIMIT))

    async def _catch_up(self, instance_id: str, head: int) -> None:
        """Read up to where the log was: a busy instance must not keep the others waiting.

        What waits in memory, because it is our own, is not read again.
        """
        course = self._course(instance_id)
        while course.seen < head:
            async with self._reading:
                missing = min(head, course.gap or head) - course.seen
                if missing <= 0:
                    return
                events = await self._log.after(instance_id, course.seen, min(PAGE, missing))
                if not events:
                    return
                for tell in self._tells:
                    tell(events)
                self._others[instance_id] = events[-1].position
                course.take(events)
