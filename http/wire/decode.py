"""Proto3 JSON to messages, by tables compiled once per message type.

Takes both ``lowerCamelCase`` and the names of the definition, ignores unknown fields, treats null
as absent, and refuses everything else with the path of the field. Depth is bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from personae.http.wire.scalars import converter, text_converter
from personae.http.wire.times import read_duration, read_timestamp
from personae.http.wire.wrong import Wrong

DEPTH = 96
"""Nested messages; protobuf itself refuses to read more than 100."""
STRUCT_COST = 3
"""Messages that one level of a Struct takes: itself, an entry, a value."""

KEY_SHOWN = 40
"""Characters of a map's key that a refusal repeats."""

Put = Callable[[Message, Any, int], None]


class Entry(NamedTuple):
    """How one field is read. ``twin`` is the other name it may come under."""

    name: str
    twin: str
    group: str
    put: Put
    field: FieldDescriptor


def from_json(body: bytes, message: Message) -> None:
    """Fill a message from JSON bytes; an empty body is an empty message. Raises :class:`Wrong`."""
    if not body:
        return
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Wrong("JSON") from None
    from_dict(value, message)


def from_dict(value: Any, message: Message) -> None:
    """Fill a message from decoded JSON. Raises :class:`Wrong`."""
    _reader(message.DESCRIPTOR)(message, value, DEPTH)


def only_one(message: Message, entry: Entry) -> None:
    """Refuse a second member of a oneof."""
    if entry.group and message.WhichOneof(entry.group) not in {None, entry.name}:
        raise Wrong(f"only one of {entry.group}")


_TABLES: dict[str, dict[str, Entry]] = {}


def table_of(descriptor: Any) -> dict[str, Entry]:
    """Return the fields of a message type by both their names."""
    table = _TABLES.get(descriptor.full_name)
    if table is None:
        table = _TABLES[descriptor.full_name] = {}
        for field in descriptor.fields:
            entry = _entry(field)
            table[field.json_name] = entry
            table[field.name] = entry
    return table


def _entry(field: FieldDescriptor) -> Entry:
    oneof = field.containing_oneof
    real = oneof.name if oneof and not oneof.name.startswith("_") else ""
    return Entry(field.name, field.json_name, real, _put(field), field)


def _reader(descriptor: Any) -> Put:
    known = _READERS.get(descriptor.full_name)
    return _compiled(table_of(descriptor), descriptor.full_name) if known is None else known


def _compiled(table: dict[str, Entry], name: str) -> Put:
    def read(message: Message, value: Any, depth: int) -> None:
        if type(value) is not dict:
            raise Wrong("object")
        if depth <= 0:
            raise Wrong("nested too deeply")
        # Of a hundred thousand members most are unknown: the table is the shorter way through them.
        known = value if len(value) <= len(table) else [key for key in table if key in value]
        for key in known:
            entry, item = table.get(key), value[key]
            if entry is not None and item is not None:
                _read_field(message, entry, item, depth - 1)
                if key != entry.twin and entry.twin in value:
                    raise Wrong("given twice", entry.name)

    return _READERS.setdefault(name, read)


def _read_field(message: Message, entry: Entry, item: Any, depth: int) -> None:
    try:
        only_one(message, entry)
        entry.put(message, item, depth)
    except Wrong as wrong:
        raise wrong.within(entry.name) from None
    except (TypeError, ValueError):
        raise Wrong("out of range", entry.name) from None


def _put(field: FieldDescriptor) -> Put:
    name = field.name
    if field.message_type and field.message_type.GetOptions().map_entry:
        return _put_map(name, *field.message_type.fields)
    if field.message_type:
        return _put_messages(name, field) if field.is_repeated else _put_message(name, field)
    convert = converter(field)
    if not field.is_repeated:
        return lambda message, value, _depth: setattr(message, name, convert(value))

    def put(message: Message, value: Any, _depth: int) -> None:
        getattr(message, name).extend(_each(value, convert))

    return put


def _put_message(name: str, field: FieldDescriptor) -> Put:
    inner: Any = field.message_type

    def put(message: Message, value: Any, depth: int) -> None:
        target = getattr(message, name)
        target.SetInParent()
        _reader(inner)(target, value, depth)

    return put


def _put_messages(name: str, field: FieldDescriptor) -> Put:
    inner: Any = field.message_type

    def put(message: Message, value: Any, depth: int) -> None:
        target = getattr(message, name)
        _each(value, lambda item: _reader(inner)(target.add(), item, depth))

    return put


def _put_map(name: str, key: FieldDescriptor, of: FieldDescriptor) -> Put:
    key_of, convert = text_converter(key), None if of.message_type else converter(of)

    def put(message: Message, value: Any, depth: int) -> None:
        if type(value) is not dict:
            raise Wrong("object")
        target = getattr(message, name)
        for text, item in value.items():
            try:
                if convert is None:
                    _reader(of.message_type)(target[key_of(text)], item, depth - 1)
                else:
                    target[key_of(text)] = convert(item)
            except Wrong as wrong:
                raise wrong.within(text[:KEY_SHOWN]) from None

    return put


def _each(value: Any, convert: Callable[[Any], Any]) -> list[Any]:
    if type(value) is not list:
        raise Wrong("list")
    out = []
    for index, item in enumerate(value):
        try:
            out.append(convert(item))
        except Wrong as wrong:
            raise wrong.within(f"[{index}]") from None
    return out


def _read_struct(struct: Any, value: Any, depth: int) -> None:
    if type(value) is not dict:
        raise Wrong("object")
    _check_depth(value, depth - STRUCT_COST)
    struct.update(value)


def _check_depth(value: Any, depth: int) -> None:
    if depth <= 0:
        raise Wrong("nested too deeply")
    if type(value) is dict:
        value = value.values()
    elif type(value) is not list:
        return
    for item in value:
        _check_depth(item, depth - STRUCT_COST)


FROM_TEXT: dict[str, Put] = {
    "google.protobuf.Timestamp": lambda message, value, _depth: read_timestamp(message, value),
    "google.protobuf.Duration": lambda message, value, _depth: read_duration(message, value),
}
"""Messages whose JSON is a string."""
_READERS: dict[str, Put] = {**FROM_TEXT, "google.protobuf.Struct": _read_struct}
