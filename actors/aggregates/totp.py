"""Codes of authenticator apps (RFC 6238): six digits, a step of thirty seconds, SHA-1."""

from __future__ import annotations

import binascii
from datetime import datetime
from hmac import compare_digest

from pyotp import TOTP, random_base32

STEP = 30
"""Seconds that a code stands for."""

LEEWAY = (0, -1, 1)
"""Steps around the present that count: clocks of telephones are not exact."""


def new_secret() -> str:
    """Make a secret of 160 bits in base32."""
    return random_base32()


def is_secret(text: str) -> bool:
    """Say whether a text can be a secret: base32 of at least 112 bits, as the library asks."""
    try:
        return bool(TOTP(text).byte_secret())
    except (binascii.Error, ValueError):
        return False


def uri(secret: str, name: str, issuer: str) -> str:
    """Return what authenticator apps read from a QR code."""
    return TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def step_of(secret: str, code: str, now: datetime) -> int:
    """Return the time step that a code belongs to, 0 for none; in constant time."""
    totp, found = TOTP(secret), 0
    present = int(now.timestamp()) // STEP
    for step in (present + each for each in LEEWAY):
        if compare_digest(totp.generate_otp(step).encode(), code.encode()):
            found = step
    return found
