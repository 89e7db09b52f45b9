"""DPoP (RFC 9449): a token is good only with a proof, made for this request, of its key."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson
from personae.actors.domain.kit import Code, Refusal, reason
from personae.http.identity import base64url
from personae.http.identity.jose import ALGORITHMS, PublicKey, thumbprint
from personae.http.identity.jwt import LEEWAY, Parts
from personae.http.identity.replays import Replays
from personae.http.wire.faults import CHALLENGES

PROOF_INVALID = reason("TOKEN-ProofInvalid", Code.UNAUTHENTICATED)
CHALLENGES[PROOF_INVALID.id] = (  # 7.1
    f'DPoP realm="api", error="invalid_dpop_proof", algs="{" ".join(ALGORITHMS)}"'
)

HEADER = "DPoP"
TYPE = "dpop+jwt"
OLDEST = timedelta(seconds=60)
LONGEST_ID = 256
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that is right, if it is the first: ``key`` is a thumbprint (RFC 7638)."""

    key: str
    algorithm: str
    id: str
    until: datetime


async def use(proof: Proof, seen: Replays, now: datetime) -> None:
    """Let a proof count (11.1). Raises TOKEN-ProofInvalid when it did, in whatever process."""
    if not await seen.once(proof.key, proof.id, proof.until, now):
        raise PROOF_INVALID(cause="replay")


def proved(
    text: str,
    *,
    method: str,
    url: str,
    now: datetime,
    token: str = "",
    algorithms: Collection[str] = ALGORITHMS,
) -> Proof:
    """Return a proof that is right in itself (section 4.3).

    ``token`` is the access token shown beside it, ``algorithms`` are those that will do. Raises
    TOKEN-ProofInvalid with ``cause``.
    """
    key, claims = _verified(text, algorithms)
    if claims.get("htm") != method:
        raise PROOF_INVALID(cause="htm")
    if _plain(claims.get("htu")) != _plain(url):
        raise PROOF_INVALID(cause="htu")
    if token and claims.get("ath") != _hash(token):
        raise PROOF_INVALID(cause="ath")
    if "nonce" in claims:  # we give none, so that it is of somebody else (section 8)
        raise PROOF_INVALID(cause="nonce")
    _check_times(claims, now)
    id_ = claims.get("jti")
    if not isinstance(id_, str) or not 0 < len(id_) <= LONGEST_ID:
        raise PROOF_INVALID(cause="jti")
    return Proof(thumbprint(key.jwk), key.algorithm, id_, now + OLDEST + 2 * LEEWAY)


def _verified(text: str, algorithms: Collection[str]) -> tuple[PublicKey, dict[str, Any]]:
    try:
        parts = Parts.of(text, brings_key=True)
        claims = parts.claims()
    except Refusal:
        raise PROOF_INVALID(cause="form") from None
    header = parts.header
    if not isinstance(header.get("typ"), str) or header["typ"].lower() != TYPE:
        raise PROOF_INVALID(cause="typ")
    if header.get("alg") not in algorithms:
        raise PROOF_INVALID(cause="alg")
    jwk = header.get("jwk")
    if not isinstance(jwk, Mapping) or not _PRIVATE.isdisjoint(jwk):
        raise PROOF_INVALID(cause="jwk")
    key = _key(header["alg"], orjson.dumps(jwk))
    if key is None:
        raise PROOF_INVALID(cause="jwk")
    if not key.verify(parts.message, parts.signature):
        raise PROOF_INVALID(cause="signature")
    return key, claims


@lru_cache(maxsize=5_000)
def _key(algorithm: str, jwk: bytes) -> PublicKey | None:
    try:
        return PublicKey.from_jwk(orjson.loads(jwk), algorithm)
    except Refusal:
        return None


def _plain(url: object) -> tuple[str, str | None, int | None, str] | None:
    """Return what is compared of a URL: all but query and fragment (section 4.3, 9)."""
    if not isinstance(url, str):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port, parts.path


def _hash(token: str) -> str:
    return base64url.encode(hashlib.sha256(token.encode()).digest()).decode()


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    """Refuse what was not made of late, or says that it does not count now (RFC 7519, 4.1)."""
    if not now - OLDEST - LEEWAY <= _moment(claims, "iat", now) <= now + LEEWAY:
        raise PROOF_INVALID(cause="iat")
    if "nbf" in claims and _moment(claims, "nbf", now) > now + LEEWAY:
        raise PROOF_INVALID(cause="nbf")
    if "exp" in claims and _moment(claims, "exp", now) <= now - LEEWAY:
        raise PROOF_INVALID(cause="exp")


def _moment(claims: Mapping[str, Any], name: str, now: datetime) -> datetime:
    seconds = claims.get(name)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise PROOF_INVALID(cause=name)
    try:
        return datetime.fromtimestamp(seconds, now.tzinfo)
    except (OverflowError, ValueError, OSError):
        raise PROOF_INVALID(cause=name) from None
