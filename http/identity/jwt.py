"""JSON Web Tokens (RFC 7519), signed, compact: made and verified, strictly (RFC 8725).

Nothing of a token is believed before its signature holds; nothing of the header ever chooses the
algorithm or brings a key. A token has one spelling only, and any refusal is one of the reasons
below, never another exception. Use ``jti`` or the claims to remember a token, not its text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from personae.actors.domain.kit import Code, reason
from personae.http.identity import base64url
from personae.http.identity.jose import PrivateKey, PublicKey

MALFORMED = reason("TOKEN-Malformed", Code.UNAUTHENTICATED)
UNKNOWN_KEY = reason("TOKEN-UnknownKey", Code.UNAUTHENTICATED)
WRONG_SIGNATURE = reason("TOKEN-WrongSignature", Code.UNAUTHENTICATED)
WRONG_TYPE = reason("TOKEN-WrongType", Code.UNAUTHENTICATED)
WRONG_CLAIM = reason("TOKEN-WrongClaim", Code.UNAUTHENTICATED)
WRONG_ISSUER = reason("TOKEN-WrongIssuer", Code.UNAUTHENTICATED)
WRONG_AUDIENCE = reason("TOKEN-WrongAudience", Code.UNAUTHENTICATED)
EXPIRED = reason("TOKEN-Expired", Code.UNAUTHENTICATED)
TOO_EARLY = reason("TOKEN-TooEarly", Code.UNAUTHENTICATED)
TOO_LONG_LIVED = reason("TOKEN-TooLongLived", Code.UNAUTHENTICATED)

MAX_TOKEN = 16 * 1024
"""Characters of a token that are read at all."""

LEEWAY = timedelta(seconds=60)
"""By how much clocks may differ (FAPI 2.0, 5.3.2.1: 10 seconds must pass, more than 60 not)."""

# Extensions nobody here understands, keys out of nowhere, unencoded payloads, encryption.
_REFUSED_HEADERS = frozenset({"crit", "jwk", "jku", "x5u", "x5c", "b64", "enc", "zip"})
_TEXTS = frozenset({"iss", "sub", "jti"})
_TIMES = frozenset({"exp", "iat", "nbf"})
_YEAR_10000 = 253_402_300_800
_INT64 = 1 << 63
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class Signer:
    """Signs tokens with one key."""

    def __init__(self, key_id: str, algorithm: str, private_key: PrivateKey | str | bytes) -> None:
        """Build the key once. Raises KEY-Invalid or KEY-Weak for a PEM that will not do."""
        if not isinstance(private_key, PrivateKey):
            private_key = PrivateKey.from_pem(algorithm, private_key)
        self.key = private_key
        self.public = private_key.public(key_id)
        self._fixed = {"alg": private_key.algorithm, "kid": key_id}

    def sign(
        self, claims: Mapping[str, Any], typ: str, headers: Mapping[str, Any] | None = None
    ) -> str:
        """Return the token. RSA blocks for 0.3 ms at 2,048 bits, the others for 0.05 ms."""
        message = self.message(claims, typ, headers)
        return (message + b"." + base64url.encode(self.key.sign(message))).decode()

    def message(
        self, claims: Mapping[str, Any], typ: str, headers: Mapping[str, Any] | None = None
    ) -> bytes:
        """Return what is signed: header and claims (RFC 7515, 5.1)."""
        header = {**(headers or {}), **self._fixed, "typ": typ}
        return (
            base64url.encode(orjson.dumps(header)) + b"." + base64url.encode(orjson.dumps(claims))
        )


@dataclass(frozen=True, slots=True)
class Unverified:
    """Who a token claims to be from: enough to look for the key, and for nothing else.

    ``parts``: the token taken apart, so that whoever verifies it need not do so again.
    """

    key_id: str | None
    algorithm: str
    issuer: str
    subject: str
    parts: Parts = field(repr=False)


class Verifier:
    """Verifies tokens against a set of keys, each with its one algorithm."""

    def __init__(self, keys: Iterable[PublicKey]) -> None:
        self.keys = {key.id: key for key in keys}

    def verify(
        self,
        token: str | Parts,
        *,
        typ: Collection[str],
        issuer: str,
        audience: Collection[str] | None,
        now: datetime,
        required: Collection[str] = (),
        max_age: timedelta | None = None,
        leeway: timedelta = LEEWAY,
        sole_audience: bool = False,
        expired: bool = False,
    ) -> dict[str, Any]:
        """Return the claims of a token, or raise a refusal ``TOKEN-…``.

        ``typ`` lists the types that will do, in lower case, ``""`` for none given. ``audience``
        lists our names: one of them must be among the token's, with ``sole_audience`` nothing
        else; ``None`` leaves that to a caller who knows the audience from elsewhere. ``iss``,
        ``aud``, ``exp`` and ``iat`` are always required, ``required`` adds to them. ``max_age``
        bounds the time from ``iat`` to ``exp``. ``expired`` lets a token pass after its time (an
        ``id_token_hint``).
        """
        parts = token if isinstance(token, Parts) else Parts.of(token)
        key = self._key(parts.header)
        if _type_of(parts.header) not in typ:
            raise WRONG_TYPE()
        if not key.verify(parts.message, parts.signature):
            raise WRONG_SIGNATURE()
        claims = parts.claims()
        _check_types(claims, {"iss", "aud", "exp", "iat", *required})
        if claims["iss"] != issuer:
            raise WRONG_ISSUER()
        if audience is not None:
            _check_audience(claims["aud"], audience, sole=sole_audience)
        _check_times(claims, now.timestamp(), leeway.total_seconds(), expired=expired)
        if max_age is not None and claims["exp"] - claims["iat"] > max_age.total_seconds():
            raise TOO_LONG_LIVED()
        return claims

    def _key(self, header: Mapping[str, Any]) -> PublicKey:
        """Return the stored key a header names; a set of one needs no name (RFC 7515 4.1.4)."""
        key_id = header.get("kid")
        if key_id is None and len(self.keys) == 1:
            key_id = next(iter(self.keys))
        if not isinstance(key_id, str) or key_id not in self.keys:
            raise UNKNOWN_KEY()
        key = self.keys[key_id]
        if header.get("alg") != key.algorithm:
            raise WRONG_SIGNATURE()
        return key


def unverified(token: str) -> Unverified:
    """Read whose token this claims to be, without believing it. Raises TOKEN-Malformed."""
    parts = Parts.of(token)
    claims, key_id = parts.claims(), parts.header.get("kid")
    texts = (parts.header.get("alg", ""), claims.get("iss", ""), claims.get("sub", ""))
    if not all(isinstance(each, str) for each in texts):
        raise MALFORMED()
    return Unverified(key_id if isinstance(key_id, str) else None, *texts, parts)


@dataclass(frozen=True, slots=True)
class Parts:
    """A compact token taken apart; the payload is parsed only after the signature holds."""

    message: bytes
    header: dict[str, Any]
    payload: bytes
    signature: bytes

    @classmethod
    def of(cls, token: str, *, brings_key: bool = False) -> Parts:
        """Take a token apart; only a proof of possession ``brings_key`` itself.

        Raises TOKEN-Malformed.
        """
        if len(token) > MAX_TOKEN:
            raise MALFORMED()
        try:
            text = token.encode("ascii")
            header, payload, signature = map(base64url.decode, text.split(b"."))
        except ValueError:  # not three parts (JWE has five), not ASCII, not canonical
            raise MALFORMED() from None
        parsed = _object(header)
        refused = _REFUSED_HEADERS - {"jwk"} if brings_key else _REFUSED_HEADERS
        if not refused.isdisjoint(parsed):
            raise MALFORMED()
        return cls(text[: text.rindex(b".")], parsed, payload, signature)

    def claims(self) -> dict[str, Any]:
        """Return the payload. Raises TOKEN-Malformed."""
        return _object(self.payload)


def _object(raw: bytes) -> dict[str, Any]:
    """Parse a JSON object that has one reading only.

    orjson refuses NaN, Infinity, 1e999, lone surrogates, other encodings and depth; the standard
    parser shows duplicate members and big integers; PostgreSQL's text takes no NUL.
    """
    try:
        orjson.loads(raw)
        parsed = _STRICT.decode(raw.decode())
    except (ValueError, RecursionError):
        raise MALFORMED() from None
    if not isinstance(parsed, dict) or (b"\\u0000" in raw and _NUL.search(raw)):
        raise MALFORMED()
    return parsed


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _int64(digits: str) -> int:
    number = int(digits)
    if not -_INT64 <= number < _INT64:
        raise ValueError("an integer beyond 64 bits")
    return number


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_int64)


def _type_of(header: Mapping[str, Any]) -> str:
    """Return ``typ`` as it is compared (RFC 7515 section 4.1.9)."""
    typ = header.get("typ", "")
    return typ.lower().removeprefix("application/") if isinstance(typ, str) else "?"


def _check_types(claims: Mapping[str, Any], required: Iterable[str]) -> None:
    for name in required:
        if (
            claims.get(name) in {None, ""}
            if not isinstance(claims.get(name), list | dict)
            else False
        ):
            raise WRONG_CLAIM(claim=name)
    for name in _TEXTS & claims.keys():
        if not isinstance(claims[name], str):
            raise WRONG_CLAIM(claim=name)
    for name in _TIMES & claims.keys():
        value = claims[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise WRONG_CLAIM(claim=name)
        if not 0 <= value < _YEAR_10000:
            raise WRONG_CLAIM(claim=name)


def _check_audience(claimed: object, ours: Collection[str], *, sole: bool) -> None:
    names = claimed if isinstance(claimed, list) else [claimed]
    if not all(isinstance(name, str) for name in names):
        raise WRONG_CLAIM(claim="aud")
    if not any(name in ours for name in names) or (sole and len(names) != 1):
        raise WRONG_AUDIENCE()


def _check_times(claims: Mapping[str, Any], now: float, leeway: float, *, expired: bool) -> None:
    if claims["exp"] + leeway <= now and not expired:
        raise EXPIRED()
    if max(claims["iat"], claims.get("nbf", 0)) > now + leeway:
        raise TOO_EARLY()
