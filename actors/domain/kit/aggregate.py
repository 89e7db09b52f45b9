"""Aggregate kinds and commands: the registries that tie state, decisions and streams together.

A kind is declared once, beside its state::

    USER = Kind("user", User())

    @USER.on(HumanAdded)
    def _(user: User, event: HumanAdded) -> User: ...

    @USER.decides(AddHuman)
    def add_human(user: User, cmd: AddHuman, facts: AddHumanFacts) -> Decisions: ...

Both are plain functions without IO; a developer can call them at a prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar, dataclass_transform

from personae.actors.domain.kit.decision import Decisions

S = TypeVar("S")
C = TypeVar("C", bound=type)
Evolver = Callable[[Any, Any], Any]
Decider = Callable[[Any, Any, Any], Decisions]

KINDS: dict[str, Kind[Any]] = {}
"""Every kind of aggregate by the name its streams carry."""


class Kind(Generic[S]):
    """One kind of aggregate: its name, its state before any event, how it evolves and decides.

    ``over`` says of a state that hardly anybody will ask for it again, as of a code that is spent.
    """

    def __init__(
        self,
        name: str,
        initial: S,
        *,
        revision: int = 1,
        over: Callable[[S], bool] = lambda _state: False,
    ) -> None:
        self.name = name
        self.initial = initial
        self.revision = revision
        self.over = over
        self._evolvers: dict[type, Evolver] = {}
        self._deciders: dict[type, Decider] = {}
        KINDS[name] = self

    def on(self, *events: type) -> Callable[[Evolver], Evolver]:
        """Register how the state changes by these events."""

        def register(function: Evolver) -> Evolver:
            self._evolvers.update(dict.fromkeys(events, function))
            return function

        return register

    @property
    def heeded(self) -> Collection[type]:
        """The events that change the state."""
        return self._evolvers.keys()

    def decides(self, command_type: type) -> Callable[[Decider], Decider]:
        """Register what follows from a command."""

        def register(function: Decider) -> Decider:
            self._deciders[command_type] = function
            return function

        return register

    def evolve(self, state: S, event: object) -> S:
        """Return the state after an event; events the state does not care for leave it as it is."""
        evolver = self._evolvers.get(type(event))
        return state if evolver is None else evolver(state, event)

    def fold(self, events: Iterable[object], state: S | None = None) -> S:
        """Return the state after many events."""
        current = self.initial if state is None else state
        for event in events:
            current = self.evolve(current, event)
        return current

    def decide(self, state: S, command: object, facts: object) -> list[Any]:
        """Return what follows from a command. Raises :class:`Refusal`, or ``LookupError``."""
        try:
            decider = self._deciders[type(command)]
        except KeyError:
            raise LookupError(f"{self.name} does not decide {type(command).__name__}") from None
        return list(decider(state, command, facts))


@dataclass(frozen=True, slots=True)
class Address:
    """Where a command goes: the kind of aggregate and the fields that hold its id and owner."""

    kind: str
    id: str
    owner: str
    creates: bool


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def command(
    kind: str,
    *,
    id: str,  # noqa: A002 — it is the name of the field with the id
    owner: str = "",
    creates: bool = False,
) -> Callable[[C], C]:
    """Declare a command: an order to one aggregate.

    ``id`` names the field with the aggregate's id; ``owner`` the field with the organisation that
    owns it, needed by commands that create (later ones inherit the owner of the first event).
    ``creates``: the id is most likely new, so the log need not be read first; should it be taken
    after all, the append collides and the order is decided again on what is there.
    """

    def declare(cls: C) -> C:
        made: Any = dataclass(frozen=True, slots=True, kw_only=True)(cls)
        made.__address__ = Address(kind, id, owner, creates)
        return made  # type: ignore[no-any-return]

    return declare


def address_of(order: object) -> Address:
    """Return where a command goes."""
    return order.__address__  # type: ignore[attr-defined, no-any-return]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a decider may know besides its own state. Commands that need more subclass it.

    ``secrets`` are returned once to the caller with the reply, and never stored.
    """

    now: datetime
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
