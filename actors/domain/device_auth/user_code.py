"""The code a person types (RFC 8628, 6.1): no vowels, so no words; no look-alikes."""

from __future__ import annotations

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH, GROUP = 8, 4


def plain(typed: str) -> str | None:
    """Return a code as it is compared, or ``None`` for what cannot be one.

    Case, spaces and dashes do not count: people leave them out or put them elsewhere.
    """
    if len(typed) > 4 * LENGTH:
        return None
    code = "".join(each for each in typed.upper() if each not in " -\t")
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None


def shown(code: str) -> str:
    """Return a code as people read it: in groups."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))
