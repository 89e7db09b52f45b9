"""What deciders about OIDC sessions must know besides the session."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.kit import Facts, Stream
from personae.actors.domain.session_logout.listening import Listening


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningFacts(Facts):
    """Where the OIDC session of a code will live, for how long, and if its user's session does.

    ``listening`` is what the client's wish to hear of the end of that session adds, if it has one.
    """

    oidc_session: Stream
    user_org_id: str
    language: str = ""
    lifetimes: Lifetimes
    session_alive: bool
    listening: Listening | None = None
