"""What a decider may yield besides events: names to claim or release, events of other streams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from personae.actors.domain.kit.event import Stream
from personae.actors.domain.kit.refusal import Reason


@dataclass(frozen=True, slots=True)
class Claim:
    """Take a unique name for this aggregate, or be refused with ``taken``.

    ``kind`` is the name space (``usernames``, ``org_domain``, …), ``value`` the key within it,
    already normalised by :func:`personae.actors.domain.values.key`. ``everywhere``: unique among
    all instances, not only in this one.
    """

    kind: str
    value: str
    taken: Reason
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Release:
    """Give a claimed name back, in the same commit as the events that say why."""

    kind: str
    value: str
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class On:
    """An event, claim or release of another aggregate, committed together with one's own.

    ``version`` is that stream's last known sequence: 0 when this event is its first. ``owner``
    owns that aggregate, or will.
    """

    stream: Stream
    decision: Any
    version: int = 0
    owner: str = ""


Decisions = Iterator[Any]
"""What a decider yields: events, :class:`Claim`, :class:`Release`, :class:`On`.

Last it may yield a ``Refusal`` instead of raising it: what came before is committed, then the
caller is refused. So a wrong guess counts although it is refused.
"""
