"""Sends people the codes, links and notices that events promise them, until they are sent.

Every event that promises one becomes a job in the database; a process takes it on itself, opens
the code, sends, and keeps on record that it was sent (``…sent``). Only when a process dies between
the last two is a message sent again. What fails is tried again, less and less often, as long as
the code counts. Without a provider nothing is kept: callers may ask for the code themselves.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.domain.instance.provider import Channel, Provider
from personae.actors.domain.instance.state import Instance
from personae.actors.domain.kit import Caller, Recorded, Refusal, Stream
from personae.actors.workers.letters import Texts, letter_of
from personae.actors.workers.messages import (
    KINDS,
    TYPES,
    Message,
    channel_of,
    counts,
    message_of,
)
from personae.actors.workers.outbox import Job, Outbox
from personae.actors.workers.senders import Sender, SendError
from personae.store.crypto import Area, CannotOpen
from personae.store.log import PAGE

LOOK_SECONDS = 5.0
LOOK_EVERYWHERE_SECONDS = 60.0
"""How often all instances are looked at: for what a process left behind that died."""
GATHER_SECONDS = 0.03
"""How long more events are waited for, so that many cost as few statements as one."""
AT_ONCE = 10
LEASE = timedelta(minutes=2)
"""How long a process has a message for itself; sending takes half a minute at most."""
PAUSES = tuple(timedelta(seconds=s) for s in (5, 15, 60, 180, 600, 1800, 3600))
"""How long to wait after each try that failed; the last goes on."""
NOTE_PAUSES = (0.2, 1.0, 5.0, 10.0, 20.0)
AREAS = {Channel.EMAIL: Area.SMTP, Channel.SMS: Area.SMS}

Count = Callable[[str, str, str], object]
"""Counts a message: its kind, its channel, and what became of it."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Post:
    """What messages are written and sent with; ``origin`` gives that of an instance's domain."""

    texts: Texts
    sender: Sender
    origin: Callable[[str], str]
    count: Count


class Notifications:
    """Follows the logs of all instances. Put :meth:`heard` into ``log.on_committed``."""

    def __init__(self, dispatch: Dispatch, outbox: Outbox, post: Post) -> None:
        self._dispatch = dispatch
        self._world = dispatch.world
        self._outbox = outbox
        self._post = post
        self._wake = asyncio.Event()
        self._heard: set[str] = set()
        self._looked_at = float("-inf")
        self._sending: set[asyncio.Task[None]] = set()

    def heard(self, recorded: Iterable[Recorded]) -> None:
        """Take note that there is something to send."""
        for each in recorded:
            if type(each.event) in KINDS:
                self._heard.add(each.stream.instance_id)
                self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                self._wake.clear()
                try:
                    await self._look()
                    await self._start()
                except Exception as error:  # noqa: BLE001 — the database is away: look again later
                    logger.warning("messages not looked for: %s", type(error).__name__)
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._wake.wait()
                    await asyncio.sleep(GATHER_SECONDS)
                except TimeoutError:
                    pass
        finally:
            for task in self._sending:
                task.cancel()

    async def _look(self) -> None:
        """Collect where something was heard of, and everywhere now and then."""
        now = asyncio.get_running_loop().time()
        heard, self._heard = self._heard, set()
        if now - self._looked_at >= LOOK_EVERYWHERE_SECONDS:
            heard |= set(await self._world.log.instances())
            self._looked_at = now
        try:
            for instance_id in sorted(heard):
                await self.collect(instance_id)
        except Exception:
            self._looked_at = float("-inf")
            raise

    async def collect(self, instance_id: str) -> None:
        """Make jobs of what happened in an instance since the last time."""
        log, seen = self._world.log, await self._outbox.seen(instance_id)
        while seen < (head := await log.head(instance_id)):
            events = await log.after(instance_id, seen, PAGE, TYPES)
            seen = events[-1].position if len(events) == PAGE else head
            instance, now = await self._instance(instance_id), self._world.now()
            current = [each for each in events if counts(each, now)]
            wanted = [each.position for each in current if self._is_wanted(each, instance)]
            self._report_missing(current, instance)
            await self._outbox.put(instance_id, wanted, seen, now)

    def _is_wanted(self, recorded: Recorded, instance: Instance) -> bool:
        channel = channel_of(recorded.event)
        return channel is not None and instance.provider(channel) is not None

    def _report_missing(self, events: Iterable[Recorded], instance: Instance) -> None:
        """Say what nobody will get because there is no provider, without saying for whom."""
        lost = Counter(
            (KINDS[type(each.event)].texts, channel)
            for each in events
            if (channel := channel_of(each.event)) and instance.provider(channel) is None
        )
        for (kind, channel), number in lost.items():
            logger.warning("no provider for %s: %s %s not sent", channel, number, kind)
            for _ in range(number):
                self._post.count(kind, channel, "no_provider")

    async def _start(self) -> None:
        """Begin to send as many jobs as may be sent at once."""
        room = AT_ONCE - len(self._sending)
        now = self._world.now()
        jobs = await self._outbox.due(now, room) if room else []
        for job in jobs:
            if await self._outbox.take(job, now + LEASE):
                task = asyncio.create_task(self._guarded(job))
                self._sending.add(task)
                task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._wake.set()

    async def _guarded(self, job: Job) -> None:
        try:
            await self.deliver(job)
        except Exception as error:  # noqa: BLE001 — it is tried again when the lease is over
            logger.warning("a message waits: %s", type(error).__name__)

    async def deliver(self, job: Job) -> None:
        """Send one job that was taken, if it is still wanted; put it back if that fails."""
        message, provider = await self._prepared(job)
        if message is None or provider is None:
            await self._outbox.done(job)
            return
        try:
            await self._send(message, provider, job.instance_id)
        except SendError as error:
            await self._failed(job, message, error)
            return
        self._post.count(message.kind, message.channel, "sent")
        await self._note(message, job.instance_id)
        await self._outbox.done(job)

    async def _prepared(self, job: Job) -> tuple[Message | None, Provider | None]:
        found = await self._world.log.after(job.instance_id, job.position - 1, 1)
        if not found or found[0].position != job.position or type(found[0].event) not in KINDS:
            return None, None
        instance = await self._instance(job.instance_id)
        origin = self._post.origin(instance.primary_domain)
        try:
            message = await message_of(found[0], self._world, origin)
        except CannotOpen:
            logger.warning("a code cannot be opened, so it is not sent")
            return None, None
        return message, instance.provider(message.channel) if message else None

    async def _send(self, message: Message, provider: Provider, instance_id: str) -> None:
        secret = ""
        if provider.secret is not None:
            area = AREAS[message.channel]
            try:
                secret = self._world.keyring.open(area, provider.secret, instance_id).decode()
            except CannotOpen:
                raise SendError("the provider's secret cannot be opened") from None
        now = self._world.now()
        letter = letter_of(message, self._post.texts, now)
        await self._post.sender.send(message, letter, provider, secret, now)

    async def _failed(self, job: Job, message: Message, error: SendError) -> None:
        again = self._world.now() + PAUSES[min(job.tries, len(PAUSES) - 1)]
        over = error.final or again >= message.expires
        result = "given_up" if over else "failed"
        self._post.count(message.kind, message.channel, result)
        logger.warning("%s by %s %s: %s", message.kind, message.channel, result, error)
        if over:
            await self._outbox.done(job)
        else:
            await self._outbox.later(job, again)

    async def _note(self, message: Message, instance_id: str) -> None:
        """Keep on record that it was sent, however long the database is away for."""
        caller = Caller.of_system(instance_id)
        for pause in (*NOTE_PAUSES, None):
            try:
                await self._dispatch.send(message.note, caller)
            except Refusal:
                if pause is None:
                    raise
                await asyncio.sleep(pause)
            else:
                return

    async def _instance(self, instance_id: str) -> Instance:
        state: Instance = await self._world.state(Stream(instance_id, "instance", instance_id))
        return state
