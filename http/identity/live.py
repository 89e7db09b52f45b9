"""From the text of a token to what it stands for, if that still lives.

One question for all who are shown tokens: the APIs, userinfo, introspection. Answered from actors'
memory; a token whose user, session, client or organisation has ended is no token any more.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from personae.actors.aggregates.liveness import grounds_live, living_user
from personae.actors.domain.kit import Code, Refusal, Stream
from personae.actors.domain.oidc_session.state import AccessToken, OIDCSession
from personae.actors.domain.user.state import User
from personae.http.identity.opaque import INVALID_TOKEN, TokenKind

if TYPE_CHECKING:
    from personae.http.identity.services import Services

AT_JWT = "at+jwt"
"""The type of JWT access tokens (RFC 9068, section 2.1)."""


class LiveToken(NamedTuple):
    """An access token that counts now. ``family`` is empty for personal access tokens.

    ``dpop_jkt`` names the key whose proof it needs, if it does (RFC 9449), ``certificate`` the
    certificate it must be shown with (RFC 8705); ``actors`` act for the user (RFC 8693).
    """

    kind: TokenKind
    token_id: str
    user_id: str
    user: User
    org_id: str
    client_id: str = ""
    scopes: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    made_at: datetime | None = None
    expires: datetime | None = None
    family_id: str = ""
    family: OIDCSession = OIDCSession()
    dpop_jkt: str = ""
    actors: tuple[str, ...] = ()
    certificate: str = ""
    details: tuple[str, ...] = ()


def confirmation(token: LiveToken | AccessToken) -> dict[str, str]:
    """Return the claim ``cnf`` of a token (RFC 7800): what it is bound to, empty for nothing."""
    if not (token.dpop_jkt or token.certificate):
        return {}
    bound = {"jkt": token.dpop_jkt, "x5t#S256": token.certificate}
    return {name: value for name, value in bound.items() if value}


async def live_token(services: Services, instance_id: str, text: str, issuer: str) -> LiveToken:
    """Return what an access token stands for. Raises a refusal of class UNAUTHENTICATED."""
    certain = partial(services.world.certain, instance_id)
    if text.count(".") == 2:  # noqa: PLR2004 — the parts of a signed JWT
        kind = TokenKind.ACCESS
        ids = await certain(partial(_of_jwt, services, instance_id, text, issuer))
    else:
        kind, ids = services.tokens.read(instance_id, text)
    find = _FIND.get(kind)
    if find is None:
        raise INVALID_TOKEN()
    return await certain(partial(find, services, instance_id, *ids))


async def _of_jwt(services: Services, instance_id: str, text: str, issuer: str) -> tuple[str, ...]:
    keys = await services.keys.of(instance_id)
    # The audience is not asked of the text: the family of the token has it.
    claims = keys.verifier.verify(
        text,
        typ=(AT_JWT,),
        issuer=issuer,
        audience=None,
        required=("jti",),
        now=services.world.now(),
    )
    family_id, _, token_id = str(claims["jti"]).partition("-")
    return family_id, token_id


async def _of_family(
    services: Services, instance_id: str, family_id: str, token_id: str
) -> LiveToken:
    world = services.world
    family: OIDCSession = await world.state(Stream(instance_id, "oidc_session", family_id))
    access = family.access
    now = world.now()
    if access is None or access.id != token_id or now >= access.expires:
        raise INVALID_TOKEN()
    living = await living_user(world, instance_id, family.user_id)
    if living is None or not await grounds_live(world, instance_id, family, now):
        raise INVALID_TOKEN()
    user, org_id = living
    return LiveToken(
        TokenKind.ACCESS,
        token_id,
        family.user_id,
        user,
        org_id,
        family.client_id,
        access.scope,
        access.audience or family.audience,
        access.made_at,
        access.expires,
        family_id,
        family,
        access.dpop_jkt,
        access.actors,
        access.certificate,
        access.details,
    )


async def _of_personal(
    services: Services, instance_id: str, user_id: str, token_id: str
) -> LiveToken:
    living = await living_user(services.world, instance_id, user_id)
    if living is None or living[0].machine is None:
        raise INVALID_TOKEN()
    user, org_id = living
    token = user.machine.tokens.get(token_id) if user.machine else None
    if token is None or (token.expires and services.world.now() >= token.expires):
        raise INVALID_TOKEN()
    return LiveToken(
        TokenKind.PERSONAL,
        token_id,
        user_id,
        user,
        org_id,
        scopes=token.scopes,
        expires=token.expires,
    )


_FIND: dict[TokenKind, Callable[..., Awaitable[LiveToken]]] = {
    TokenKind.ACCESS: _of_family,
    TokenKind.PERSONAL: _of_personal,
}


async def live_token_or_none(
    services: Services, instance_id: str, text: str, issuer: str
) -> LiveToken | None:
    """Return what an access token stands for, or ``None`` whatever is wrong with it.

    Raises what is not wrong with it: when it cannot be looked up.
    """
    try:
        return await live_token(services, instance_id, text, issuer)
    except Refusal as refusal:
        if refusal.code is not Code.UNAUTHENTICATED:
            raise
        return None
