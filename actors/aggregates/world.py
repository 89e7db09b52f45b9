"""Everything aggregates use besides themselves: log, one another, keys, hashes, ids, time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any, Protocol, TypeVar

from personae.actors.aggregates.aggregate import Aggregate
from personae.actors.aggregates.ids import Ids
from personae.actors.aggregates.names import Names
from personae.actors.aggregates.orders import Done, Order
from personae.actors.aggregates.permissions import Permissions
from personae.actors.aggregates.user_grants import UserGrants
from personae.actors.domain.codes import SealedCode
from personae.actors.domain.instance.state import Generator
from personae.actors.domain.kit import KINDS, Recorded, Refusal, Stream
from personae.actors.domain.kit.refusal import OVERLOADED, TIMEOUT
from personae.actors.domain.user import refusals as user_refusals
from personae.actors.domain.values import Sealed
from personae.actors.runtime import ActorDeadError, Directory, MailboxFull
from personae.store.crypto import Area, Keyring
from personae.store.errors import DatabaseError
from personae.store.generated import Generator as Maker
from personae.store.log import Log
from personae.store.passwords import Passwords, Verdict

T = TypeVar("T")

NEWCOMERS = 5
"""Of so many aggregates one may be awake that was asked once only: a token that nobody has shown
yet, a user that was imported. Waking them again takes one read by key."""


class Pool(Protocol):
    """Runs blocking work beside the loop; raises ``PoolBusy`` rather than queue without end."""

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Return what the function returns."""


def _nothing(_instance_id: str) -> int:
    """Hear of nothing: nobody else commits."""
    return 0


async def _alone(_instance_id: str, _position: int) -> None:
    """Wait for nobody: there is no other process."""


class World:
    """The shared services of one process' aggregates, and the directory of those alive.

    ``current(instance_id)`` returns the log's head, when this process knows what was committed
    before the call by other processes. ``heard(instance_id)`` is the position of the last event
    that it heard of from others. ``everywhere(instance_id, position)`` returns when all processes
    know that much.
    """

    current: Callable[[str], Awaitable[int]]
    heard: Callable[[str], int]
    everywhere: Callable[[str, int], Awaitable[None]]

    def __init__(
        self,
        *,
        log: Log,
        keyring: Keyring,
        passwords: Passwords,
        pool: Pool,
        busy: type[Exception],
        hashed: Callable[[str, float], object] = lambda _operation, _seconds: None,
        roles: Mapping[str, frozenset[str]],
        external_domain: str = "localhost",
        private_targets: bool = False,
        clock: Callable[[], datetime] | None = None,
        cap: int = 100_000,
        idle_seconds: float = 120,
        exceeded: Callable[[], bool] = lambda: False,
    ) -> None:
        self.log = log
        self.keyring = keyring
        self.roles = roles
        self.external_domain = external_domain
        self.private_targets = private_targets
        self.ids = Ids()
        self.now = clock or partial(datetime.now, UTC)
        self.directory = Directory(
            self._open,
            cap=cap,
            newcomers=max(1, cap // NEWCOMERS),
            idle_seconds=idle_seconds,
            exceeded=exceeded,
        )
        self.permissions = Permissions(roles, self.state)
        self.names = Names(log)
        self.user_grants = UserGrants(self.names, self.aggregate)
        self._passwords = passwords
        self._pool = pool
        self._busy = busy
        self._hashed = hashed
        self.current, self.heard, self.everywhere = log.head, _nothing, _alone
        log.on_committed.append(self.absorb)

    def _open(self, stream: Any) -> Aggregate:
        return Aggregate(stream, KINDS[stream.type], self)

    async def give(self, order: Order, deadline: float | None = None) -> Done:
        """Give an aggregate an order and return what it led to.

        ``deadline`` is a time of the loop, after which its turn never begins. Raises what the turn
        refuses; SYSTEM-Overloaded when too many orders wait before this one; SYSTEM-Timeout.
        """
        try:
            done: Done = await self.directory.ask(order.stream, order, deadline)
        except (MailboxFull, ActorDeadError):
            raise OVERLOADED() from None
        except TimeoutError:
            raise TIMEOUT() from None
        return done

    async def aggregate(self, stream: Stream) -> Aggregate:
        """Return an aggregate whose memory is what the log says; needs no turn of it."""
        actor = self.opened(stream)
        if not actor.fresh:
            await actor.ready()
        return actor

    def opened(self, stream: Stream) -> Aggregate:
        """Return an aggregate that is awake, and may have yet to read the log."""
        actor = self.directory.actor(stream)
        assert isinstance(actor, Aggregate)  # noqa: S101 — the directory opens nothing else
        return actor

    async def state(self, stream: Stream) -> Any:
        """Return the state of an aggregate."""
        actor = self.directory.live(stream)
        if isinstance(actor, Aggregate) and actor.fresh:  # the hot path of every token check
            return actor.state
        return (await self.aggregate(stream)).state

    async def glance(self, stream: Stream) -> Any:
        """Return the state of an aggregate that one has just begun; it counts as no use of it."""
        actor = self.directory.awake(stream)
        if isinstance(actor, Aggregate) and actor.fresh:
            return actor.state
        return (await self.aggregate(stream)).state

    def stale(self, stream: Stream) -> None:
        """Let an aggregate read the log before it is used again: somebody else wrote."""
        actor = self.directory.awake(stream)
        if isinstance(actor, Aggregate):
            actor.doubt()

    def absorb(self, recorded: Sequence[Recorded]) -> None:
        """Tell those alive what was committed to their streams, whoever did it."""
        for each in recorded:
            actor = self.directory.awake(each.stream)
            if isinstance(actor, Aggregate):
                actor.absorb((each,))
        self.user_grants.absorb(recorded)

    def forget(self) -> None:
        """Trust no memory any more: what others wrote may have been missed."""
        for actor in self.directory:
            if isinstance(actor, Aggregate):
                actor.doubt()
        self.user_grants.forget()

    async def certain(self, instance_id: str, question: Callable[[], Awaitable[T]]) -> T:
        """Return an answer from memory; a refusal only when no other process wrote meanwhile.

        What others wrote is in memory a moment later. Until then a token of theirs is unknown, a
        right that they gave missing: before somebody is refused, this process catches up.
        """
        heard = self.heard(instance_id)
        try:
            return await question()
        except Refusal:
            if not await self.learned(instance_id, heard):
                raise
        return await question()

    async def learned(self, instance_id: str, heard: int) -> bool:
        """Catch up; say whether others wrote since this process had ``heard`` of them."""
        try:
            await self.current(instance_id)
        except DatabaseError:
            return False
        return self.heard(instance_id) != heard

    def new_id(self) -> str:
        """Return a new id."""
        return self.ids.new()

    def known_roles(self, prefix: str) -> frozenset[str]:
        """Return the roles of one level by their prefix (``ORG_``)."""
        return frozenset(role for role in self.roles if role.startswith(prefix))

    async def blocking(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run what would hold up the loop. Raises USER-HashingBusy when too much waits."""
        try:
            return await self._pool.run(function, *args)
        except self._busy:
            raise user_refusals.TOO_BUSY() from None

    async def hash(self, password: str) -> str:
        """Hash a password for storing."""
        return str(await self.blocking(self._timed, "hash", self._passwords.hash, password))

    async def verify(self, encoded: str, password: str) -> Verdict:
        """Compare a password with a stored hash."""
        check = self._passwords.verify
        verdict: Verdict = await self.blocking(self._timed, "verify", check, encoded, password)
        return verdict

    async def verify_nobody(self, password: str) -> None:
        """Take as long as :meth:`verify`: for users that do not exist."""
        await self.blocking(self._passwords.verify_nobody, password)

    def _timed(self, operation: str, function: Callable[..., Any], *args: str) -> Any:
        began = perf_counter()
        try:
            return function(*args)
        finally:
            self._hashed(operation, perf_counter() - began)

    def seal(self, area: Area, secret: str, instance_id: str) -> Sealed:
        """Seal a secret for an event."""
        return self.keyring.seal(area, secret.encode(), instance_id)

    def code(self, generator: Generator, instance_id: str) -> tuple[str, SealedCode]:
        """Make a one-time code: in plain for its receiver, sealed for the log."""
        maker = Maker(
            length=generator.length,
            expiry=timedelta(microseconds=generator.expiry / 1000),
            lower=generator.lower,
            upper=generator.upper,
            digits=generator.digits,
            symbols=generator.symbols,
        )
        plain = maker.make()
        return plain, SealedCode(self.seal(Area.USER, plain, instance_id), generator.expiry)
