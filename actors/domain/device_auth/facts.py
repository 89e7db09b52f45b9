"""What deciders about device authorizations must know besides the authorization."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from personae.actors.domain.kit import Facts, Stream
from personae.actors.domain.oidc_session.facts import Lifetimes


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveFacts(Facts):
    """The session to approve with; ``refused`` says why its user may not, or is ``None``."""

    user_id: str = ""
    auth_time: datetime | None = None
    auth_methods: tuple[str, ...] = ()
    refused: Exception | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemFacts(Facts):
    """Where the OIDC session will live, for how long, and whether its user's session still does."""

    oidc_session: Stream
    user_org_id: str
    language: str = ""
    lifetimes: Lifetimes
    session_alive: bool
