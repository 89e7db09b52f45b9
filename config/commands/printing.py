"""What commands print: tables for people, JSON for programs, never a secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import click
import orjson
from personae.actors.domain.values import Sealed
from personae.config.logs import MASK, WORD, is_secret

HASHES = frozenset({"hash", "hashed", "crypted", "sealed"})


def print_json(value: object) -> None:
    """Print a value as one indented JSON document."""
    click.echo(orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2).decode())


def print_line(value: object) -> None:
    """Print a value as one line of JSON."""
    click.echo(orjson.dumps(value, default=_plain).decode())


def print_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows in columns; numbers stand to the right."""
    cells = [[_shown(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    numeric = [
        bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        for index in range(len(heads))
    ]
    for line in ([name.upper() for name in heads], *cells):
        parts = [
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ]
        click.echo("  ".join(parts).rstrip())


def _shown(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)


def masked(value: Any, path: str = "") -> Any:
    """Return a value as JSON can hold it, with secrets masked: texts whose path names a secret.

    Numbers, times and truth values are shown: that a password must be changed is no secret.
    """
    inner = _inside(value)
    if inner is not None:
        return {key: masked(item, f"{path}.{key}") for key, item in inner.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(item, path) for item in value]
    if isinstance(value, Enum):
        return value.name
    secret = isinstance(value, Sealed | bytes)
    if secret or (isinstance(value, str) and any(map(hides, path.split(".")))):
        return MASK if value else ""
    return value


def _inside(value: Any) -> dict[str, Any] | None:
    """Return the named parts of a value that has such."""
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, Sealed | type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return None


def hides(name: str) -> bool:
    """Say whether texts under a name are for nobody's eyes."""
    words = {word.lower() for word in WORD.findall(name)}
    return is_secret(name) or not HASHES.isdisjoint(words)


def _plain(value: object) -> object:
    return masked(value) if is_dataclass(value) else str(value)
