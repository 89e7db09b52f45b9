"""Events to stored payloads and back, by a plan that is made once per class.

A payload is a JSON object: a key per field (the kit's ``payload_key``), fields at their default
left out. Values: datetimes in RFC 3339, ``bytes`` in base64, enumerations by value, durations in
whole nanoseconds, tuples and sets as arrays, dataclasses as objects. What a reader does not know
it leaves alone: unknown keys are ignored, and an event of an unknown type becomes a ``Foreign``.
"""

from __future__ import annotations

import re
import types
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from functools import cache, partial
from typing import Any, Literal, NamedTuple, NewType, Union, get_args, get_origin, get_type_hints

import orjson
from personae.actors.domain.kit import EVENTS, UPCASTERS, Foreign, name_of, payload_key
from personae.actors.domain.kit.refusal import INVALID

Payload = dict[str, Any]
Convert = Callable[[Any], Any]

AS_IT_IS = (str, int, bool, float, object, Any)
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_REQUIRED = object()


class CorruptEvent(ValueError):  # noqa: N818 — says what is wrong
    """A stored payload that does not fit its class: the log was written by something else."""


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Stands for an event whose payload does not fit, where the others are read all the same."""

    type: str


def encode(happened: object) -> tuple[str, Payload]:
    """Return the stored type and the payload of an event, ready for :func:`to_json`."""
    if isinstance(happened, Foreign):
        return happened.type, dict(happened.payload)
    cls: Any = type(happened)
    return name_of(happened), _shape(cls).encode(happened)


def decode(event_type: str, payload: Payload) -> Any:
    """Return the event of a stored type and payload. Raises :class:`CorruptEvent`."""
    cls = EVENTS.get(event_type)
    if cls is None:
        return Foreign(event_type, payload)
    try:
        for lift in UPCASTERS.get(event_type, ()):
            payload = lift(payload)
        return _shape(cls).decode(payload)
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        raise CorruptEvent(f"{event_type}: {type(error).__name__}") from None


def decode_any(event_type: str, payload: Payload) -> Any:
    """The same, with :class:`Corrupt` in place of what cannot be decoded."""
    try:
        return decode(event_type, payload)
    except CorruptEvent:
        return Corrupt(event_type)


def to_json(value: object) -> bytes:
    """Return JSON that PostgreSQL takes. Refuses NUL, half surrogates and integers over 64 bits."""
    try:
        text = orjson.dumps(value)
    except TypeError as error:
        raise INVALID(reason=str(error)) from None
    if b"\\u0000" in text and _ESCAPED_NUL.search(text):
        raise INVALID(reason="text contains NUL")
    return text


class _Plan(NamedTuple):
    """How values of one type go out and come in: None where they go as they are."""

    out: Convert | None
    back: Convert | None
    nullable: bool = False


class _Shape:
    """The plan of one dataclass."""

    def __init__(self, cls: type) -> None:
        hints = get_type_hints(cls)
        self.cls = cls
        self._out: list[tuple[str, str, Any, Convert | None]] = []
        self._back: dict[str, tuple[str, Convert | None, bool]] = {}
        for field in fields(cls):
            key = payload_key(field.name, field.metadata)
            plan = _plan(hints[field.name])
            self._out.append((field.name, key, _default(field), plan.out))
            self._back[key] = (field.name, plan.back, plan.nullable)

    def encode(self, value: object) -> Payload:
        payload = {}
        for name, key, default, out in self._out:
            item = getattr(value, name)
            if item != default:
                payload[key] = item if out is None or item is None else out(item)
        return payload

    def decode(self, payload: Payload) -> Any:
        values = {}
        known = self._back
        for key, item in payload.items():
            if key in known:
                name, back, nullable = known[key]
                if item is not None:
                    values[name] = item if back is None else back(item)
                elif nullable:
                    values[name] = None
        return self.cls(**values)


@cache
def _shape(cls: Any) -> _Shape:
    return _Shape(cls)


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return _REQUIRED if field.default is MISSING else field.default


def _plan(kind: Any) -> _Plan:
    """Return the plan of a type. Raises ``TypeError``, at the first use of its event."""
    if isinstance(kind, NewType):
        return _plan(kind.__supertype__)
    if get_origin(kind) is not None:
        return _plan_of_generic(get_origin(kind), get_args(kind))
    if kind in AS_IT_IS:
        return _Plan(None, None)
    if kind in _LEAVES:
        return _LEAVES[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _Plan(None, kind)
    if is_dataclass(kind) and isinstance(kind, type):
        return _Plan(_shape(kind).encode, _shape(kind).decode)
    raise TypeError(f"an event cannot hold a {kind}")


def _plan_of_generic(origin: Any, inner: tuple[Any, ...]) -> _Plan:
    if origin is Literal:
        return _Plan(None, None)
    if origin in (Union, types.UnionType):
        present = [kind for kind in inner if kind is not type(None)]
        if len(present) == 1:
            return _plan(present[0])._replace(nullable=True)
    if origin is tuple:
        return _plan_of_tuple(inner)
    if origin is frozenset:
        plan = _plan(inner[0])
        return _Plan(partial(_sorted_each, plan.out), partial(_each, frozenset, plan.back))
    if origin in (dict, Mapping) and inner[0] is str:
        plan = _plan(inner[1])
        return _Plan(partial(_each_value, plan.out), partial(_each_value, plan.back))
    raise TypeError(f"an event cannot hold a {origin} of {inner}")


def _plan_of_tuple(inner: tuple[Any, ...]) -> _Plan:
    if len(inner) == 2 and inner[1] is ...:  # noqa: PLR2004 — tuple[X, ...]
        plan = _plan(inner[0])
        out = None if plan.out is None else partial(_each, tuple, plan.out)
        return _Plan(out, partial(_each, tuple, plan.back))
    plans = [_plan(kind) for kind in inner]
    return _Plan(
        partial(_in_turn, [plan.out for plan in plans]),
        partial(_in_turn, [plan.back for plan in plans]),
    )


def _each(made: Callable[[Any], Any], convert: Convert | None, items: Any) -> Any:
    return made(items if convert is None else map(convert, items))


def _sorted_each(convert: Convert | None, items: Any) -> list[Any]:
    return sorted(items if convert is None else map(convert, items))


def _in_turn(converts: list[Convert | None], items: Any) -> tuple[Any, ...]:
    pairs = zip(converts, items, strict=True)
    return tuple(item if convert is None else convert(item) for convert, item in pairs)


def _each_value(convert: Convert | None, items: Mapping[str, Any]) -> dict[str, Any]:
    if convert is None:
        return dict(items)
    return {key: convert(item) for key, item in items.items()}


def _nanoseconds(duration: timedelta) -> int:
    return (duration // timedelta(microseconds=1)) * 1000


def _duration(nanoseconds: int) -> timedelta:
    return timedelta(microseconds=nanoseconds // 1000)


_LEAVES: dict[Any, _Plan] = {
    datetime: _Plan(None, datetime.fromisoformat),
    date: _Plan(None, date.fromisoformat),
    timedelta: _Plan(_nanoseconds, _duration),
    bytes: _Plan(lambda raw: b64encode(raw).decode(), b64decode),
}
