"""What deciders about sign-ins elsewhere must know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from personae.actors.domain.kit import Facts
from personae.actors.domain.values import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class StartFacts(Facts):
    """Whether the provider exists; the proof, sealed.

    ``ours``: our own pages start it, and may send people to themselves, also by http.
    """

    known: bool
    ours: bool = False
    proof: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFacts(Facts):
    """When it began, who is linked to the account elsewhere, and the tokens, sealed."""

    started: datetime
    user_id: str = ""
    access_token: Sealed | None = None
    id_token: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumeFacts(Facts):
    """Who is linked now, and whether that user's organisation lets people come that way."""

    linked: str
    allowed: bool
