"""Messages to proto3 JSON, by tables compiled once per message type.

Equal to ``google.protobuf.json_format.MessageToDict`` with its defaults, several times as fast:
lowerCamelCase names, fields that are unset (or zero, without presence) left out, 64-bit integers as
strings, enums by name, bytes as base64, RFC 3339 times.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import orjson
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from personae.http.wire.times import duration_text, timestamp_text

Convert = Callable[[Any], Any]
LONG = {
    FieldDescriptor.TYPE_INT64,
    FieldDescriptor.TYPE_UINT64,
    FieldDescriptor.TYPE_SINT64,
    FieldDescriptor.TYPE_FIXED64,
    FieldDescriptor.TYPE_SFIXED64,
}


def to_json(message: Message) -> bytes:
    """Return the JSON of a message."""
    return orjson.dumps(to_dict(message))


def to_dict(message: Message) -> Any:
    """Return the JSON of a message as dicts, lists and scalars; a string for a Timestamp."""
    return _encoder(message.DESCRIPTOR)(message)


_ENCODERS: dict[str, Convert] = {
    "google.protobuf.Timestamp": timestamp_text,
    "google.protobuf.Duration": duration_text,
    "google.protobuf.Struct": MessageToDict,
    "google.protobuf.Value": MessageToDict,
    "google.protobuf.ListValue": MessageToDict,
    "google.protobuf.Any": MessageToDict,
}


def _encoder(descriptor: Any) -> Convert:
    known = _ENCODERS.get(descriptor.full_name)
    return _compiled(descriptor) if known is None else known


def _compiled(descriptor: Any) -> Convert:
    table: list[tuple[str, str, bool, Convert | None]] = []

    def encode(message: Message) -> dict[str, Any]:
        out = {}
        has = message.HasField
        for field, name, presence, convert in table:
            if presence and not has(field):
                continue
            value = getattr(message, field)
            if presence or value:
                out[name] = value if convert is None else convert(value)
        return out

    _ENCODERS[descriptor.full_name] = encode  # before its fields: types may contain themselves
    fields = sorted(descriptor.fields, key=lambda field: field.number)
    table += [(f.name, f.json_name, f.has_presence, _field(f)) for f in fields]
    return encode


def _field(field: FieldDescriptor) -> Convert | None:
    if field.message_type and field.message_type.GetOptions().map_entry:
        return _map(*field.message_type.fields)
    one = _value(field)
    if not field.is_repeated:
        return one
    return list if one is None else lambda values: [one(value) for value in values]


def _map(key: FieldDescriptor, value: FieldDescriptor) -> Convert:
    one = _value(value) or (lambda plain: plain)
    if key.type == FieldDescriptor.TYPE_STRING:
        return lambda pairs: {name: one(pairs[name]) for name in pairs}
    return lambda pairs: {str(name).lower(): one(pairs[name]) for name in pairs}


def _value(field: FieldDescriptor) -> Convert | None:
    if field.message_type:
        return _encoder(field.message_type)
    if field.enum_type:
        names = {number: v.name for number, v in field.enum_type.values_by_number.items()}
        return lambda number: names.get(number, number)
    if field.type in LONG:
        return str
    if field.type == FieldDescriptor.TYPE_BYTES:
        return lambda value: b64encode(value).decode()
    return None
