"""Time travel: an aggregate as it was at a moment of its life, and what each event changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any

from personae.actors.domain.kit import KINDS, Recorded, Stream
from personae.actors.domain.values import Sealed
from personae.store.log import Log

ABSENT = None
"""The value of a field that is not there."""


class NoHistory(LookupError):  # noqa: N818 — says what is not there
    """There is no such aggregate, or there was none then."""


@dataclass(frozen=True, slots=True)
class Change:
    """A field of the state, by its path (``human.email.value``), before and after an event."""

    path: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Step:
    """An event and what it changed; nothing when the state does not care for it."""

    recorded: Recorded
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class History:
    """The state after the last of ``steps``."""

    stream: Stream
    state: Any
    steps: tuple[Step, ...]


async def history(log: Log, stream: Stream, at: datetime | int | None = None) -> History:
    """Fold an aggregate up to a time or a sequence, both included; to its end when None.

    Raises :class:`NoHistory` for a kind that does not exist and an aggregate without events then.
    """
    if stream.type not in KINDS:
        raise NoHistory(f"there is no aggregate type {stream.type}: {', '.join(sorted(KINDS))}")
    kind = KINDS[stream.type]
    state, steps = kind.initial, []
    events = await log.stream(stream)
    for recorded in events:
        if not _within(recorded, at):
            break
        before, state = state, kind.evolve(state, recorded.event)
        steps.append(Step(recorded, tuple(changes(before, state))))
    if not steps:
        raise NoHistory(_why_none(stream, events))
    return History(stream, state, tuple(steps))


def _why_none(stream: Stream, events: Sequence[Recorded]) -> str:
    who = f"{stream.type} {stream.id} of instance {stream.instance_id} has no events"
    if events:
        return f"{who} then: the first is of {events[0].created_at.isoformat()}"
    return f"{who}; `personae events tail --type '{stream.type}.*'` shows ids"


def _within(recorded: Recorded, at: datetime | int | None) -> bool:
    if isinstance(at, int):
        return recorded.sequence <= at
    return at is None or recorded.created_at <= at


def changes(before: Any, after: Any) -> Iterator[Change]:
    """Yield the fields that differ, in the order of the later state, those that are gone last."""
    old, new = dict(flat(before)), dict(flat(after))
    for path in [*new, *(path for path in old if path not in new)]:
        was, is_ = old.get(path, ABSENT), new.get(path, ABSENT)
        if was != is_:
            yield Change(path, was, is_)


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every single value of a state with its path; a sealed secret is one value.

    >>> dict(flat({"a": {"b": 1}, "c": (2,)}))
    {'a.b': 1, 'c': (2,)}
    """
    inner = _parts(value)
    if inner is None:
        yield path, value
        return
    for name, item in inner.items():
        yield from flat(item, f"{path}.{name}" if path else str(name))


def _parts(value: Any) -> Mapping[Any, Any] | None:
    """Return what a value is made of, None when it is one."""
    if isinstance(value, Mapping):
        return value
    if is_dataclass(value) and not isinstance(value, Sealed | type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return None
