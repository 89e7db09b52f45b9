"""What deciders about key pairs must know besides those there are."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.kit import Facts
from personae.actors.domain.values import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPair(Facts):
    """A pair made just now: its key sealed, its certificate (DER); nothing where none is due."""

    private_key: Sealed | None = None
    certificate: bytes = b""
