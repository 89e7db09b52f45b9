"""What people may see of requests and answers: everything but what would let somebody in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SECRETS = frozenset({
    "access_token", "refresh_token", "id_token", "subject_token", "actor_token", "client_secret",
    "client_assertion", "code", "code_verifier", "device_code", "assertion", "token", "password",
})  # fmt: skip
SHOWN = 4
"""Characters of a secret that are shown, so that two can be told apart."""


def mask(secret: str) -> str:
    """Return the beginning of a secret; nothing of one that is short."""
    return f"{secret[:SHOWN]}…" if len(secret) > 8 * SHOWN else "…"


def masked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters, or members of an answer, with secrets masked."""
    return {
        name: mask(value) if name in SECRETS and isinstance(value, str) else value
        for name, value in values.items()
    }


def masked_header(value: str) -> str:
    """Return a header with credentials: the scheme stays."""
    scheme, _, rest = value.partition(" ")
    return f"{scheme} {mask(rest)}"
