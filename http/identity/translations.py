"""Texts over texts: an instance's and an organisation's own words in place of the shipped ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return two trees of texts as one; where both speak, the one above does."""
    both = dict(below)
    for name, value in above.items():
        under = both.get(name)
        nested = isinstance(under, Mapping) and isinstance(value, Mapping)
        both[name] = merged(under, value) if nested else value  # type: ignore[arg-type]
    return both


def replaced(texts: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return texts with some replaced: texts by texts only, so that a page never lacks one."""
    if not own:
        return texts
    return {name: _text(value, own.get(name)) for name, value in texts.items()}


def _text(text: Any, own: Any) -> Any:
    if isinstance(text, Mapping) and isinstance(own, Mapping):
        return replaced(text, own)
    return own if isinstance(text, str) and isinstance(own, str) else text
