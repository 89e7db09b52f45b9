"""What the settings are and where each came from, with nothing secret in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from personae.config.fields import Key, dotted, plain
from personae.config.load import Loaded, shape
from pydantic import SecretStr

MASK = "********"
IN_URL = re.compile(r"(//[^:/@]*:).+@")
IN_WORDS = re.compile(r"(password\s*=\s*)('[^']*'|[^&\s]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shown:
    """One line of ``personae config show``."""

    key: str
    value: Any
    origin: str


def shown(loaded: Loaded) -> Iterator[Shown]:
    """Every setting in the order of the documentation."""
    for key in shape().fields:
        yield Shown(dotted(key), _masked(key, _value(loaded, key)), loaded.entries[key].origin)


def _value(loaded: Loaded, key: Key) -> Any:
    value: Any = loaded.settings
    for name in key:
        value = getattr(value, name)
    return value


def _masked(key: Key, value: Any) -> Any:
    if not isinstance(value, SecretStr):
        return plain(value)
    if key == ("database",):
        return address(value.get_secret_value())
    return MASK


def address(database: str) -> str:
    """A database's address without its password, fit for the banner and for logs."""
    return IN_WORDS.sub(rf"\g<1>{MASK}", IN_URL.sub(rf"\g<1>{MASK}@", database))
