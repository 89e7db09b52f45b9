"""``dataclasses.replace`` for the records of the domain, at half of its price.

States are replaced at every event. The standard function calls ``__init__`` with every field by
name; here the slots are copied, as found out once per class.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")


class Slots(NamedTuple):
    """How to write each field of a class, by its name, and to read all of them at once."""

    write: dict[str, Callable[[Any, Any], None]]
    read: Callable[[Any], tuple[Any, ...]]


def replace(record: T, /, **changes: Any) -> T:
    """Return a record with some fields replaced. Raises ``TypeError`` for unknown ones."""
    of: Any = type(record)
    slots = _slots(of)
    if slots is None:
        return dataclasses.replace(record, **changes)  # type: ignore[type-var]
    made: T = object.__new__(of)
    for write, value in zip(slots.write.values(), slots.read(record), strict=True):
        write(made, value)
    for name, value in changes.items():
        if name not in slots.write:
            raise TypeError(f"{of.__name__} has no field {name!r}")
        slots.write[name](made, value)
    return made


@cache
def _slots(cls: Any) -> Slots | None:
    """Return the slots of a class; ``None`` where more than copying them is to be done."""
    names = [field.name for field in dataclasses.fields(cls)]
    slotted = all(hasattr(getattr(cls, name, None), "__set__") for name in names)
    if hasattr(cls, "__post_init__") or not slotted or len(names) < 2:  # noqa: PLR2004 — one value is no tuple
        return None
    return Slots({name: getattr(cls, name).__set__ for name in names}, attrgetter(*names))
