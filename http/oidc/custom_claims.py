"""Claims that others add: where actions take part in tokens and answers about a user.

A source is asked with what is said already, and answers with more. It can add, never replace: not
what we say, nor what a protocol gives a meaning. All sources together have ``SECONDS``; one that
fails or is late adds nothing, unless it refuses: then the client is told so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson
from personae.actors.domain.kit import Refusal

if TYPE_CHECKING:
    from personae.http.identity.live import LiveToken
    from personae.http.oidc.call import Call

logger = logging.getLogger(__name__)

SECONDS = 3.0
BYTES_AT_MOST = 16 * 1024
"""Of the added claims as JSON: tokens travel in headers."""

OURS = "urn:zitadel:iam"
RESERVED = frozenset((
    "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "act", "may_act", "cnf", "scope", "client_id",
    "azp", "nonce", "auth_time", "acr", "amr", "at_hash", "c_hash", "s_hash", "sid", "events",
    "active", "token_type", "username", "token_introspection", "authorization_details",
))  # fmt: skip
"""Names that a client reads as the provider's own word (RFC 7519, 7662, 8693, 9068; OIDC Core)."""


class Function(StrEnum):
    """When a source is asked; the names are those of the functions that executions hang on."""

    USERINFO = "preuserinfo"
    """For userinfo, introspection and ID tokens."""
    ACCESS_TOKEN = "preaccesstoken"  # noqa: S105 — a function, not a secret
    """For access tokens that are JWTs."""


@dataclass(frozen=True, slots=True)
class About:
    """What a source is told: whose claims, for which client, and what is said already."""

    function: Function
    instance_id: str
    user_id: str
    client_id: str
    scope: tuple[str, ...]
    claims: Mapping[str, Any]


Source = Callable[[About], Awaitable[Mapping[str, Any]]]
"""Returns claims to add. A refusal that it raises ends the request."""


async def added_to_token(call: Call, live: LiveToken, claims: dict[str, Any]) -> dict[str, Any]:
    """Return the claims about a token that somebody shows, with what the sources add."""
    if not call.provider.sources:
        return claims
    asked = (call.instance_id, live.user_id, live.client_id, live.scopes)
    return await with_added(call, About(Function.USERINFO, *asked, claims))


async def with_added(call: Call, about: About) -> dict[str, Any]:
    """Return the claims with what the sources add."""
    found = dict(about.claims)
    if call.provider.sources:
        more = await _asked(call.provider.sources, about)
        if len(orjson.dumps(more)) <= BYTES_AT_MOST:
            return {**found, **more, **found}
        logger.warning("added claims are left out: more than %d bytes", BYTES_AT_MOST)
    return found


async def _asked(sources: tuple[Source, ...], about: About) -> dict[str, Any]:
    found: dict[str, Any] = {}
    try:
        async with asyncio.timeout(SECONDS):
            for source in sources:
                found = {**_allowed(await _answer(source, about)), **found}
    except TimeoutError:
        logger.warning("claims of %s are late and left out", about.function)
    return found


async def _answer(source: Source, about: About) -> Mapping[str, Any]:
    try:
        answer: dict[str, Any] = orjson.loads(orjson.dumps(await source(about)))
        return dict(answer)
    except (Refusal, TimeoutError):
        raise
    except Exception:
        logger.exception("claims of %s are left out", about.function)
        return {}


def _allowed(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in claims.items()
        if name not in RESERVED and not name.startswith(OURS)
    }
