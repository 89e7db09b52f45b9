"""Messages as JSON schemas, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from personae.http.wire.comments import comments
from personae.http.wire.descriptors import option

Schema = dict[str, Any]
F = FieldDescriptor

_SCALARS: dict[int, Schema] = {
    F.TYPE_STRING: {"type": "string"},
    F.TYPE_BOOL: {"type": "boolean"},
    F.TYPE_BYTES: {"type": "string", "contentEncoding": "base64"},
    F.TYPE_INT32: {"type": "integer", "format": "int32"},
    F.TYPE_UINT32: {"type": "integer", "minimum": 0},
    F.TYPE_INT64: {"type": "string", "format": "int64"},
    F.TYPE_UINT64: {"type": "string", "format": "uint64"},
}
_WELL_KNOWN: dict[str, Schema] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "examples": ["3.500s"]},
    "google.protobuf.Struct": {"type": "object"},
}
_RULES = {
    "min_len": "minLength",
    "max_len": "maxLength",
    "min_items": "minItems",
    "max_items": "maxItems",
    "unique": "uniqueItems",
    "gte": "minimum",
    "lte": "maximum",
}


def of_message(message: Descriptor) -> Schema:
    """Return the schema of a message's JSON."""
    schema: Schema = {"type": "object", **described(message.full_name)}
    if message.fields:
        schema["properties"] = {field.json_name: of_field(field) for field in message.fields}
    required = [f.json_name for f in message.fields if _required(f)]
    return {**schema, "required": required} if required else schema


def of_field(field: FieldDescriptor) -> Schema:
    """Return the schema of a field, with its comment and rules."""
    rules = option(field, "validate.rules")
    schema = _shape(field) | _bounds(rules) | described(field.full_name)
    return schema | ({"deprecated": True} if field.GetOptions().deprecated else {})


def referenced(message: Descriptor) -> Iterator[Descriptor]:
    """Yield the messages that a message's fields are made of."""
    for field in message.fields:
        inner = field.message_type
        if inner is not None and inner.GetOptions().map_entry:
            yield from referenced(inner)
        elif inner is not None and inner.full_name not in _WELL_KNOWN:
            yield inner


def described(name: str) -> Schema:
    """Return the comment of something in the definition, if it has one."""
    text = comments().get(name)
    return {"description": text} if text else {}


def _shape(field: FieldDescriptor) -> Schema:
    if field.message_type and field.message_type.GetOptions().map_entry:
        return {"type": "object", "additionalProperties": _one(field.message_type.fields[1])}
    return {"type": "array", "items": _one(field)} if field.is_repeated else _one(field)


def _one(field: FieldDescriptor) -> Schema:
    if field.enum_type:
        return {"type": "string", "enum": [value.name for value in field.enum_type.values]}
    if not field.message_type:
        return dict(_SCALARS[field.type])
    name = field.message_type.full_name
    return dict(_WELL_KNOWN.get(name) or {"$ref": f"#/components/schemas/{name}"})


def _bounds(rules: Any) -> Schema:
    kind = rules.WhichOneof("type")
    if kind not in {"string", "repeated", "int32"}:
        return {}
    known = ((rule.name, value) for rule, value in getattr(rules, kind).ListFields())
    return {_RULES[name]: value for name, value in known if name in _RULES}


def _required(field: FieldDescriptor) -> bool:
    rules = option(field, "validate.rules")
    if field.has_presence and not field.message_type:
        return False
    must = rules.message.required or rules.timestamp.required or rules.duration.required
    return bool(must or (rules.string.min_len and not rules.string.ignore_empty))
