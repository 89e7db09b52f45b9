"""Answers to proto3 JSON straight from the dicts they are made of, by tables compiled once.

Equal to building the message and encoding that (:mod:`encode`), for a third of the time: lists have
a hundred rows and more.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import orjson
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message
from orjson import Fragment
from personae.http.wire.descriptors import message_class
from personae.http.wire.encode import LONG, to_dict, to_json
from personae.http.wire.times import timestamp_of

Convert = Callable[[Any], Any]
Step = tuple[str, str, bool, Convert | None]
DATES = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC
TIMESTAMP, OTHERS = "google.protobuf.Timestamp", "google.protobuf."


@dataclass(frozen=True, slots=True)
class Rendered:
    """An answer that only JSON is made of: its type and its fields, as for ``Call.reply``."""

    kind: type[Message]
    fields: Mapping[str, Any]


def answer_json(answer: Message | Rendered) -> bytes:
    """Return the JSON of an answer. Raises ``TypeError`` for an unknown field."""
    if isinstance(answer, Rendered):
        return orjson.dumps(_renderer(answer.kind.DESCRIPTOR)(answer.fields), option=DATES)
    return to_json(answer)


def piece(kind: type[Message], fields: Mapping[str, Any], *, json: bool) -> Message | Fragment:
    """Return a message within answers, made once to be given in many: of JSON, its text."""
    return Fragment(answer_json(Rendered(kind, fields))) if json else kind(**fields)


_RENDERERS: dict[str, Convert] = {}


def _renderer(descriptor: Any) -> Convert:
    known = _RENDERERS.get(descriptor.full_name)
    return _compiled(descriptor) if known is None else known


def _compiled(descriptor: Any) -> Convert:
    table: dict[str, Step] = {}
    ways: dict[tuple[str, ...], list[Step]] = {}

    def way(names: tuple[str, ...]) -> list[Step]:
        if not table.keys() >= set(names):
            raise TypeError(f"{descriptor.full_name} has not all of the fields {names}")
        ways[names] = [step for name, step in table.items() if name in names]
        return ways[names]

    def render(fields: Any) -> Any:
        if isinstance(fields, Fragment):
            return fields
        if isinstance(fields, Message):
            return to_dict(fields)
        names, out = tuple(fields), {}
        for field, name, presence, convert in ways.get(names) or way(names):
            value = fields[field]
            if value or (presence and value is not None):
                told = value if convert is None else convert(value)
                if told is not None:
                    out[name] = told
        return out

    _RENDERERS[descriptor.full_name] = render  # before its fields: types may contain themselves
    fields = sorted(descriptor.fields, key=lambda field: field.number)
    table |= {f.name: (f.name, f.json_name, f.has_presence, _field(f)) for f in fields}
    return render


def _field(field: FieldDescriptor) -> Convert | None:
    kind = field.message_type
    if kind and (kind.GetOptions().map_entry or _special(kind)):
        return _by_message(field)
    one = _value(field)
    if not field.is_repeated:
        return one
    return tuple if one is None else lambda values: [one(value) for value in values]


def _special(kind: Any) -> bool:
    return kind.full_name != TIMESTAMP and str(kind.full_name).startswith(OTHERS)


def _by_message(field: FieldDescriptor) -> Convert:
    """Return what renders a field by way of a message: for what lists are not made of."""
    kind = message_class(cast("Descriptor", field.containing_type))
    return lambda value: to_dict(kind(**{field.name: value})).get(field.json_name)


def _value(field: FieldDescriptor) -> Convert | None:
    if field.message_type:
        return (
            _moment if field.message_type.full_name == TIMESTAMP else _renderer(field.message_type)
        )
    if field.enum_type:
        return _enum(field)
    if field.type in LONG:
        return lambda number: str(int(number))
    if field.type == FieldDescriptor.TYPE_BYTES:
        return lambda value: b64encode(value).decode()
    return None


def _enum(field: FieldDescriptor) -> Convert:
    values = cast("EnumDescriptor", field.enum_type).values
    names: dict[Any, str | None] = {value.name: value.name for value in values}
    names |= {value.number: value.name for value in reversed(values)}
    if not (field.has_presence or field.is_repeated):
        names |= {value.name: None for value in values if value.number == 0}
    return lambda value: names[value] if value in names else int(value)


def _moment(value: Any) -> Any:
    """Render a datetime (UTC when naive), or the fields of a Timestamp."""
    if isinstance(value, datetime):
        return _datetime(value)
    if isinstance(value, Message):
        return to_dict(value)
    return timestamp_of(value.get("seconds", 0), value.get("nanos", 0))


def _datetime(at: datetime) -> datetime | str:
    """Leave to orjson what it renders alike: it would not leave out the last three zeros."""
    zone, fraction = at.tzinfo, at.microsecond
    if zone is not UTC and zone is not None:
        at = at.astimezone(UTC)
    if fraction % 1000 or not fraction:
        return at
    return f"{at.isoformat()[:23]}Z"
