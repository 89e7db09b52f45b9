"""The one actor class of every aggregate."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from personae.actors.aggregates.commit import commit_of
from personae.actors.aggregates.endings import ends
from personae.actors.aggregates.orders import Done, Order
from personae.actors.aggregates.turn import Turn, gather
from personae.actors.domain.kit import Facts, Kind, Recorded, Refusal, Stream, replace
from personae.actors.domain.kit.refusal import CONTENDED, TIMEOUT
from personae.actors.runtime import LoopActor, described
from personae.store.codec import Corrupt
from personae.store.log import Commit, OutcomeUnknown, Snapshot, WrongVersion

if TYPE_CHECKING:
    from personae.actors.aggregates.once import Step
    from personae.actors.aggregates.world import World

logger = logging.getLogger(__name__)

Judgement = tuple[int, Facts, Sequence[Any]]
"""The version that an order was decided at, by which facts, and what follows."""

ATTEMPTS = 10
"""How often an order is decided when other processes keep writing first."""

FIRST_PAUSE = 0.001
"""Seconds before the second attempt, at most; each pause may be twice as long as the one before."""

SNAPSHOT_AFTER = 200
"""Events since the last snapshot that make the next one worth its write before falling asleep."""

SNAPSHOT_AWAKE = 2_000
"""The same for one that stays awake: its process may be killed, and the next must read them."""


class Aggregate(LoopActor):
    """Holds one aggregate's state and decides one order after the other.

    Memory follows the log: state changes only by committed events, whoever wrote them. Reading
    ``state`` needs no turn; await :meth:`ready` first.
    """

    replies: ClassVar[tuple[type[BaseException], ...]] = (Refusal,)
    _keeping: asyncio.Task[None] | None = None
    _door: asyncio.Lock | None = None

    def __init__(self, stream: Stream, kind: Kind[Any], world: World) -> None:
        super().__init__()
        self.stream = stream
        self.kind = kind
        self.world = world
        self.state = kind.initial
        self.version = 0
        self.position = 0
        self.owner = ""
        self.created_at: datetime | None = None
        self.changed_at: datetime | None = None
        self.fresh = False
        self._doubted = False
        self._snapshot = 0
        self._reading: asyncio.Task[None] | None = None

    async def on_receive(self, order: Order) -> Done:
        """Decide an order and append what follows; again when somebody else wrote first."""
        creates = order.creates
        for attempt in range(ATTEMPTS):
            if not (self.fresh or (creates and not self.version)):
                await self.ready()
            try:
                return await self._decide(order)
            except WrongVersion as conflict:
                self.world.stale(conflict.stream)
                creates = False
                # A process that goes on writing would win every time against one in step with it.
                await asyncio.sleep(random.random() * FIRST_PAUSE * 2**attempt)  # noqa: S311 — no secret
        raise CONTENDED()

    @property
    def door(self) -> asyncio.Lock:
        """Through which turns of others that write to it go one after the other."""
        if self._door is None:
            self._door = asyncio.Lock()
        return self._door

    async def _decide(self, order: Order) -> Done:
        turn = Turn(self.world, self, order)
        try:
            return await self._carry_out(order, turn)
        finally:
            turn.leave()

    async def _carry_out(self, order: Order, turn: Turn) -> Done:
        version, facts, decisions = await self._judge(order, turn)
        commit = commit_of(
            self.stream,
            version,
            turn.owner,
            decisions,
            creator=order.caller.user_id,
            at=facts.now,
        )
        if commit and order.step:
            commit = self._with_receipt(commit, order.step, facts.secrets, decisions[-1])
        recorded = await self._append(commit) if commit else ()
        if decisions and isinstance(decisions[-1], Refusal):
            raise decisions[-1]
        return self._done(recorded, turn, facts)

    async def _judge(self, order: Order, turn: Turn) -> Judgement:
        """Decide; what the log will not confirm only when no other process wrote meanwhile.

        That is a refusal, see :meth:`World.certain`, and that there is nothing to do.
        """
        instance_id = self.stream.instance_id
        heard = self.world.heard(instance_id)
        try:
            judgement = await self._judge_once(order, turn)
            if judgement[-1] or turn.sent or not await self.world.learned(instance_id, heard):
                return judgement
        except Refusal:
            if turn.sent or not await self.world.learned(instance_id, heard):
                raise
        if self.version and not self.fresh:
            await self.ready()
        return await self._judge_once(order, turn)

    async def _judge_once(self, order: Order, turn: Turn) -> Judgement:
        version = self.version  # before the facts: what changes meanwhile makes them stale
        facts = await gather(order.command, turn)
        if self.forsaken:
            raise TIMEOUT()  # nobody waits any more, and nothing is decided yet
        return version, facts, self.kind.decide(self.state, order.command, facts)

    def _with_receipt(
        self, commit: Commit, step: Step, secrets: dict[str, str], last: Any
    ) -> Commit:
        own = next((part for part in commit.parts if part.stream == self.stream), None)
        versions = range(self.version, self.version)
        if own:
            versions = range(own.version, own.version + len(own.events))
        refusal = last.id if isinstance(last, Refusal) else ""
        receipt = step.receipt(
            self.world.keyring, self.stream, versions, secrets=secrets, refusal=refusal
        )
        return replace(commit, receipt=receipt)

    async def _append(self, commit: Commit) -> Sequence[Recorded]:
        # Open before the commit, so that they hear of whatever follows it.
        begun = [
            self.world.opened(part.stream)
            for part in commit.parts
            if part.version == 0 and part.stream != self.stream
        ]
        try:
            recorded = await self.world.log.append(commit)
        except OutcomeUnknown:
            for part in commit.parts:
                self.world.stale(part.stream)
            raise
        self.absorb([each for each in recorded if each.stream == self.stream])
        self._keep_awake()
        if self.kind.over(self.state):
            self.world.directory.retire(self.stream)
        if commit.parts[0].version == 0 and commit.parts[0].stream == self.stream:
            self.fresh = True  # it began with this commit: there is nothing older to read
        for other in begun:
            other.began([each for each in recorded if each.stream == other.stream])
        return recorded

    def _done(self, recorded: Sequence[Recorded], turn: Turn, facts: Facts) -> Done:
        return Done(
            self.stream,
            self.version,
            recorded[-1].position if recorded else self.position,
            self.owner,
            self.created_at or facts.now,
            self.changed_at or facts.now,
            facts.secrets,
            tuple(each.event for each in recorded if each.stream == self.stream),
            max(turn.ends, ends(recorded)),
        )

    def absorb(self, recorded: Sequence[Recorded]) -> None:
        """Change the state by committed events of this stream; a gap means: read the log.

        So does one that cannot be decoded: reading the log then says so, to whoever asks.
        """
        for each in recorded:
            if each.sequence <= self.version:
                continue
            if each.sequence != self.version + 1 or type(each.event) is Corrupt:
                self.doubt()
                return
            self._apply(each)

    def began(self, recorded: Sequence[Recorded]) -> None:
        """Take the first events of this stream: before them there is nothing to read."""
        self.absorb(recorded)
        self.fresh = self.fresh or (bool(recorded) and not self._doubted)

    def _apply(self, each: Recorded) -> None:
        self.state = self.kind.evolve(self.state, each.event)
        if not self.version:
            self.created_at, self.owner = each.created_at, each.owner
        self.version, self.position = each.sequence, each.position
        self.changed_at = each.created_at

    def doubt(self) -> None:
        """Let the log be read before the state is used again, once more if it is being read now."""
        self.fresh = False
        self._doubted = True

    @property
    def known(self) -> bool:
        """Whether anything says that the log may hold something of it."""
        return bool(self.version) or self._doubted

    async def ready(self) -> None:
        """Make sure that the state is what the log says; many may wait for one reading."""
        while not self.fresh:
            if self._reading is None:
                self._reading = self.loop.create_task(self._read())
            await asyncio.shield(self._reading)

    async def _read(self) -> None:
        try:
            self._doubted = False
            if not self.version:
                await self._wake()
            self.absorb(await self.world.log.stream(self.stream, self.version))
            self.fresh = not self._doubted
            self._keep_awake()
        finally:
            self._reading = None

    async def _wake(self) -> None:
        kept = await self.world.log.load_snapshot(self.stream, self.kind)
        if kept and not self.version:
            self._snapshot = self.version = kept.sequence
            self.state, self.owner, self.position = kept.state, kept.owner, kept.position
            self.created_at, self.changed_at = kept.created_at, kept.changed_at

    @property
    def light(self) -> bool:
        """Whether no snapshot is worth its write before falling asleep."""
        return not self.fresh or self.version - self._snapshot < SNAPSHOT_AFTER

    async def passivate(self) -> None:
        """Keep a snapshot before falling asleep, when it saves the next waking much reading."""
        if not self.light:
            await self.keep()

    async def keep(self) -> None:
        """Keep a snapshot of the state as it is now."""
        if self.created_at and self.changed_at:
            kept = Snapshot(
                self.version,
                self.position,
                self.owner,
                self.created_at,
                self.changed_at,
                self.state,
            )
            await self.world.log.keep_snapshot(self.stream, self.kind, kept)
            self._snapshot = kept.sequence

    def _keep_awake(self) -> None:
        """Keep a snapshot beside the turns, when the next waking would have much to read."""
        if self.version - self._snapshot >= SNAPSHOT_AWAKE and self._keeping is None:
            self._keeping = self.loop.create_task(self._keep_beside())

    async def _keep_beside(self) -> None:
        try:
            await self.keep()
        except Exception as error:  # noqa: BLE001 — it is a shortcut; the log has everything
            logger.warning("no snapshot of a %s: %s", self.stream.type, described(error))
        finally:
            self._keeping = None
