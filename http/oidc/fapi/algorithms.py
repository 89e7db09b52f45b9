"""Which signatures the profile allows (FAPI 2.0 Security Profile, 5.4.1)."""

from __future__ import annotations

from collections.abc import Collection

from personae.http.identity.jose import ALGORITHMS

FAPI = frozenset({"PS256", "ES256", "EdDSA", "Ed25519"})


def allowed(*, fapi: bool) -> Collection[str]:
    """Return the algorithms that may sign what a client sends."""
    return FAPI if fapi else ALGORITHMS
