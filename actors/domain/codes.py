"""One-time codes as the log holds them."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.values import Sealed


@dataclass(frozen=True, slots=True)
class SealedCode:
    """A sealed code with its life in nanoseconds."""

    code: Sealed
    expiry: int
