"""The texts of tokens: what a family of tokens in the log looks like to a client."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256, sha384, sha512
from typing import Any, NamedTuple

from personae.actors.aggregates.clients import Client
from personae.actors.aggregates.facts.oidc_session import lifetimes_of
from personae.actors.domain.kit import Stream
from personae.actors.domain.oidc_session.events import AccessTokenAdded
from personae.actors.domain.oidc_session.state import REFRESH, AccessToken, OIDCSession, token_of
from personae.actors.domain.project.values import TokenType
from personae.actors.domain.user.state import Machine
from personae.actors.domain.user.values import AccessTokenType
from personae.http.identity import base64url
from personae.http.identity.jwt import Signer
from personae.http.identity.live import AT_JWT, confirmation
from personae.http.identity.opaque import TokenKind
from personae.http.identity.signer import signer_of
from personae.http.oidc import claims
from personae.http.oidc.call import Call
from personae.http.oidc.custom_claims import About, Function, with_added
from personae.http.oidc.details import shown
from personae.http.oidc.roles import role_claims
from personae.http.oidc.scopes import OPENID, STANDARD

ID_TOKEN = "JWT"  # noqa: S105 — the type of ID tokens
CLIENT_CREDENTIALS = "client_credentials"
_SHA384, _SHA512 = ("ES384", "RS384"), ("ES512", "RS512", "EdDSA", "Ed25519")


class Recipient(NamedTuple):
    """Who gets the tokens, and how it wants them. ``skew`` widens them on both sides.

    ``roles_in``: the tokens that carry role claims; ``all_roles``: its project wants them
    unasked; ``fapi``: that profile says which key signs.
    """

    client_id: str
    jwt: bool
    userinfo: bool = False
    skew: timedelta = timedelta()
    project_id: str = ""
    all_roles: bool = False
    roles_in: frozenset[str] = frozenset()
    fapi: bool = False

    @classmethod
    def of_client(cls, client: Client) -> Recipient:
        """Return an application as recipient."""
        oidc = client.app.oidc
        if oidc is None:
            return cls(client.client_id, jwt=False)
        return cls(
            client.client_id,
            oidc.access_token_type is TokenType.JWT,
            oidc.id_token_userinfo_assertion,
            timedelta(microseconds=oidc.clock_skew / 1000),
            client.project_id,
            client.project.role_assertion,
            frozenset(
                (AT_JWT,) * oidc.access_token_role_assertion
                + (ID_TOKEN,) * oidc.id_token_role_assertion
            ),
            client.app.oauth.fapi,
        )

    @classmethod
    def of_machine(cls, user_id: str, machine: Machine) -> Recipient:
        """Return a machine user as recipient of its own tokens."""
        jwt = machine.access_token_type is AccessTokenType.JWT
        return cls(user_id, jwt, roles_in=frozenset((AT_JWT,)))


class Ids(NamedTuple):
    """Ids for one answer of the token endpoint."""

    family: str
    access: str
    refresh: str

    @classmethod
    def new(cls, call: Call, family: str = "") -> Ids:
        """Draw ids, for a new family unless one is given."""
        new_id = call.services.new_id
        return cls(family or f"V2_{new_id()}", f"at_{new_id()}", f"rt_{new_id()}")


def issued(events: Iterable[object]) -> AccessToken | None:
    """Return the access token that some events hand out.

    Read from the events of one's own commit: the state may have moved on since.
    """
    for event in events:
        if isinstance(event, AccessTokenAdded):
            return token_of(event)
    return None


async def family_of(call: Call, family_id: str) -> OIDCSession:
    """Return a family of tokens that tokens were just given of."""
    family: OIDCSession = await call.services.world.glance(
        Stream(call.instance_id, "oidc_session", family_id)
    )
    return family


async def token_response(
    call: Call, to: Recipient, family_id: str, access: AccessToken, refresh_id: str = ""
) -> dict[str, Any]:
    """Return what the token endpoint answers (RFC 6749, 5.1) about newly issued tokens."""
    family = await family_of(call, family_id)
    text = await _access_text(call, to, family_id, family, access)
    found: dict[str, Any] = {
        "access_token": text,
        "token_type": "DPoP" if access.dpop_jkt else "Bearer",
        "expires_in": int((access.expires - access.made_at).total_seconds()),
        "scope": " ".join(access.scope),
    }
    if access.details:
        found |= shown(access.details)
    if refresh_id:
        found["refresh_token"] = call.services.tokens.issue(
            TokenKind.REFRESH, call.instance_id, family_id, refresh_id
        )
    # OpenID Connect defines no ID token for client credentials: nobody has signed in.
    if OPENID in access.scope and access.reason != CLIENT_CREDENTIALS:
        found["id_token"] = await _id_token(call, to, family, access, text)
    return found


async def id_token_response(
    call: Call, to: Recipient, family_id: str, access: AccessToken
) -> dict[str, Any]:
    """Return what the token endpoint answers about an ID token alone (RFC 8693, 2.2.1)."""
    return {
        "access_token": await _id_token(call, to, await family_of(call, family_id), access, ""),
        "token_type": "N_A",
        "expires_in": int((await _id_token_life(call)).total_seconds()),
        "scope": " ".join(access.scope),
    }


async def direct_response(
    call: Call, to: Recipient, family_id: str, family: OIDCSession, *, token: bool
) -> dict[str, str]:
    """Return what the authorization endpoint answers in the implicit flow (OIDC Core, 3.2.2.5).

    Without an access token the ID token says all that the scopes allow (section 5.4).
    """
    access = family.access
    assert access is not None  # noqa: S101 — for the type checker; it was just handed out
    if not token:
        told = to._replace(userinfo=True)
        return {"id_token": await _id_token(call, told, family, access, "")}
    text = await _access_text(call, to, family_id, family, access)
    return {
        "access_token": text,
        "token_type": "Bearer",
        "expires_in": str(int((access.expires - access.made_at).total_seconds())),
        "scope": " ".join(access.scope),
        "id_token": await _id_token(call, to, family, access, text),
    }


async def _access_text(
    call: Call, to: Recipient, family_id: str, family: OIDCSession, access: AccessToken
) -> str:
    if not to.jwt:
        return call.services.tokens.issue(TokenKind.ACCESS, call.instance_id, family_id, access.id)
    signer = await signer_of(call.services, call.instance_id, fapi=to.fapi)
    # RFC 9068, section 3: without a named resource the issuer itself is the audience.
    found = {
        **await _about(call, to, family, access, AT_JWT),
        **_common(call, to, family, access.made_at, access.expires),
        "aud": access.audience or family.audience or (call.issuer,),
        "nbf": _seconds(access.made_at - to.skew),
        "jti": f"{family_id}-{access.id}",
        "scope": " ".join(access.scope),
    }
    if access.actors:
        found["act"] = acting(call.issuer, access.actors)
    found |= shown(access.details)
    if bound := confirmation(access):
        found["cnf"] = bound
    return await call.provider.signing.sign(signer, found, AT_JWT)


async def _id_token(
    call: Call, to: Recipient, family: OIDCSession, access: AccessToken, access_text: str
) -> str:
    """Return the ID token (OIDC Core, section 2 and 3.1.3.6)."""
    now, life = call.services.world.now(), await _id_token_life(call)
    signer = await signer_of(call.services, call.instance_id, fapi=to.fapi)
    found = {
        **await _about(call, to, family, access, ID_TOKEN),
        **_common(call, to, family, now, now + life),
        "aud": tuple(dict.fromkeys((*family.audience, to.client_id))),
        "azp": to.client_id,
    }
    if access.actors:
        found["act"] = acting(call.issuer, access.actors)
    if access_text:
        found["at_hash"] = at_hash(access_text, signer)
    # "… it SHOULD NOT have a nonce Claim" when it is refreshed (OIDC Core, 12.2).
    if family.nonce and access.reason != REFRESH:
        found["nonce"] = family.nonce
    if family.session_id:
        found["sid"] = family.session_id
    return await call.provider.signing.sign(signer, found, ID_TOKEN)


async def _id_token_life(call: Call) -> timedelta:
    stream = Stream(call.instance_id, "instance", call.instance_id)
    instance = await call.services.world.state(stream)
    return timedelta(microseconds=lifetimes_of(instance).id_token / 1000)


async def _about(
    call: Call, to: Recipient, family: OIDCSession, access: AccessToken, typ: str
) -> dict[str, Any]:
    """Return what a token says about its user.

    Scopes of the standard are answered at userinfo, unless the client wants them in ID tokens.
    """
    scope = access.scope
    if typ == AT_JWT or not to.userinfo:
        scope = tuple(each for each in scope if each not in STANDARD)
    found = await claims.userinfo(call, family.user_id, scope)
    if typ in to.roles_in:
        asked = (call, family.user_id, access.scope, to.project_id)
        found |= await role_claims(*asked, always=to.all_roles)
    function = Function.ACCESS_TOKEN if typ == AT_JWT else Function.USERINFO
    about = About(function, call.instance_id, family.user_id, to.client_id, access.scope, found)
    return await with_added(call, about)


def _common(
    call: Call, to: Recipient, family: OIDCSession, made_at: datetime, expires: datetime
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "iss": call.issuer,
        "sub": family.user_id,
        "client_id": to.client_id,
        "iat": _seconds(made_at - to.skew),
        "exp": _seconds(expires + to.skew),
    }
    if family.auth_time:
        found["auth_time"] = _seconds(family.auth_time)
    if family.auth_methods:
        found["amr"] = family.auth_methods
    return found


def acting(issuer: str, actors: Sequence[str]) -> dict[str, Any]:
    """Return the claim ``act`` (RFC 8693, 4.1): who acts, and for whom that one acted before."""
    first, *before = actors
    found: dict[str, Any] = {"iss": issuer, "sub": first}
    return {**found, "act": acting(issuer, before)} if before else found


def at_hash(access_text: str, signer: Signer) -> str:
    """Return the left half of the access token's hash (OIDC Core, 3.1.3.6)."""
    of = signer.key.algorithm
    hashed = sha384 if of in _SHA384 else sha512 if of in _SHA512 else sha256
    digest = hashed(access_text.encode()).digest()
    return base64url.encode(digest[: len(digest) // 2]).decode()


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
