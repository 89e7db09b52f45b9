"""Events: facts that happened, kept for ever under names of ours.

One decorated frozen dataclass per event. The stored name is a string, never an import path, so a
class may move; further names are those of older histories and are only ever read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, TypeVar, dataclass_transform

E = TypeVar("E", bound=type)

Payload = dict[str, Any]
Upcaster = Callable[[Payload], Payload]

EVENTS: dict[str, type] = {}
"""Every event class by its stored name and by its older names."""

UPCASTERS: dict[str, list[Upcaster]] = {}
"""By stored name, what turns an older payload into today's, in order."""


class Stream(NamedTuple):
    """The identity of one aggregate instance; the key of its events and of its actor."""

    instance_id: str
    type: str
    id: str


def wire(key: str, **options: Any) -> Any:
    """Give a field another payload key than its own name in camelCase."""
    return field(metadata={"wire": key}, **options)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field, wire))
def event(name: str, *older: str) -> Callable[[E], E]:
    """Declare an event class under its stored name.

    Raises ``ValueError`` at import when a name is taken or two fields share a payload key.
    """

    def declare(cls: E) -> E:
        made: Any = dataclass(frozen=True, slots=True, kw_only=True)(cls)
        made.__event__ = name
        keys = [payload_key(f.name, f.metadata) for f in fields(made)]
        if len(keys) != len(set(keys)):
            raise ValueError(f"{name}: two fields share a payload key")
        for known in (name, *older):
            if known in EVENTS:
                raise ValueError(f"two events share the name {known}")
            EVENTS[known] = made
        return made  # type: ignore[no-any-return]

    return declare


def payload_key(field_name: str, metadata: Mapping[str, Any]) -> str:
    """Return the key of a field in the stored payload: ``wire``'s, else the name in camelCase."""
    head, *tail = field_name.split("_")
    return str(metadata.get("wire") or head + "".join(part.capitalize() for part in tail))


def upcast(name: str) -> Callable[[Upcaster], Upcaster]:
    """Register a function that lifts an older payload of an event to today's shape."""

    def register(function: Upcaster) -> Upcaster:
        UPCASTERS.setdefault(name, []).append(function)
        return function

    return register


def name_of(happened: object) -> str:
    """Return the stored name of an event."""
    return happened.__event__  # type: ignore[attr-defined, no-any-return]


@dataclass(frozen=True, slots=True)
class Foreign:
    """An event of a type unknown here: kept as it was, so that any history still folds."""

    __event__: ClassVar[str] = "foreign"
    type: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as the log holds it.

    ``sequence`` counts from 1 within the stream, ``position`` from 1 within the instance; both
    without holes. ``owner`` is the organisation (or instance) that owns the aggregate, ``creator``
    the user who caused the event.
    """

    stream: Stream
    sequence: int
    position: int
    created_at: datetime
    creator: str
    owner: str
    event: Any
