"""Recovery codes: made, hashed, recognised."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from hmac import compare_digest

from personae.store.generated import generate

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Thirty-two characters that nobody confuses when reading them from paper."""

GROUPS, PER_GROUP = 4, 4
"""Sixteen characters of five bits: 80 bits, more than NIST SP 800-63B-4 asks (64)."""

SALT_BYTES = 8


def make() -> str:
    """Make a code."""
    return "-".join(generate(PER_GROUP, ALPHABET) for _ in range(GROUPS))


def hashed(code: str, salt: str = "") -> str:
    """Hash a code to ``salt$hash``; one round is enough for what nobody can search."""
    salt = salt or secrets.token_hex(SALT_BYTES)
    plain = code.upper().replace("-", "").replace(" ", "")
    return f"{salt}${hashlib.sha256((salt + plain).encode()).hexdigest()}"


def match(hashes: Iterable[str], code: str) -> str:
    """Return the hash of a code among those stored, empty for none; in constant time."""
    found = ""
    for each in hashes:
        if compare_digest(each, hashed(code, each.partition("$")[0])):
            found = each
    return found
