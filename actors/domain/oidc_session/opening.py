"""How an OIDC session begins, whatever grant it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from personae.actors.domain.kit import On
from personae.actors.domain.oidc_session import events as e
from personae.actors.domain.oidc_session.facts import Lifetimes, OpeningFacts
from personae.actors.domain.oidc_session.terms import Terms, audience_within, details_within
from personae.actors.domain.session_logout.listening import registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a new OIDC session is made of; ``refresh_token_id`` only when one is due.

    ``resources`` and ``details`` were granted, ``terms`` are those of the first token.
    """

    user_id: str
    org_id: str
    session_id: str = ""
    client_id: str = ""
    audience: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    auth_methods: tuple[str, ...] = ()
    auth_time: datetime | None = None
    nonce: str = ""
    language: str = ""
    access_token_id: str
    refresh_token_id: str = ""
    reason: str = ""
    dpop_jkt: str = ""
    actors: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    terms: Terms = Terms()


def opened(opening: Opening, lifetimes: Lifetimes, now: datetime) -> Iterator[Any]:
    """Yield the events that open an OIDC session and hand out its first tokens.

    Raises OIDCSESSION-TargetWider, OIDCSESSION-DetailsWider.
    """
    terms = opening.terms
    audience = audience_within(opening.resources, opening.audience, terms.targets)
    details = details_within(opening.details, terms.details)
    yield e.OIDCSessionAdded(
        user_id=opening.user_id,
        user_resource_owner=opening.org_id,
        session_id=opening.session_id,
        client_id=opening.client_id,
        audience=opening.audience,
        scope=opening.scope,
        auth_methods=opening.auth_methods,
        auth_time=opening.auth_time,
        nonce=opening.nonce,
        preferred_language=opening.language,
        resources=opening.resources,
        authorization_details=opening.details,
    )
    yield e.AccessTokenAdded(
        id=opening.access_token_id,
        scope=opening.scope,
        lifetime=lifetimes.access,
        reason=opening.reason,
        made_at=now,
        dpop_jkt=opening.dpop_jkt,
        actors=opening.actors,
        certificate=terms.certificate,
        audience=audience,
        authorization_details=details,
    )
    if opening.refresh_token_id:
        yield e.RefreshTokenAdded(
            id=opening.refresh_token_id,
            lifetime=lifetimes.refresh,
            idle_lifetime=lifetimes.refresh_idle,
            made_at=now,
            dpop_jkt=opening.dpop_jkt,
            certificate=terms.certificate,
        )


def handed_over(opening: Opening, facts: OpeningFacts) -> Iterator[On]:
    """Yield the same for a session that follows from what another aggregate decides.

    With it goes that the client wants to hear of the end of the user's session: a process that
    dies in between must leave neither without the other.
    """
    for event in opened(opening, facts.lifetimes, facts.now):
        yield On(facts.oidc_session, event, owner=facts.user_org_id)
    if facts.listening:
        yield from registered(facts.listening, facts)
