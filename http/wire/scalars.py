"""Single values of proto3 JSON to Python: what each kind of field accepts.

A converter takes a decoded JSON value and returns what the field holds, or raises :class:`Wrong`.
Ranges of integers are left to the message, which refuses with ``ValueError``.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from personae.http.wire.wrong import Wrong

Convert = Callable[[Any], Any]
F = FieldDescriptor
_INTEGER = re.compile(r"-?\d{1,20}", re.ASCII)
_STANDARD = str.maketrans("-_", "+/")


def converter(field: FieldDescriptor) -> Convert:
    """Return what reads one value of a scalar or enum field."""
    if field.enum_type:
        return _enum(field.enum_type)
    return {F.TYPE_STRING: _string, F.TYPE_BOOL: _bool, F.TYPE_BYTES: _bytes}.get(
        field.type, _integer
    )


@cache
def text_converter(field: FieldDescriptor) -> Convert:
    """Return the same for the text of a path segment or query parameter."""
    read = converter(field)
    if field.type == F.TYPE_BOOL:
        return lambda text: read(_TRUTH.get(text, text))
    if field.enum_type:
        return lambda text: read(int(text) if _INTEGER.fullmatch(text) else text)
    return read


_TRUTH = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False}


def _string(value: Any) -> str:
    if type(value) is not str:
        raise Wrong("string")
    return value


def _bool(value: Any) -> bool:
    if type(value) is not bool:
        raise Wrong("bool")
    return value


def _bytes(value: Any) -> bytes:
    try:
        text = _string(value).rstrip("=").translate(_STANDARD)
        return b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Wrong("base64") from None


def _integer(value: Any) -> int:
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer():
        return int(value)
    if type(value) is str and _INTEGER.fullmatch(value):
        return int(value)
    raise Wrong("integer")


def _enum(enum: EnumDescriptor) -> Convert:
    numbers = {value.name: value.number for value in enum.values}
    names = f"one of {', '.join(numbers)}"

    def read(value: Any) -> int:
        if type(value) is int:
            return value
        if type(value) is not str or value not in numbers:
            raise Wrong(names)
        return numbers[value]

    return read
