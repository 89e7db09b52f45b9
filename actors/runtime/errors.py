"""What may go wrong between a sender and an actor."""

from __future__ import annotations

import asyncio
import traceback
from typing import TYPE_CHECKING, Any

from pykka import ActorDeadError

if TYPE_CHECKING:
    from personae.actors.runtime.loop_actor import LoopActor


class MailboxFull(Exception):  # noqa: N818 — like queue.Full, which it stands for
    """The actor has as many messages waiting as it may: shed the load, try again later."""


class ActorStopped(ActorDeadError):  # noqa: N818 — a kind of pykka's ActorDeadError
    """The actor stopped before the turn of this message began: it may be sent to a successor.

    ``actor`` tells it from the same answer of an actor further down, which is not ours to retry.
    """

    def __init__(self, actor: LoopActor) -> None:
        super().__init__(f"{actor} stopped before handling the message")
        self.actor = actor


class AskedItself(RuntimeError):  # noqa: N818
    """A turn asked its own actor: it would wait for itself."""


class TurnFailed(RuntimeError):  # noqa: N818
    """A turn ended by what must not be raised in its caller, such as ``CancelledError``.

    A caller that received it as it is would believe to be cancelled itself. ``__cause__`` has it.
    """


def described(error: BaseException) -> str:
    """Return what went wrong and where, without the message: it may quote a secret."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def answer(reply: asyncio.Future[Any] | None, value: Any) -> None:
    """Answer a caller, if there is one and it still waits."""
    if reply is not None and not reply.done():
        reply.set_result(value)


def fail(reply: asyncio.Future[Any] | None, error: BaseException) -> None:
    """Answer a caller with an exception, if there is one and it still waits."""
    if reply is None or reply.done():
        return
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        reply.set_exception(error)
        return
    failed = TurnFailed(f"the turn ended by {type(error).__name__}")
    failed.__cause__ = error
    reply.set_exception(failed)
