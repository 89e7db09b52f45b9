"""The field rules of the definition, compiled once per message type into checks.

Besides the written rules every string must be free of NUL (PostgreSQL's text cannot hold it) and
every Timestamp and Duration within its range.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from personae.http.wire.descriptors import option
from personae.http.wire.rules import Check, checks, every
from personae.http.wire.times import FIRST, LAST, LONGEST, NANOS
from personae.http.wire.wrong import Wrong

Validate = Callable[[Any], None]
F = FieldDescriptor


def validate(message: Message) -> None:
    """Check a message with all it contains. Raises :class:`Wrong` with the path of the field."""
    _validator(message.DESCRIPTOR)(message)


def _timestamp(value: Any) -> None:
    if not (FIRST <= value.seconds <= LAST and 0 <= value.nanos < NANOS):
        raise Wrong("timestamp")


def _duration(value: Any) -> None:
    if not (-LONGEST <= value.seconds <= LONGEST and -NANOS < value.nanos < NANOS):
        raise Wrong("duration")


def _struct(value: Any) -> None:
    if b"\0" in value.SerializeToString() and _has_nul(value):
        raise Wrong("no NUL")


def _has_nul(struct: Any) -> bool:
    kind = struct.DESCRIPTOR.name
    if kind == "Struct":
        return any("\0" in key or _has_nul(struct.fields[key]) for key in struct.fields)
    if kind == "ListValue":
        return any(_has_nul(value) for value in struct.values)
    which = struct.WhichOneof("kind")
    if which == "string_value":
        return "\0" in struct.string_value
    return which in {"struct_value", "list_value"} and _has_nul(getattr(struct, which))


_VALIDATORS: dict[str, Validate] = {
    "google.protobuf.Timestamp": _timestamp,
    "google.protobuf.Duration": _duration,
    "google.protobuf.Struct": _struct,
}


def _validator(descriptor: Any) -> Validate:
    known = _VALIDATORS.get(descriptor.full_name)
    return _compiled(descriptor) if known is None else known


def _compiled(descriptor: Any) -> Validate:
    fields: list[tuple[str, bool, tuple[Check, ...], tuple[Check, ...]]] = []

    def run(message: Message) -> None:
        for name, presence, required, rules in fields:
            try:
                if presence and not message.HasField(name):
                    for check in required:
                        check(None)
                    continue
                value = getattr(message, name)
                for check in rules:
                    check(value)
            except Wrong as wrong:
                raise wrong.within(name) from None

    _VALIDATORS[descriptor.full_name] = run  # before its fields: types may contain themselves
    for field in descriptor.fields:
        required, rules = _field(field)
        if required or rules:
            fields.append((field.name, field.has_presence, required, rules))
    return run


def _field(field: FieldDescriptor) -> tuple[tuple[Check, ...], tuple[Check, ...]]:
    """Return what holds when the field is unset, and what holds for its value."""
    required, rules = checks(option(field, "validate.rules"), field)
    inside = _inside(field)
    return required, (*rules, inside) if inside else rules


def _inside(field: FieldDescriptor) -> Check | None:
    if field.message_type and field.message_type.GetOptions().map_entry:
        return _map(*field.message_type.fields)
    one = _one(field)
    return every(one) if one and field.is_repeated else one


def _one(field: FieldDescriptor) -> Check | None:
    if field.message_type:
        return _validator(field.message_type)
    return _no_nul if field.type == F.TYPE_STRING else None


def _no_nul(value: str) -> None:
    if "\0" in value:
        raise Wrong("no NUL")


def _map(key: FieldDescriptor, of: FieldDescriptor) -> Check | None:
    of_key, of_value = _one(key), _one(of)
    if not (of_key or of_value):
        return None

    def run(pairs: Any) -> None:
        for name in pairs:
            if of_key:
                of_key(name)
            if of_value:
                of_value(pairs[name])

    return run
