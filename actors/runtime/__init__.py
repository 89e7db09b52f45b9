"""Actors on the event loop: mailboxes, turns, who is alive, who watches whom.

The only importer of pykka; knows nothing of events, stores or HTTP.
"""

from personae.actors.runtime.clock import deadline_in, remaining, watch_lag
from personae.actors.runtime.directory import Directory
from personae.actors.runtime.errors import (
    ActorStopped,
    AskedItself,
    MailboxFull,
    TurnFailed,
    described,
)
from personae.actors.runtime.future import LoopFuture
from personae.actors.runtime.loop_actor import LoopActor, Parent
from personae.actors.runtime.pools import PoolBusy, WorkPool
from personae.actors.runtime.rates import Rates
from personae.actors.runtime.ref import LoopRef
from personae.actors.runtime.supervisor import FORGET, RESTART, Restart, Service, Supervisor
from personae.actors.runtime.tasks import Tasks
from pykka import ActorDeadError

__all__ = [
    "FORGET",
    "RESTART",
    "ActorDeadError",
    "ActorStopped",
    "AskedItself",
    "Directory",
    "LoopActor",
    "LoopFuture",
    "LoopRef",
    "MailboxFull",
    "Parent",
    "PoolBusy",
    "Rates",
    "Restart",
    "Service",
    "Supervisor",
    "Tasks",
    "TurnFailed",
    "WorkPool",
    "deadline_in",
    "described",
    "remaining",
    "watch_lag",
]
