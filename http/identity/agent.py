"""The browser: which sessions it holds, kept in one sealed cookie.

The cookie itself is the list; there is no server-side record under an id that somebody could plant.
A browser holds exactly those sessions whose tokens are in its own cookie.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from aiohttp import web
from personae.actors.domain.kit import Stream
from personae.actors.domain.session.state import Session
from personae.http.identity import base64url
from personae.store.crypto import Area, CannotOpen

if TYPE_CHECKING:
    from personae.actors.aggregates.world import World
    from personae.http.identity.services import Services

SESSIONS_AT_MOST = 20
LONGEST_COOKIE = 4096
LIFE_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Held:
    """A session this browser holds, with the id of the session token it was given."""

    session_id: str
    token_id: str


@dataclass(frozen=True, slots=True)
class Agent:
    """What a browser's cookie says; the session used last comes first."""

    sessions: tuple[Held, ...] = ()

    def holding(self, held: Held) -> Agent:
        """Return the agent with a session added or its token renewed."""
        others = self.without(held.session_id).sessions
        return Agent((held, *others)[:SESSIONS_AT_MOST])

    def without(self, session_id: str) -> Agent:
        """Return the agent without a session."""
        return Agent(tuple(each for each in self.sessions if each.session_id != session_id))

    def held(self, session_id: str) -> Held | None:
        """Return a session this browser holds."""
        return next((each for each in self.sessions if each.session_id == session_id), None)


def cookie_name(services: Services) -> str:
    """Return the cookie's name; ``__Host-`` binds it to this host where the site is secure."""
    return "__Host-personae.agent" if services.origins.secure else "personae.agent"


def state_cookie_name(services: Services) -> str:
    """Return the name of the cookie that changes with the sessions of the browser."""
    return "__Host-personae.state" if services.origins.secure else "personae.state"


def agent_of(request: web.Request, services: Services, instance_id: str) -> Agent:
    """Return what the browser of a request holds; anything unreadable counts as nothing."""
    text = request.cookies.get(cookie_name(services), "")
    if not text or len(text) > LONGEST_COOKIE:
        return Agent()
    try:
        sealed = base64url.decode(text.encode("ascii"))
        plain = services.world.keyring.open_bytes(Area.COOKIE, sealed, instance_id)
        return Agent(tuple(Held(*each) for each in orjson.loads(plain)))
    except (ValueError, TypeError, CannotOpen):
        return Agent()


def keep(
    response: web.StreamResponse,
    agent: Agent,
    services: Services,
    instance_id: str,
    same_site: str = "Lax",
) -> None:
    """Give the browser its cookie anew; sealed afresh each time, so its value never repeats."""
    plain = orjson.dumps([(each.session_id, each.token_id) for each in agent.sessions])
    sealed = services.world.keyring.seal_bytes(Area.COOKIE, plain, instance_id)
    response.set_cookie(
        cookie_name(services),
        base64url.encode(sealed).decode(),
        max_age=LIFE_SECONDS,
        path="/",
        secure=services.origins.secure,
        httponly=True,
        samesite=same_site,
    )
    if services.session_state:
        _renew_state(response, services)


def _renew_state(response: web.StreamResponse, services: Services) -> None:
    """Let clients notice (Session Management 1.0, 3.2): read by our page in frames of theirs."""
    secure = services.origins.secure
    response.set_cookie(
        state_cookie_name(services),
        secrets.token_urlsafe(16),
        max_age=LIFE_SECONDS,
        path="/",
        secure=secure,
        samesite="None" if secure else "Lax",
    )


async def living(agent: Agent, services: Services, instance_id: str) -> list[tuple[Held, Session]]:
    """Return the sessions of a browser that count now and whose newest token it holds."""
    world = services.world
    heard = world.heard(instance_id)
    found = await _living(agent, world, instance_id)
    # A token that is newer than our memory was given by another process, a moment ago.
    if len(found) < len(agent.sessions) and await world.learned(instance_id, heard):
        found = await _living(agent, world, instance_id)
    return found


async def _living(agent: Agent, world: World, instance_id: str) -> list[tuple[Held, Session]]:
    now = world.now()
    states = [
        (each, await world.state(Stream(instance_id, "session", each.session_id)))
        for each in agent.sessions
    ]
    return [
        (held, session)
        for held, session in states
        if session.alive(now) and session.token_id == held.token_id
    ]
