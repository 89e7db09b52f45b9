"""``dataclasses.replace`` for the records of the domain, at half of its price.

States are replaced at every event. The standard function calls ``__init__`` with every field by
name; here the slots are copied, as found out once per class.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Slots(NamedTuple):
    """How to write and to read each field of a class, by its name."""

    write: dict[str, Callable[[Any, Any], None]]
    read: tuple[Callable[[Any], Any], ...]


def replace(record: T, /, **changes: Any) -> T:
    """Return a record with some fields replaced. Raises ``TypeError`` for unknown ones."""
    of: Any = type(record)
    slots = _slots(of)
    if slots is None:
        return dataclasses.replace(record, **changes)  # type: ignore[type-var]
    made: T = object.__new__(of)
    for write, read in zip(slots.write.values(), slots.read, strict=True):
        write(made, read(record))
    for name, value in changes.items():
        if name not in slots.write:
            raise TypeError(f"{of.__name__} has no field {name!r}")
        slots.write[name](made, value)
    return made


@cache
def _slots(cls: Any) -> Slots | None:
    """Return the slots of a class; ``None`` where more than copying them is to be done."""
    names = [field.name for field in dataclasses.fields(cls)]
    found = {name: getattr(cls, name, None) for name in names}
    if hasattr(cls, "__post_init__") or not all(
        hasattr(slot, "__set__") for slot in found.values()
    ):
        return None
    return Slots(
        {name: getattr(cls, name).__set__ for name in names},
        tuple(getattr(cls, name).__get__ for name in names),
    )
