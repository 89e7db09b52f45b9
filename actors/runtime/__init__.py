"""Actors on the event loop: mailboxes, turns, who is alive, who watches whom.

The only importer of pykka; knows nothing of events, stores or HTTP.
"""

from personae.actors.runtime.directory import Directory
from personae.actors.runtime.errors import ActorStopped, AskedItself, MailboxFull, TurnFailed
from personae.actors.runtime.future import LoopFuture
from personae.actors.runtime.loop_actor import LoopActor, Parent
from personae.actors.runtime.ref import LoopRef
from pykka import ActorDeadError

__all__ = [
    "ActorDeadError",
    "ActorStopped",
    "AskedItself",
    "Directory",
    "LoopActor",
    "LoopFuture",
    "LoopRef",
    "MailboxFull",
    "Parent",
    "TurnFailed",
]
