"""What deciders about targets must know besides the target."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.kit import Facts
from personae.actors.domain.values import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFacts(Facts):
    """A new signing key, and whether one's own network may be called."""

    signing_key: Sealed | None = None
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetKeyFacts(Facts):
    """The public key if it can be used, else nothing, and its fingerprint."""

    public_key: bytes
    fingerprint: str
