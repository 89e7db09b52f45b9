"""Secrets that the server makes itself: codes, client secrets, and the fast hashes of long ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType

SYMBOLS = "!#$%&*+-.:=?@^_~"
"""Symbols that survive a shell's quotes, an URL form field and a person reading them aloud."""

MAX_LENGTH = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """How one kind of secret is made, and how long it lives (``None``: as long as it is kept)."""

    length: int
    expiry: timedelta | None = None
    lower: bool = False
    upper: bool = False
    digits: bool = True
    symbols: bool = False

    @property
    def alphabet(self) -> str:
        """The characters that may occur."""
        sets = (
            (self.lower, string.ascii_lowercase),
            (self.upper, string.ascii_uppercase),
            (self.digits, string.digits),
            (self.symbols, SYMBOLS),
        )
        return "".join(characters for wanted, characters in sets if wanted)

    def make(self) -> str:
        """Make a secret by the system's random generator."""
        return generate(self.length, self.alphabet)


_HOUR, _DAYS_3 = timedelta(hours=1), timedelta(hours=72)
_CODE = Generator(length=6, expiry=_HOUR, upper=True)
_OTP = Generator(length=8, expiry=timedelta(minutes=5))

GENERATORS: Mapping[str, Generator] = MappingProxyType(
    {
        "init_code": Generator(length=6, expiry=_DAYS_3, upper=True),
        "verify_email_code": _CODE,
        "verify_phone_code": _CODE,
        "verify_domain": Generator(length=32, lower=True, upper=True),
        "password_reset_code": _CODE,
        "passwordless_init_code": Generator(length=12, expiry=_HOUR, lower=True, upper=True),
        "app_secret": Generator(length=64, lower=True, upper=True),
        "otp_sms": _OTP,
        "otp_email": _OTP,
        "invite_code": Generator(length=6, expiry=_DAYS_3, upper=True),
        "signing_key": Generator(length=36, lower=True, upper=True),
    }
)
"""What an instance starts with; the names are those of the API's ``SecretGeneratorType``."""


def generate(length: int, alphabet: str) -> str:
    """Make a random text. Raises ``ValueError`` without alphabet or length, or above 256."""
    if not 1 <= length <= MAX_LENGTH or not alphabet:
        raise ValueError("a secret needs 1 to 256 characters of some alphabet")
    return "".join(secrets.choice(alphabet) for _ in range(length))


# Hashes of generated secrets. They hold more entropy than anyone can search, so that one salted
# SHA-256 is enough, and each call of a client costs a microsecond instead of a password hash.
_FAST = re.compile(r"\$sha256\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})")
_FAST_MINIMUM = 32
_SALT_BYTES = 16


def fast_hash(secret: str, salt: bytes | None = None) -> str:
    """Hash a generated secret to ``$sha256$salt$hash``.

    Raises ``ValueError`` below 32 characters: what can be guessed needs ``store.passwords``.
    """
    if len(secret) < _FAST_MINIMUM:
        raise ValueError("too short for a fast hash")
    salt = secrets.token_bytes(_SALT_BYTES) if salt is None else salt
    return f"$sha256${_b64(salt)}${_b64(_digest(salt, secret))}"


def is_fast(encoded: str) -> bool:
    """Tell whether a stored hash is one of :func:`fast_hash`."""
    return _parts(encoded) is not None


def fast_verify(encoded: str, secret: str) -> bool:
    """Compare a secret with its fast hash in constant time; ``False`` for any other hash."""
    parts = _parts(encoded)
    return parts is not None and hmac.compare_digest(parts[1], _digest(parts[0], secret))


@lru_cache(maxsize=10_000)
def _parts(encoded: str) -> tuple[bytes, bytes] | None:
    """Return salt and hash of a fast hash, read once: a client's every call compares with it."""
    match = _FAST.fullmatch(encoded)
    return match and (base64.b64decode(match[1] + "=="), base64.b64decode(match[2] + "="))


def _digest(salt: bytes, secret: str) -> bytes:
    return hashlib.sha256(salt + secret.encode("utf-8", "surrogatepass")).digest()


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")
