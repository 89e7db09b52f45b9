"""The keys and certificates that a client registers by value (RFC 7591, 2; RFC 8705, 2.2.2)."""

from __future__ import annotations

import contextlib
from typing import Any

from personae.actors.domain.kit import Refusal
from personae.http.identity.certificates import certificate_of
from personae.http.identity.jose import PublicKey, public_pem, thumbprint
from personae.http.oidc.errors import METADATA_INVALID

MOST = 20
LONGEST_ID = 200
PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

Keys = tuple[tuple[str, str, str], ...]
"""Id, PEM, and the algorithm that the key is meant for, if it says so (RFC 7517, 4.4)."""


def keys_of(jwks: object) -> tuple[Keys, tuple[str, ...]]:
    """Return keys, and the thumbprints of certificates among them.

    Raises OIDC-ClientMetadataInvalid.
    """
    if jwks is None:
        return (), ()
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or len(keys) > MOST:
        raise METADATA_INVALID(name="jwks")
    try:
        found = [_kept(each, *_key(each)) for each in keys if not _other_use(each)]
        certificates = [_certificate(each) for each in keys if "x5c" in each]
    except (Refusal, TypeError, IndexError):
        raise METADATA_INVALID(name="jwks") from None
    if len({id_ for id_, _, _ in found}) != len(found):
        raise METADATA_INVALID(name="jwks")
    return tuple(found), tuple(dict.fromkeys(certificates))


def usable(jwks: object) -> Keys | None:
    """Return the keys of a published set that can verify something for us.

    ``None`` for what is no key set. Keys for other uses are nobody's fault. Of keys that share an
    id, all but the first are kept by :func:`namesake`.
    """
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list):
        return None
    found: dict[str, tuple[str, str, str]] = {}
    for key in keys[:MOST]:
        with contextlib.suppress(Refusal, TypeError):
            if not _other_use(key):
                id_, public = _key(key)
                name = namesake(id_, public.algorithm) if id_ in found else id_
                found.setdefault(name, _kept(key, name, public))
    return tuple(found.values())


def namesake(key_id: str, algorithm: str) -> str:
    """Return what a key is found by that shares its id with one of another kind.

    "The verifier shall consider other JWK attributes […] when selecting the verification key"
    (FAPI 2.0 Security Profile, 5.4.3). An RSA key signs by RS256 or PS256, all others by one.
    """
    return f"{key_id}\0{algorithm.replace('PS', 'RS')}"


def _other_use(key: Any) -> bool:
    return isinstance(key, dict) and key.get("use", "sig") != "sig"


def _kept(key: dict[str, Any], name: str, public: PublicKey) -> tuple[str, str, str]:
    return name, public_pem(public).decode(), public.algorithm if key.get("alg") else ""


def _key(key: Any) -> tuple[str, PublicKey]:
    if not isinstance(key, dict) or not PRIVATE.isdisjoint(key):
        raise METADATA_INVALID(name="jwks")
    public = PublicKey.from_jwk(key)
    id_ = public.id or thumbprint(public.jwk)
    if len(id_) > LONGEST_ID or "\0" in id_:
        raise METADATA_INVALID(name="jwks")
    # RSA keys sign by PS256 or, but for FAPI, by RS256: a key has no third way.
    if public.algorithm in {"RS384", "RS512"}:
        raise METADATA_INVALID(name="jwks")
    return id_, public


def _certificate(key: dict[str, Any]) -> str:
    first = key["x5c"][0]
    if not isinstance(first, str):
        raise METADATA_INVALID(name="jwks")
    return certificate_of(first).thumbprint
