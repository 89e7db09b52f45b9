"""States to bytes and back, with a fingerprint of the state's shape.

A snapshot is a shortcut through the log, never the truth: one that was taken by another shape of
the state, or by who knew other events (another release), is not looked at.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from hashlib import blake2s
from typing import Any, get_args, get_type_hints

import msgspec
from personae.actors.domain.kit import Kind, name_of
from personae.store.log import Snapshot

_encoder = msgspec.msgpack.Encoder()


@cache
def shape_of(kind: Kind[Any]) -> str:
    """Return the fingerprint of a kind's state: equal in every process of one release.

    The events that change it count: who does not know one yet passes over it, and what it then
    keeps would never be put right.
    """
    names = sorted(name_of(event) for event in kind.heeded)
    text = f"{kind.name} {kind.revision} {names} {_described(type(kind.initial), set())}"
    return blake2s(text.encode(), digest_size=8).hexdigest()


def dumps(snapshot: Snapshot) -> bytes:
    """Return a snapshot as bytes (MessagePack), without its sequence."""
    kept = snapshot
    return _encoder.encode(
        (kept.position, kept.owner, kept.created_at, kept.changed_at, kept.state)
    )


def loads(kind: Kind[Any], sequence: int, shape: str, kept: bytes) -> Snapshot | None:
    """Return the snapshot that :func:`dumps` wrote, or None when its shape is not today's."""
    if shape != shape_of(kind):
        return None
    state_type: Any = type(kind.initial)
    try:
        return Snapshot(sequence, *_decoder(state_type).decode(kept))
    except (msgspec.DecodeError, ValueError):
        return None


@cache
def _decoder(state_type: Any) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(tuple[int, str, datetime, datetime, state_type])


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
