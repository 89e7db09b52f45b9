"""Assertions that clients and machine users sign with their own keys (RFC 7523, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from personae.actors.domain.kit import Code, Refusal, reason
from personae.http.identity.jose import PublicKey
from personae.http.identity.jwt import (
    EXPIRED,
    LEEWAY,
    TOO_LONG_LIVED,
    UNKNOWN_KEY,
    WRONG_CLAIM,
    Verifier,
    unverified,
)
from personae.http.identity.replays import digest
from personae.http.oidc.call import Call
from personae.http.oidc.fapi.algorithms import allowed
from personae.http.oidc.registration.jwks import namesake

REPLAYED = reason("OIDC-AssertionReplayed", Code.UNAUTHENTICATED)

OLDEST = timedelta(hours=1)
KEYS_AT_MOST = 10_000


class StoredKey(Protocol):
    """A registered public key in PEM, with its end, and the algorithm that it is meant for."""

    @property
    def public_key(self) -> bytes:
        """The key."""
        ...

    @property
    def expires(self) -> datetime | None:
        """From when on the key counts no more."""
        ...

    @property
    def algorithm(self) -> str:
        """The one algorithm it may sign by; empty where its kind alone decides."""
        ...


claimed = lru_cache(maxsize=500)(unverified)
"""Whose assertion a text claims to be, read once; some 25 MB when all are of the longest."""


@lru_cache(maxsize=KEYS_AT_MOST)
def verifier_of(
    key_id: str, pem: bytes, *, pss: bool = False, fapi: bool = False
) -> Verifier | None:
    """Return what verifies by a registered key, parsed once; ``None`` for an unusable one.

    The key decides the algorithm; an RSA key is asked by PS256 where ``pss`` says so.
    """
    try:
        key = PublicKey.from_pem(key_id, pem)
        if pss and key.algorithm == "RS256":
            key = PublicKey.from_pem(key_id, pem, "PS256")
        return Verifier([key]) if key.algorithm in allowed(fapi=fapi) else None
    except Refusal:
        return None


async def verify(
    call: Call, assertion: str, owner: str, keys: Mapping[str, StoredKey], *, fapi: bool = False
) -> None:
    """Refuse an assertion unless ``owner`` made it about itself for this issuer, of late.

    "The JWT MUST contain an "aud" claim containing a value that identifies the authorization
    server as an intended audience": here the issuer, and nobody else. With a ``jti`` it counts
    once; without one, which is what published clients of the reference system send, it may be
    used for an hour, and is remembered. ``fapi``: only as that profile says. Raises a refusal
    ``TOKEN-…``.
    """
    now = call.services.world.now()
    verifier = verifier_for(assertion, keys, now, fapi=fapi)
    known = digest(call.issuer, owner, assertion)
    if call.provider.verified.holds(known, verifier, now):
        return
    claims = verifier.verify(
        claimed(assertion).parts,
        typ=("", "jwt", "client-authentication+jwt"),
        issuer=owner,
        audience=(call.issuer,),
        sole_audience=True,
        required=("sub",),
        now=now,
    )
    if fapi and not isinstance(claims["aud"], str):
        raise WRONG_CLAIM(claim="aud")
    if claims["sub"] != owner:
        raise WRONG_CLAIM(claim="sub")
    oldest = datetime.fromtimestamp(claims["iat"], UTC) + OLDEST
    if now > oldest:
        raise TOO_LONG_LIVED()
    if "jti" not in claims:
        until = min(oldest, datetime.fromtimestamp(claims["exp"], UTC))
        call.provider.verified.keep(known, verifier, until)
        return
    until = min(oldest, datetime.fromtimestamp(claims["exp"], UTC)) + LEEWAY
    if not await call.services.proofs.once(f"assertion {owner}", claims["jti"], until, now):
        raise REPLAYED()


def verifier_for(
    assertion: str, keys: Mapping[str, StoredKey], now: datetime, *, fapi: bool = False
) -> Verifier:
    """Return what verifies a text by the registered key it names. Raises ``TOKEN-…``.

    An RSA key signs by RS256 or PS256, as the text says, unless it is meant for one of them; with
    ``fapi`` by PS256. Both are as good; no text chooses anything else about its key.
    """
    said = claimed(assertion)
    named = said.key_id
    if named is None and len(keys) == 1:
        named = next(iter(keys))
    key = keys.get(namesake(named or "", said.algorithm)) or keys.get(named or "")
    if key is None:
        raise UNKNOWN_KEY()
    if key.expires is not None and now >= key.expires:
        raise EXPIRED()
    pss = fapi or (key.algorithm or said.algorithm) == "PS256"
    verifier = verifier_of(named or "", key.public_key, pss=pss, fapi=fapi)
    if verifier is None:
        raise UNKNOWN_KEY()
    return verifier
