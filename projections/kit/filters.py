"""Filters: a request's filter messages as SQL, by descriptor.

A filter message has one ``oneof``; the name of its member says which column is meant
(``Table.filters``), and the *shape* of that member says how to compare: text with a method, a
scalar or enumeration, a list, a timestamp with a method, bytes with a method, or the same message
again (and, or, not). Nothing here knows a message by name; any dynamic message will do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from personae.actors.domain.kit import Code, reason
from personae.projections.kit import compare
from personae.projections.kit.column import Column
from personae.projections.kit.condition import Condition, all_of, any_of
from personae.projections.kit.expression import expression, view
from personae.projections.kit.table import Table, Via

Custom = Callable[[Any], Condition]
"""A filter of one's own: from the member's value to a condition on rows called ``t``."""

MAX_DEPTH = 10
MAX_FILTERS = 100

TOO_COMPLEX = reason("QUERY-TooComplex", Code.INVALID_ARGUMENT)
INVALID_FILTER = reason("QUERY-InvalidFilter", Code.INVALID_ARGUMENT)
UNSUPPORTED_FILTER = reason("QUERY-UnsupportedFilter", Code.UNIMPLEMENTED)

TIMESTAMP = "google.protobuf.Timestamp"


def filtered(table: Table, messages: Iterable[Message]) -> Condition:
    """Return the condition that all filter messages together put on a table's rows.

    Raises :class:`Refusal`: ``QUERY-TooComplex`` beyond 10 levels or 100 filters,
    ``QUERY-InvalidFilter`` for an empty one or an impossible value, ``QUERY-UnsupportedFilter``
    for one that the table does not declare.
    """
    count = iter(range(MAX_FILTERS))
    return all_of([_condition(table, message, 1, count) for message in messages])


def undeclared(table: Table, descriptor: Descriptor) -> list[str]:
    """Return the members of a filter message that a table cannot answer; for tests."""
    return [
        field.name
        for oneof in descriptor.oneofs
        for field in oneof.fields
        if not _nested(field) and not _answerable(table, field)
    ]


def _condition(table: Table, message: Message, depth: int, count: Iterator[int]) -> Condition:
    if depth > MAX_DEPTH or next(count, None) is None:
        raise TOO_COMPLEX(depth=MAX_DEPTH, count=MAX_FILTERS)
    field = _member(message)
    value = getattr(message, field.name)
    inner = _nested(field)
    if inner is None:
        return _leaf(table, field, value)
    children = getattr(value, inner.name)
    if not inner.is_repeated:
        if not value.HasField(inner.name):
            raise INVALID_FILTER(field=field.name)
        return ~_condition(table, children, depth + 1, count)
    join = any_of if field.name.startswith("or") else all_of
    return join([_condition(table, child, depth + 1, count) for child in children])


def _member(message: Message) -> Any:
    """Return the member of a filter message that is set."""
    for oneof in message.DESCRIPTOR.oneofs:
        if name := message.WhichOneof(oneof.name):
            return next(field for field in oneof.fields if field.name == name)
    raise INVALID_FILTER(field=message.DESCRIPTOR.name)


def _nested(field: FieldDescriptor) -> FieldDescriptor | None:
    """Return where a member holds filters like the one it is a member of (and, or, not)."""
    if field.message_type is None:
        return None
    for inner in field.message_type.fields:
        if inner.message_type is not None and inner.message_type == field.containing_type:
            return inner
    return None


def _leaf(table: Table, field: FieldDescriptor, value: Any) -> Condition:
    target = table.filter_of.get(field.name)
    if isinstance(target, str):
        return _compared(expression(table, target), table.columns[target], field, value)
    if isinstance(target, Via):
        return _elsewhere(table, target, field, value)
    if target is None:
        raise UNSUPPORTED_FILTER(field=field.name)
    return target(value)  # type: ignore[no-any-return]


def _elsewhere(table: Table, via: Via, field: FieldDescriptor, value: Any) -> Condition:
    theirs = expression(via.table, via.column, "v")
    found = _compared(theirs, via.table.columns[via.column], field, value)
    return Condition(
        f"EXISTS (SELECT FROM {view(via.table)} v WHERE v.instance_id = t.instance_id"
        f' AND v."{via.by}" = {expression(table, via.id)} AND {found.sql})',
        found.params,
    )


def _compared(sql: str, column: Column, field: FieldDescriptor, value: Any) -> Condition:
    if field.message_type is None:
        return compare.scalar(sql, column, _clean(field, value))
    shape = _shape(field.message_type)
    if shape is None:
        raise UNSUPPORTED_FILTER(field=field.name)
    inner, method = shape
    given = _clean(field, getattr(value, inner.name))
    number = _number(field, method, value)
    if inner.is_repeated:
        return compare.within(sql, column, given)
    if inner.message_type is not None:
        return compare.moment(sql, given, number)
    if method is not None and inner.type == inner.TYPE_BYTES:
        return compare.octets(sql, given, number)
    if method is not None and inner.type == inner.TYPE_STRING:
        return compare.text(sql, column, given, number)
    return compare.scalar(sql, column, given)


def _shape(leaf: Descriptor) -> tuple[FieldDescriptor, FieldDescriptor | None] | None:
    """Return the fields with the value and with the method, or None for another shape."""
    methods = [f for f in leaf.fields if f.enum_type and f.enum_type.name.endswith("Method")]
    values = [f for f in leaf.fields if f not in methods]
    if len(values) != 1 or len(methods) > 1:
        return None
    if values[0].message_type and values[0].message_type.full_name != TIMESTAMP:
        return None
    return values[0], methods[0] if methods else None


def _number(field: FieldDescriptor, method: FieldDescriptor | None, value: Any) -> int:
    if method is None or method.enum_type is None:
        return 0
    number = int(getattr(value, method.name))
    if number not in method.enum_type.values_by_number:
        raise INVALID_FILTER(field=field.name)
    return number


def _clean(field: FieldDescriptor, value: Any) -> Any:
    """Return a value as the driver takes it."""
    if isinstance(value, Message):
        try:
            return value.ToDatetime(tzinfo=UTC)  # type: ignore[attr-defined]
        except (ValueError, OverflowError):
            raise INVALID_FILTER(field=field.name) from None
    if not isinstance(value, str | bytes | int | float):
        return [_clean(field, one) for one in value]
    if isinstance(value, str) and "\0" in value:
        # PostgreSQL has no text with it, so no row can match.
        raise INVALID_FILTER(field=field.name)
    return value


def _answerable(table: Table, field: FieldDescriptor) -> bool:
    target = table.filter_of.get(field.name)
    if isinstance(target, str | Via) and field.message_type is not None:
        return _shape(field.message_type) is not None
    return target is not None
