"""pykka's reference to a loop actor, usable from any thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pykka
from personae.actors.runtime.errors import ActorStopped, fail
from personae.actors.runtime.future import LoopFuture, running_loop
from personae.actors.runtime.mailbox import Order

if TYPE_CHECKING:
    from personae.actors.runtime.loop_actor import LoopActor


class LoopRef(pykka.ActorRef[Any]):
    """pykka's reference, with deadlines. Keeps its actor in memory.

    ``ask`` only downwards (an aggregate asks the store, never the reverse): actors that ask one
    another in a circle wait until the deadline.
    """

    def __init__(self, actor: LoopActor) -> None:
        super().__init__(actor)
        self._actor = actor

    def tell(self, message: Any, *, deadline: float | None = None) -> None:
        """Send a message, expect nothing. Raises ``ActorDeadError`` and :class:`MailboxFull`.

        Called in another thread it raises what it sees there; if the mailbox fills up before the
        message gets to the loop, the message is dropped with a warning.
        """
        actor, letter = self._actor, (message, None, deadline)
        if running_loop() is actor.loop:
            actor.post(letter)
        else:
            actor.check_room()
            actor.loop.call_soon_threadsafe(actor.deliver, letter)

    def ask(
        self,
        message: Any,
        *,
        block: bool = True,
        timeout: float | None = None,
        deadline: float | None = None,
    ) -> Any:
        """Send a message; return its reply or, with ``block=False``, a :class:`LoopFuture` of it.

        A turn that has not begun at ``deadline`` (a time of the loop) never begins: the reply is
        ``TimeoutError``. On the loop only ``block=False`` works, and a full mailbox raises
        :class:`MailboxFull` at once. All other errors are in the reply.
        """
        actor = self._actor
        future: LoopFuture[Any] = LoopFuture(actor.loop)
        letter = (message, future.reply, deadline)
        if running_loop() is not actor.loop:
            actor.loop.call_soon_threadsafe(actor.deliver, letter)
        else:
            try:
                actor.post(letter)
            except ActorStopped as error:
                fail(future.reply, error)
        return future.get(timeout=timeout) if block else future

    def stop(self, *, block: bool = True, timeout: float | None = None) -> Any:
        """Stop after the messages that wait; the reply is ``False`` when it was dead already."""
        actor = self._actor
        future: LoopFuture[bool] = LoopFuture(actor.loop)
        if running_loop() is actor.loop:
            actor.order(Order.STOP, future.reply)
        else:
            actor.loop.call_soon_threadsafe(actor.order, Order.STOP, future.reply)
        return future.get(timeout=timeout) if block else future
