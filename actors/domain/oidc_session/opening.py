"""How an OIDC session begins, whatever grant it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from personae.actors.domain.oidc_session import events as e
from personae.actors.domain.oidc_session.facts import Lifetimes


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a new OIDC session is made of; ``refresh_token_id`` only when one is due."""

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


def opened(opening: Opening, lifetimes: Lifetimes, now: datetime) -> Iterator[Any]:
    """Yield the events that open an OIDC session and hand out its first tokens."""
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
    )
    yield e.AccessTokenAdded(
        id=opening.access_token_id,
        scope=opening.scope,
        lifetime=lifetimes.access,
        reason=opening.reason,
        made_at=now,
        dpop_jkt=opening.dpop_jkt,
        actors=opening.actors,
    )
    if opening.refresh_token_id:
        yield e.RefreshTokenAdded(
            id=opening.refresh_token_id,
            lifetime=lifetimes.refresh,
            idle_lifetime=lifetimes.refresh_idle,
            made_at=now,
            dpop_jkt=opening.dpop_jkt,
        )
