"""The mailbox bus: what was committed, told to whoever wants to hear of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from personae.actors.runtime.errors import MailboxFull
from personae.actors.runtime.ref import LoopRef
from pykka import ActorDeadError

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Subscription:
    """One subscriber. ``missed`` counts the messages it did not get; it sets it back to 0 itself.

    Whoever missed something reads the log, which is the truth; the bus promises nothing.
    """

    ref: LoopRef
    wants: Callable[[Any], bool] | None = None
    missed: int = 0


class Bus:
    """Tells subscribers, never asks them.

    The publisher is the writer of the log. Would it wait for a reader, the slowest projection
    would set the pace of all commands, and a reader that asks a writer would close a circle.
    """

    def __init__(self) -> None:
        self._subscriptions: dict[LoopRef, Subscription] = {}

    def subscribe(self, ref: LoopRef, wants: Callable[[Any], bool] | None = None) -> Subscription:
        """Tell an actor from now on what ``wants`` says yes to (everything, without it)."""
        return self._subscriptions.setdefault(ref, Subscription(ref, wants))

    def unsubscribe(self, ref: LoopRef) -> None:
        """Tell an actor nothing more."""
        self._subscriptions.pop(ref, None)

    def publish(self, message: Any) -> None:
        """Tell all who want it; never waits, never raises, keeps nothing.

        A subscriber whose mailbox is full misses it, one that has died is forgotten.
        """
        for subscription in tuple(self._subscriptions.values()):
            try:
                if subscription.wants is None or subscription.wants(message):
                    subscription.ref.tell(message)
            except ActorDeadError:
                self.unsubscribe(subscription.ref)
            except MailboxFull:
                subscription.missed += 1
            except Exception:
                logger.exception("what %s wants could not be told", subscription.ref)
                subscription.missed += 1
