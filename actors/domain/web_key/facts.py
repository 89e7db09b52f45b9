"""What deciders about signing keys must know besides the key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from personae.actors.domain.kit import Facts, Stream
from personae.actors.domain.values import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPairFacts(Facts):
    """A generated key pair."""

    private_key: Sealed
    public_key: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateFacts(Facts):
    """The key to retire, if there is one: stream, version, profile, and whether it is active."""

    previous: Stream | None = None
    previous_version: int = 0
    previous_active: bool = True
    previous_profile: str = ""
