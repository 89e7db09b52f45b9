"""The way in: a command finds its aggregate, wherever it is."""

from __future__ import annotations

import asyncio
from typing import Any

from personae.actors.aggregates.aggregate import Aggregate
from personae.actors.aggregates.orders import Done, Order
from personae.actors.aggregates.world import World
from personae.actors.domain.kit import Caller, Stream
from personae.actors.domain.kit.refusal import OVERLOADED, TIMEOUT
from personae.actors.runtime import ActorDeadError, MailboxFull

PATIENCE_SECONDS = 30.0
"""How long an order may wait for its turn; nobody waits longer for an answer."""


class Dispatch:
    """Sends commands to aggregates and reads their states. Doors and workers use nothing else."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def send(self, command: object, caller: Caller) -> Done:
        """Give an order and return what it led to. Raises :class:`Refusal`."""
        order = Order(command, caller)
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        try:
            done: Done = await self.world.directory.ask(order.stream, order, deadline)
        except (MailboxFull, ActorDeadError):
            raise OVERLOADED() from None
        except TimeoutError:
            raise TIMEOUT() from None
        return done

    async def state(self, instance_id: str, kind: str, id_: str) -> Any:
        """Return the state of an aggregate as the log has it."""
        return await self.world.state(Stream(instance_id, kind, id_))

    async def aggregate(self, instance_id: str, kind: str, id_: str) -> Aggregate:
        """Return an aggregate to read from: state, owner, dates, version."""
        return await self.world.aggregate(Stream(instance_id, kind, id_))

    async def holder(self, instance_id: str, kind: str, value: str) -> str | None:
        """Return the id of the aggregate that holds a unique name."""
        return await self.world.log.holder(instance_id, kind, value)
