"""Tokens taken apart: what is in them, why, and whether the published keys verify them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from personae.actors.domain.kit import Refusal
from personae.http.identity.jose import PublicKey
from personae.http.identity.jwt import Parts
from personae.http.playground.why import Why, why


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim with its reason."""

    name: str
    value: Any
    why: Why


@dataclass(frozen=True, slots=True)
class Decoded:
    """A token, or an answer about one, as it reads.

    ``kind``: access_token, id_token, userinfo or introspection; without ``header`` it is opaque,
    or not signed. ``verified`` is ``None`` where there is no signature.
    """

    kind: str
    header: Mapping[str, Any]
    claims: tuple[Claim, ...]
    verified: bool | None = None


def decoded(kind: str, text: str, keys: Iterable[Any], granted: Collection[str]) -> Decoded:
    """Take a token apart; an opaque one has no parts."""
    try:
        parts = Parts.of(text)
        claims = parts.claims()
    except Refusal:
        return Decoded(kind, {}, ())
    return Decoded(kind, parts.header, explained(kind, claims, granted), _verified(parts, keys))


def explained(kind: str, claims: Mapping[str, Any], granted: Collection[str]) -> tuple[Claim, ...]:
    """Return claims with their reasons."""
    return tuple(Claim(name, value, why(name, kind, granted)) for name, value in claims.items())


def _verified(parts: Parts, keys: Iterable[Any]) -> bool:
    named = [
        key
        for key in keys
        if isinstance(key, Mapping) and key.get("kid") == parts.header.get("kid")
    ]
    try:
        key = PublicKey.from_jwk(named[0]) if named else None
    except Refusal:
        return False
    if key is None or parts.header.get("alg") != key.algorithm:
        return False
    return key.verify(parts.message, parts.signature)
