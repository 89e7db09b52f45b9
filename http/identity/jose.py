"""Signature keys (RFC 7517, 7518): the only module that imports python-jose.

python-jose signs and verifies RS*, ES* and HS* through key objects made once; ``cryptography`` does
PS256 and EdDSA, which it lacks. Its ``jwt`` and ``jws`` modules are not used at all: they take the
algorithm from the token, forgive malformed text, and parse the key for each call. Every key here
has exactly one algorithm, decided when it is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, cast

import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from jose import backends, jwk
from jose.exceptions import JOSEError
from personae.actors.domain.kit import Code, reason
from personae.http.identity import base64url

if {backends.RSAKey.__module__, backends.ECKey.__module__} != {
    "jose.backends.cryptography_backend"
}:  # pragma: no cover — an installation without the extra
    raise ImportError("python-jose runs without cryptography: install python-jose[cryptography]")

INVALID_KEY = reason("KEY-Invalid", Code.INVALID_ARGUMENT)
WEAK_KEY = reason("KEY-Weak", Code.INVALID_ARGUMENT)

Private: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Public: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

RSA_BITS = (2048, 3072, 4096)
_RSA_MINIMUM, _RSA_MAXIMUM = 2048, 8192
_MAX_EXPONENT = 1 << 32
_MAX_PEM = 16 * 1024

_RSA = frozenset({"RS256", "RS384", "RS512", "PS256"})
_CURVES: Mapping[str, type[Any]] = {
    "ES256": ec.SECP256R1,
    "ES384": ec.SECP384R1,
    "ES512": ec.SECP521R1,
}
_ED25519 = frozenset({"EdDSA", "Ed25519"})  # the second name is that of RFC 9864
_SECRETS = {"HS256": 32, "HS384": 48, "HS512": 64}
"""Algorithms of shared secrets, and the bytes these need at least (RFC 7518 section 3.2)."""

ALGORITHMS = (*sorted(_RSA), *_CURVES, *sorted(_ED25519))
"""The algorithms of key pairs."""


class _Signature(Protocol):
    """What signs and verifies: a key object of python-jose, or one of the two below."""

    def sign(self, message: bytes) -> bytes: ...
    def verify(self, message: bytes, signature: bytes) -> bool: ...


@dataclass(frozen=True, slots=True)
class _EdDSA:
    """Ed25519 (RFC 8037)."""

    key: Any

    def sign(self, message: bytes) -> bytes:
        return cast("bytes", self.key.sign(message))

    def verify(self, message: bytes, signature: bytes) -> bool:
        self.key.verify(signature, message)
        return True


@dataclass(frozen=True, slots=True)
class _PS256:
    """RSASSA-PSS with SHA-256 and a salt as long as the hash (RFC 7518 section 3.5)."""

    key: Any

    def sign(self, message: bytes) -> bytes:
        return cast("bytes", self.key.sign(message, _PSS, hashes.SHA256()))

    def verify(self, message: bytes, signature: bytes) -> bool:
        self.key.verify(signature, message, _PSS, hashes.SHA256())
        return True


_PSS = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=hashes.SHA256.digest_size)


def _signature(algorithm: str, key: Any) -> _Signature:
    if algorithm in _ED25519:
        return _EdDSA(key)
    if algorithm == "PS256":
        return _PS256(key)
    return cast("_Signature", jwk.construct(key, algorithm))


@dataclass(frozen=True, slots=True, eq=False)
class PublicKey:
    """A key that verifies, by one algorithm. Make it once and keep it."""

    id: str
    algorithm: str
    jwk: Mapping[str, Any] = field(repr=False)
    _signature: _Signature = field(repr=False)

    @classmethod
    def of(cls, key_id: str, key: Public, algorithm: str = "") -> PublicKey:
        """Wrap a key; without ``algorithm`` its type decides (RSA: RS256).

        Raises KEY-Invalid when the algorithm is not one of this type of key, KEY-Weak for RSA
        below 2,048 bits.
        """
        algorithm = _fitting(key, algorithm)
        described = {**_describe(key), "kid": key_id, "alg": algorithm, "use": "sig"}
        return cls(key_id, algorithm, described, _signature(algorithm, key))

    @classmethod
    def from_pem(cls, key_id: str, pem: str | bytes, algorithm: str = "") -> PublicKey:
        """Read a public key in PEM. Raises KEY-Invalid, also for a private key; KEY-Weak."""
        data = pem.encode() if isinstance(pem, str) else pem
        return cls.of(key_id, _loaded(serialization.load_pem_public_key, data), algorithm)

    @classmethod
    def from_jwk(cls, described: Mapping[str, Any], algorithm: str = "") -> PublicKey:
        """Read the public part of a JWK; its ``alg`` counts unless ``algorithm`` is given.

        Raises KEY-Invalid, also for a key whose ``use`` is not signatures; KEY-Weak.
        """
        if described.get("use", "sig") != "sig":
            raise INVALID_KEY()
        named = algorithm or described.get("alg") or ""
        key_id = described.get("kid", "")
        if not isinstance(named, str) or not isinstance(key_id, str):
            raise INVALID_KEY()
        return cls.of(key_id, _from_jwk(described), named)

    @classmethod
    def from_secret(cls, key_id: str, secret: bytes, algorithm: str = "HS256") -> PublicKey:
        """Wrap a secret shared with one other party.

        Raises KEY-Weak below the hash's length, KEY-Invalid for what is a public key in truth.
        """
        if algorithm not in _SECRETS or _is_public(secret):
            raise INVALID_KEY()
        if len(secret) < _SECRETS[algorithm]:
            raise WEAK_KEY()
        try:
            return cls(key_id, algorithm, {}, _signature(algorithm, secret))
        except JOSEError:
            raise INVALID_KEY() from None

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Tell whether this key signed the message."""
        try:
            return self._signature.verify(message, signature)
        except (InvalidSignature, JOSEError, ValueError):
            return False


@dataclass(frozen=True, slots=True, eq=False)
class PrivateKey:
    """A key that signs, by one algorithm. Make it once and keep it."""

    algorithm: str
    _key: Private = field(repr=False)
    _signature: _Signature = field(repr=False)

    @classmethod
    def of(cls, algorithm: str, key: Private) -> PrivateKey:
        """Wrap a key. Raises KEY-Invalid when it is of another type; KEY-Weak."""
        _fitting(key.public_key(), algorithm)
        return cls(algorithm, key, _signature(algorithm, key))

    @classmethod
    def from_pem(cls, algorithm: str, pem: str | bytes) -> PrivateKey:
        """Read a private key of our own in PEM, without password. Raises KEY-Invalid; KEY-Weak.

        The costly consistency check of RSA (50 ms) is left out: such a key was sealed by us.
        """
        data = pem.encode() if isinstance(pem, str) else pem
        return cls.of(algorithm, _loaded(_private_pem, data))

    @classmethod
    def generate(cls, algorithm: str, bits: int = 2048) -> PrivateKey:
        """Make a new key; ``bits`` count for RSA. Blocks: RSA needs 50 ms to a second.

        Raises KEY-Invalid for an unknown algorithm or other bits than 2048, 3072, 4096.
        """
        if algorithm in _RSA and bits in RSA_BITS:
            return cls.of(algorithm, rsa.generate_private_key(65537, bits))
        if algorithm in _CURVES:
            return cls.of(algorithm, ec.generate_private_key(_CURVES[algorithm]()))
        if algorithm in _ED25519:
            return cls.of(algorithm, ed25519.Ed25519PrivateKey.generate())
        raise INVALID_KEY()

    def pem(self) -> bytes:
        """Return the key as PKCS #8 in PEM: to be sealed, never to be shown."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def public(self, key_id: str = "") -> PublicKey:
        """Return the public half; its id is the JWK thumbprint unless one is given."""
        key = self._key.public_key()
        return PublicKey.of(key_id or thumbprint(_describe(key)), key, self.algorithm)

    def sign(self, message: bytes) -> bytes:
        """Return the signature, in the form JOSE wants."""
        return self._signature.sign(message)


def public_pem(key: PublicKey) -> bytes:
    """Return a public key as SubjectPublicKeyInfo in PEM."""
    public: Public = _from_jwk(key.jwk)
    return public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


_REQUIRED_MEMBERS = ("crv", "e", "kty", "n", "x", "y")


def thumbprint(described: Mapping[str, Any]) -> str:
    """Return the JWK thumbprint (RFC 7638, SHA-256): a key's name made of the key."""
    members = {
        name: described[name] for name in ("crv", "e", "kty", "n", "x", "y") if name in described
    }
    canonical = orjson.dumps(members, option=orjson.OPT_SORT_KEYS)
    return base64url.encode(hashlib.sha256(canonical).digest()).decode()


def jwks(keys: Iterable[PublicKey]) -> dict[str, Any]:
    """Return the JWK set of some public keys (RFC 7517 section 5); secrets are left out."""
    return {"keys": [dict(key.jwk) for key in keys if key.jwk]}


def _fitting(key: object, algorithm: str) -> str:
    """Return the algorithm a public key verifies by, when it is strong enough and of its type."""
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < _RSA_MINIMUM:
            raise WEAK_KEY()
        if key.key_size > _RSA_MAXIMUM or key.public_numbers().e > _MAX_EXPONENT:
            raise INVALID_KEY()
        fitting = {algorithm or "RS256"} & _RSA
    elif isinstance(key, ec.EllipticCurvePublicKey):
        fitting = {name for name, curve in _CURVES.items() if isinstance(key.curve, curve)}
    elif isinstance(key, ed25519.Ed25519PublicKey):
        fitting = {algorithm or "EdDSA"} & _ED25519
    else:
        fitting = set()
    if not fitting or (algorithm and algorithm not in fitting):
        raise INVALID_KEY()
    return fitting.pop()


def _loaded(load: Callable[[bytes], Any], pem: bytes) -> Any:
    if len(pem) > _MAX_PEM:
        raise INVALID_KEY()
    try:
        return load(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise INVALID_KEY() from None


def _is_public(secret: bytes) -> bool:
    """Recognise a public key in DER; PEM and OpenSSH text python-jose refuses itself."""
    try:
        serialization.load_der_public_key(secret)
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _private_pem(pem: bytes) -> Any:
    return serialization.load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)


def _describe(key: Any) -> dict[str, Any]:
    """Return the public members of a key's JWK."""
    if isinstance(key, ed25519.Ed25519PublicKey):
        x = base64url.encode(key.public_bytes_raw()).decode()
        return {"kty": "OKP", "crv": "Ed25519", "x": x}
    algorithm = "RS256" if isinstance(key, rsa.RSAPublicKey) else _fitting(key, "")
    return {k: v for k, v in jwk.construct(key, algorithm).to_dict().items() if k != "alg"}


_JOSE_ALGORITHM = {"RSA": "RS256", "EC": "ES256"}


def _from_jwk(described: Mapping[str, Any]) -> Any:
    """Return the public key that a JWK describes."""
    public = {k: described[k] for k in ("kty", "crv", "x", "y", "n", "e") if k in described}
    if not all(isinstance(value, str) and len(value) <= _MAX_PEM for value in public.values()):
        raise INVALID_KEY()
    try:
        if public.get("kty") == "OKP" and public.get("crv") == "Ed25519":
            x = base64url.decode(public["x"].encode())
            return ed25519.Ed25519PublicKey.from_public_bytes(x)
        return jwk.construct(public, _JOSE_ALGORITHM[public["kty"]]).prepared_key
    except (KeyError, ValueError, TypeError, AttributeError, JOSEError, UnsupportedAlgorithm):
        raise INVALID_KEY() from None
