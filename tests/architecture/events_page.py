"""Writes ``docs/events.md``: every event with its stored fields.

Run ``python -m tests.architecture.events_page`` after changing an event.
"""

import re
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from itertools import groupby
from typing import Any, get_args, get_type_hints

from personae.actors import domain
from personae.actors.domain.kit import EVENTS, name_of, payload_key

from tests.architecture import ROOT

PAGE = ROOT / "docs" / "events.md"
HEAD = """# Events

Every event that the log may hold, by the package of its aggregate, under the name it is stored by;
names behind it are those of older histories, which are only read. Fields are the keys of the stored
payload. A field at its default (after `=`) is left out; one without a default is always there.
Times are RFC 3339, `bytes` base64, enumerations numbers, lifetimes nanoseconds.

Made by `python -m tests.architecture.events_page`; a test keeps it fresh.
"""


def page() -> str:
    """Return the page as it should be."""
    domain.load()
    parts = [HEAD]
    ours = {cls for cls in EVENTS.values() if cls.__module__.startswith("personae.")}
    classes = sorted(ours, key=lambda cls: (cls.__module__, name_of(cls)))
    for module, events in groupby(classes, lambda cls: cls.__module__):
        parts.append(f"\n## {module.split('.')[-2]}\n\n| event | fields |\n|---|---|\n")
        parts.extend(f"| {_names(cls)} | {_fields(cls)} |\n" for cls in events)
    parts.append("\n## Values inside of events\n\n| value | fields or numbers |\n|---|---|\n")
    values = {value for cls in classes for value in _values(cls)}
    parts.extend(
        f"| `{value.__name__}` | {_described(value)} |\n"
        for value in sorted(values, key=lambda value: value.__name__)
    )
    return "".join(parts)


def _names(cls: Any) -> str:
    older = sorted(name for name, known in EVENTS.items() if known is cls and name != name_of(cls))
    return ", ".join(f"`{name}`" for name in (name_of(cls), *older))


def _fields(cls: Any) -> str:
    return ", ".join(map(_field, fields(cls))) or "none"


def _field(field: Field[Any]) -> str:
    shown = f"`{payload_key(field.name, field.metadata)}` {_type(field.type)}"
    if field.default is MISSING:
        return shown if field.default_factory is MISSING else f"{shown} = {{}}"
    default = int(field.default) if isinstance(field.default, Enum) else field.default
    plain = default if not isinstance(default, str) else f'"{default}"'
    return f"{shown} = {plain}"


def _type(annotation: Any) -> str:
    text = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return re.sub(r"\s*\|\s*", " or ", text).replace("None", "null")


def _values(cls: Any) -> Iterator[Any]:
    """Yield the dataclasses and enumerations that a class is made of."""
    for hint in get_type_hints(cls).values():
        for kind in (hint, *get_args(hint)):
            if is_dataclass(kind):
                yield kind
                yield from _values(kind)
            elif isinstance(kind, type) and issubclass(kind, Enum):
                yield kind


def _described(value: Any) -> str:
    if is_dataclass(value):
        return _fields(value)
    return ", ".join(f"{member.value} {member.name}" for member in value)


if __name__ == "__main__":
    PAGE.write_text(page())
