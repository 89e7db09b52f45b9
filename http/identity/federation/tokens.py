"""Tokens that others signed: verified before anything of them is believed."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any

from personae.actors.domain.idp.values import Idp
from personae.actors.domain.kit import Refusal
from personae.http.identity import base64url
from personae.http.identity.federation.documents import Documents
from personae.http.identity.federation.refusals import UNREACHABLE, UNTRUSTED
from personae.http.identity.jwt import LEEWAY, Parts, Verifier, unverified

OLDEST = timedelta(hours=1)
"""How old a token may be that a JWT provider sends (security.md ZA-53)."""

_HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
TYPES = ("", "jwt")


async def id_token(
    documents: Documents,
    idp: Idp,
    keys_at: str,
    token: str,
    *,
    nonce: str,
    access_token: str,
    now: datetime,
) -> dict[str, Any]:
    """Return the claims of an ID token (OpenID Connect Core 1.0, 3.1.3.7). Raises IDP-Untrusted."""
    verifier = await _verifier(documents, keys_at, token, now)
    try:
        claims = verifier.verify(
            token,
            typ=TYPES,
            issuer=idp.issuer,
            audience=(idp.client_id,),
            required=("sub", "nonce"),
            now=now,
        )
    except Refusal as refusal:
        raise UNTRUSTED(what="id_token", why=refusal.id) from None
    if not isinstance(claims["nonce"], str) or not compare_digest(claims["nonce"], nonce):
        raise UNTRUSTED(what="id_token", why="nonce")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else idp.client_id) != idp.client_id:
        raise UNTRUSTED(what="id_token", why="azp")
    if "at_hash" in claims and claims["at_hash"] != half_hash(token, access_token):
        raise UNTRUSTED(what="id_token", why="at_hash")
    return claims


def half_hash(id_token: str, access_token: str) -> str:
    """Return the left half of the hash of an access token, by the ID token's algorithm."""
    algorithm = str(Parts.of(id_token).header.get("alg", ""))
    make = _HASHES.get(algorithm[-3:], hashlib.sha512)
    digest = make(access_token.encode()).digest()
    return base64url.encode(digest[: len(digest) // 2]).decode()


async def assertion(
    documents: Documents, idp: Idp, token: str, audience: tuple[str, ...], now: datetime
) -> dict[str, Any]:
    """Return the claims of a token that a JWT provider sent. Raises IDP-Untrusted."""
    verifier = await _verifier(documents, idp.keys_endpoint, token, now)
    try:
        claims = verifier.verify(
            token,
            typ=TYPES,
            issuer=idp.issuer,
            audience=audience,
            required=("sub",),
            max_age=OLDEST,
            now=now,
        )
    except Refusal as refusal:
        raise UNTRUSTED(what="jwt", why=refusal.id) from None
    if now > datetime.fromtimestamp(claims["iat"], UTC) + OLDEST + LEEWAY:
        raise UNTRUSTED(what="jwt", why="iat")
    return claims


async def _verifier(documents: Documents, keys_at: str, token: str, now: datetime) -> Verifier:
    try:
        named = unverified(token).key_id
    except Refusal:
        raise UNTRUSTED(what="token", why="malformed") from None
    keys = await documents.keys(keys_at, named, now)
    if not keys:
        raise UNREACHABLE(what="keys")
    return Verifier(keys.values())
