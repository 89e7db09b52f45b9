"""What deciders about OIDC sessions must know besides the session."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.kit import Facts


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long tokens live, in nanoseconds."""

    access: int
    id_token: int
    refresh_idle: int
    refresh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts(Facts):
    """Lifetimes, and whether the user, session, client and organisation behind still live."""

    lifetimes: Lifetimes
    alive: bool = True
