"""What deciders about projects must know besides the project."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.kit import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFacts(Facts):
    """The organisation that owns the project (or will)."""

    org_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFacts(Facts):
    """A generated client secret, hashed; empty for clients without one."""

    hashed_secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppKeyFacts(Facts):
    """The public key to add, as PEM; empty when the given one cannot be used."""

    public_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectGrantFacts(ProjectFacts):
    """Whether the organisation to grant to exists."""

    org_exists: bool = True
