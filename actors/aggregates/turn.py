"""One turn of an aggregate: what it may ask of the world while it gathers facts.

Facts are gathered by one coroutine per command, found in ``facts/``::

    @facts_for(AddHuman)
    async def add_human(cmd: AddHuman, turn: Turn) -> HumanFacts: ...

Commands without one get the time and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from personae.actors.aggregates.orders import Done, Order
from personae.actors.aggregates.policies import policies_of
from personae.actors.domain.instance.state import Instance
from personae.actors.domain.kit import Caller, Facts, Stream
from personae.actors.domain.org.state import Org
from personae.actors.domain.policies import Policies
from personae.actors.domain.project.state import Project
from personae.actors.domain.session.state import Session
from personae.actors.domain.user.state import User

if TYPE_CHECKING:
    from personae.actors.aggregates.aggregate import Aggregate
    from personae.actors.aggregates.world import World

Gatherer = Callable[[Any, "Turn"], Awaitable[Facts]]

GATHERERS: dict[type, Gatherer] = {}


def facts_for(*commands: type) -> Callable[[Gatherer], Gatherer]:
    """Register how the facts of these commands are gathered."""

    def register(function: Gatherer) -> Gatherer:
        GATHERERS.update(dict.fromkeys(commands, function))
        return function

    return register


async def gather(command: object, turn: Turn) -> Facts:
    """Return what the decider of a command must know. Raises :class:`Refusal`."""
    gatherer = GATHERERS.get(type(command))
    return Facts(now=turn.now()) if gatherer is None else await gatherer(command, turn)


class Turn:
    """The world as seen by one command: who gives it, the aggregate's own state, all others'.

    ``sent`` once another aggregate was given an order: that must not be given again. ``ends`` is
    the position of what such an order took away from others, 0 for nothing.
    """

    __slots__ = ("_aggregate", "_doors", "_order", "caller", "ends", "sent", "world")

    def __init__(self, world: World, aggregate: Aggregate, order: Order) -> None:
        self.world = world
        self.caller: Caller = order.caller
        self._aggregate = aggregate
        self._order = order
        self._doors: list[asyncio.Lock] = []
        self.sent = False
        self.ends = 0

    @property
    def stream(self) -> Stream:
        """The aggregate that decides."""
        return self._aggregate.stream

    @property
    def state(self) -> Any:
        """The aggregate's own state."""
        return self._aggregate.state

    @property
    def owner(self) -> str:
        """Who owns the aggregate, or will."""
        return self._aggregate.owner or self._order.owner

    def now(self) -> datetime:
        """Return the time."""
        return self.world.now()

    async def instance(self) -> Instance:
        """Return the caller's instance."""
        state: Instance = await self._other("instance", self.caller.instance_id)
        return state

    async def org(self, org_id: str) -> Org:
        """Return an organisation; one that does not exist is in its initial state."""
        state: Org = await self._other("org", org_id)
        return state

    async def policies(self, org_id: str) -> Policies:
        """Return what holds in an organisation."""
        return await policies_of(self.world, self.caller.instance_id, org_id)

    async def user(self, user_id: str) -> User:
        """Return a user; one that does not exist is in its initial state."""
        state: User = await self._other("user", user_id)
        return state

    async def project(self, project_id: str) -> Project:
        """Return a project; one that does not exist is in its initial state."""
        state: Project = await self._other("project", project_id)
        return state

    async def session(self, session_id: str) -> Session:
        """Return a session; one that does not exist is in its initial state."""
        state: Session = await self._other("session", session_id)
        return state

    async def aggregate(self, kind: str, id_: str) -> Aggregate:
        """Return another aggregate of the instance, to read its state and owner."""
        return await self.world.aggregate(Stream(self.caller.instance_id, kind, id_))

    async def beginning(self, kind: str, id_: str) -> Aggregate:
        """Return another aggregate that this turn most likely begins: the log is not asked first.

        Should there be some of it after all, the append collides, and the next attempt reads it.
        Until this turn ends no other one of this process gets it so: they would collide each time.
        One of a turn only, or two could wait for each other.
        """
        found = self.world.opened(Stream(self.caller.instance_id, kind, id_))
        if found.door not in self._doors:
            await found.door.acquire()
            self._doors.append(found.door)
        if found.known:
            await found.ready()
        return found

    def leave(self) -> None:
        """Let others get what this turn began."""
        while self._doors:
            self._doors.pop().release()

    async def send(self, command: object) -> Done:
        """Give another aggregate an order and wait.

        Only downwards (authorization request, session, user), or two aggregates could wait for
        each other; and only what may stand even when this turn then refuses.
        """
        self.sent = True
        done = await self.world.give(Order(command, self.caller))
        self.ends = max(self.ends, done.ends)
        return done

    async def _other(self, kind: str, id_: str) -> Any:
        return (await self.aggregate(kind, id_)).state

    async def holder(self, kind: str, value: str) -> str | None:
        """Return the id of the aggregate that holds a name."""
        return await self.world.log.holder(self.caller.instance_id, kind, value)

    async def may(
        self, permission: str, org_id: str = "", project_id: str = "", grant_id: str = ""
    ) -> None:
        """Refuse a caller without a permission here."""
        permissions = self.world.permissions
        await permissions.require(self.caller, permission, org_id, project_id, grant_id)

    async def may_any(self, *permissions: str) -> None:
        """Refuse a caller with none of these permissions on the instance."""
        for each in permissions[:-1]:
            if await self.allows(each):
                return
        await self.may(permissions[-1])

    async def allows(
        self, permission: str, org_id: str = "", project_id: str = "", grant_id: str = ""
    ) -> bool:
        """Say whether the caller has a permission here."""
        permissions = self.world.permissions
        return await permissions.allows(self.caller, permission, org_id, project_id, grant_id)
