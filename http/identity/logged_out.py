"""What the page after signing out is told: which sessions ended, and where the browser goes next.

Sealed, since whoever asks for that page may be led there by anybody: no address of somebody else is
loaded or linked. Clients that want to hear of it in the browser are loaded in frames there (OpenID
Connect Front-Channel Logout 1.0).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import orjson
from personae.actors.aggregates.clients import client_of
from personae.actors.domain.kit import Stream
from personae.actors.domain.project.redirects import loadable
from personae.actors.domain.session_logout.state import SessionLogout
from personae.http.identity import base64url
from personae.http.identity.authorization_answer import with_query
from personae.store.crypto import Area, CannotOpen

if TYPE_CHECKING:
    from personae.http.identity.services import Services

PAGE = "/ui/login/logout/done"
PARAMETER = "ended"
LONGEST = 8 * 1024
LIFE = timedelta(minutes=5)
FRAMES_AT_MOST = 50
_PURPOSE = "logged out {}"


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """The sessions that ended, and where to go on; empty to stay."""

    sessions: tuple[str, ...] = ()
    then: str = ""


async def location(
    services: Services, instance_id: str, sessions: Sequence[str], then: str = ""
) -> str:
    """Return where a browser goes after sessions ended: by the page if a client is to be told."""
    if not await frames(services, instance_id, sessions):
        return then or PAGE
    until = services.world.now() + LIFE
    plain = orjson.dumps([sessions, "" if then == PAGE else then, until.timestamp()])
    purpose = _PURPOSE.format(instance_id)
    sealed = services.world.keyring.seal_bytes(Area.COOKIE, plain, purpose)
    return with_query(PAGE, {PARAMETER: base64url.encode(sealed).decode()})


def read(services: Services, instance_id: str, text: str) -> LoggedOut:
    """Return what the page was told lately; nothing for anything else."""
    if not 0 < len(text) <= LONGEST:
        return LoggedOut()
    try:
        sealed = base64url.decode(text.encode("ascii"))
        purpose = _PURPOSE.format(instance_id)
        plain = services.world.keyring.open_bytes(Area.COOKIE, sealed, purpose)
    except (ValueError, CannotOpen):
        return LoggedOut()
    sessions, then, until = orjson.loads(plain)
    late = services.world.now() >= datetime.fromtimestamp(until, services.world.now().tzinfo)
    return LoggedOut() if late else LoggedOut(tuple(sessions), then)


async def frames(services: Services, instance_id: str, sessions: Iterable[str]) -> list[str]:
    """Return what to load: each client's own address, with ``iss`` and ``sid`` (section 2)."""
    found: list[str] = []
    for session_id in sessions:
        stream = Stream(instance_id, "session_logout", session_id)
        logout: SessionLogout = await services.world.state(stream)
        for client_id, issuer in logout.front.items():
            uri = await _registered(services, instance_id, client_id)
            if uri:
                found.append(with_query(uri, {"iss": issuer, "sid": session_id}))
    return found[:FRAMES_AT_MOST]


async def _registered(services: Services, instance_id: str, client_id: str) -> str:
    """Return what a client has registered now, if it is its own place yet."""
    client = await client_of(services.world, instance_id, client_id)
    if client is None or client.app.oidc is None:
        return ""
    uri, oidc = client.app.oauth.front_channel_logout_uri, client.app.oidc
    return uri if uri and loadable(uri, oidc.redirect_uris, dev_mode=oidc.dev_mode) else ""
