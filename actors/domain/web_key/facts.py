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
    """The stream of the key that was active until now, with its version, if there is one."""

    previous: Stream | None = None
    previous_version: int = 0
