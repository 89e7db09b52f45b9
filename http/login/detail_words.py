"""What a client asks in detail (RFC 9396), as people are shown it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson


def detailed(details: Sequence[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each of some authorization details as its type and its members in words.

    Only what the client asks: nobody here knows what a type means, so nothing is left out.
    """
    found = [orjson.loads(each) for each in details]
    return [
        (each["type"], [(name, _said(value)) for name, value in each.items() if name != "type"])
        for each in found
    ]


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(_said, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_said(each)}" for name, each in value.items())
    return orjson.dumps(value).decode()
