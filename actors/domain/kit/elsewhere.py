"""Deciding for several aggregates within one commit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from personae.actors.domain.kit.aggregate import Kind
from personae.actors.domain.kit.decision import Claim, On, Release
from personae.actors.domain.kit.event import Stream


class Elsewhere:
    """New aggregates that a command creates beside its own, each decided by its own rules.

    Several commands to the same aggregate see what the earlier ones decided.
    """

    def __init__(self, instance_id: str) -> None:
        self._instance_id = instance_id
        self._states: dict[Stream, Any] = {}

    def decide(
        self, kind: Kind[Any], id_: str, command: object, facts: object, owner: str
    ) -> Iterator[On]:
        """Yield what follows from a command to a new aggregate. Raises :class:`Refusal`."""
        stream = Stream(self._instance_id, kind.name, id_)
        state = self._states.get(stream, kind.initial)
        for decision in kind.decide(state, command, facts):
            if not isinstance(decision, Claim | Release):
                state = kind.evolve(state, decision)
            yield On(stream, decision, owner=owner)
        self._states[stream] = state
