"""The way in: a command finds its aggregate, wherever it is."""

from __future__ import annotations

import asyncio
from typing import Any

from personae.actors.aggregates.aggregate import Aggregate
from personae.actors.aggregates.once import THIS_CALL, Step
from personae.actors.aggregates.orders import Done, Order
from personae.actors.aggregates.world import World
from personae.actors.domain.kit import Caller, Refusal, Stream
from personae.store.log import OutcomeUnknown

PATIENCE_SECONDS = 30.0
"""How long an order may wait for its turn; nobody waits longer for an answer."""


class Dispatch:
    """Sends commands to aggregates and reads their states. Doors and workers use nothing else."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def send(self, command: object, caller: Caller) -> Done:
        """Give an order and return what it led to. Raises :class:`Refusal`.

        Within a call that has a key, an order carried out before is answered as it was then. What
        takes something away is answered when every living process knows it.
        """
        done = await self._carried_out(command, caller)
        if done.ends:
            await self.world.everywhere(done.stream.instance_id, done.ends)
        return done

    async def _carried_out(self, command: object, caller: Caller) -> Done:
        call = THIS_CALL.get()
        if call is None:
            return await self._order(Order(command, caller))
        step = call.next()
        return await step.recall(self.world) or await self._once(Order(command, caller, step), step)

    async def _once(self, order: Order, step: Step) -> Done:
        """Carry out an order with a receipt, unless the same one overtook us on its way."""
        try:
            done = await self._order(order)
        except OutcomeUnknown:
            raise
        except Refusal:
            # It may have been refused because of what it did itself, sent another time.
            if earlier := await step.look_again(self.world):
                return earlier
            raise
        return done if done.events else await step.look_again(self.world) or done

    async def _order(self, order: Order) -> Done:
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        return await self.world.give(order, deadline)

    async def state(self, instance_id: str, kind: str, id_: str) -> Any:
        """Return the state of an aggregate as the log has it."""
        return await self.world.state(Stream(instance_id, kind, id_))

    async def aggregate(self, instance_id: str, kind: str, id_: str) -> Aggregate:
        """Return an aggregate to read from: state, owner, dates, version."""
        return await self.world.aggregate(Stream(instance_id, kind, id_))

    async def holder(self, instance_id: str, kind: str, value: str) -> str | None:
        """Return the id of the aggregate that holds a unique name."""
        return await self.world.log.holder(instance_id, kind, value)
