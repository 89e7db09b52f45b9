"""Whoever gets tokens in a session and wants to hear of its end is kept in the same commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from personae.actors.domain.kit import Facts, On, Stream
from personae.actors.domain.session_logout.commands import RegisterListener
from personae.actors.domain.session_logout.decide import register
from personae.actors.domain.session_logout.state import SessionLogout


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """The order to a session's logouts, and where and in which state they are at ``version``."""

    order: RegisterListener
    stream: Stream
    state: SessionLogout
    version: int


def registered(listening: Listening, facts: Facts) -> Iterator[On]:
    """Yield what keeps a client in mind, for the commit of another aggregate."""
    stream = listening.stream
    for event in register(listening.state, listening.order, facts):
        yield On(stream, event, listening.version, stream.instance_id)
