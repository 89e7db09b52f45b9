"""States to bytes and back, with a fingerprint of the state's shape.

A snapshot is a shortcut through the log, never the truth: one that was taken by another shape of
the state (another release) is not looked at.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from hashlib import blake2s
from typing import Any, get_args, get_type_hints

import msgspec
from personae.actors.domain.kit import Kind

_encoder = msgspec.msgpack.Encoder()


def shape_of(kind: Kind[Any]) -> str:
    """Return the fingerprint of a kind's state: equal in every process of one release."""
    state_type: Any = type(kind.initial)
    return _fingerprint(state_type, kind.name, kind.revision)


def dumps(state: object) -> bytes:
    """Return a state as bytes (MessagePack)."""
    return _encoder.encode(state)


def loads(kind: Kind[Any], shape: str, state: bytes) -> Any | None:
    """Return the state that :func:`dumps` wrote, or None when its shape is not today's."""
    if shape != shape_of(kind):
        return None
    state_type: Any = type(kind.initial)
    try:
        return _decoder(state_type).decode(state)
    except (msgspec.DecodeError, ValueError):
        return None


@cache
def _decoder(state_type: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(state_type)


@cache
def _fingerprint(state_type: Any, name: str, revision: int) -> str:
    text = f"{name} {revision} {_described(state_type, set())}"
    return blake2s(text.encode(), digest_size=8).hexdigest()


def _described(kind: Any, seen: set[type]) -> str:
    """Return a type in words, with the fields of every dataclass inside it."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"{kind.__qualname__}{[member.value for member in kind]}"
    inner = ",".join(_described(argument, seen) for argument in get_args(kind))
    if not (is_dataclass(kind) and isinstance(kind, type)) or kind in seen:
        return f"{getattr(kind, '__qualname__', kind)}[{inner}]"
    seen.add(kind)
    hints = get_type_hints(kind)
    parts = [f"{field.name}:{_described(hints[field.name], seen)}" for field in fields(kind)]
    return f"{kind.__qualname__}({';'.join(parts)})"
