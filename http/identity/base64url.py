"""base64url without padding (RFC 7515 section 2), strict: one text for each bytes value.

The standard library forgives foreign characters and unused trailing bits, so that one signature or
token has many spellings. Here a text that is not exactly what :func:`encode` makes is refused.
"""

from __future__ import annotations

import binascii

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/", b"+/!!")


def encode(data: bytes) -> bytes:
    """Return the only spelling of some bytes."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL)


def decode(text: bytes) -> bytes:
    """Return the bytes. Raises ``ValueError`` for any spelling but the canonical one."""
    padded = text.translate(_FROM_URL) + b"=" * (-len(text) % 4)
    data = binascii.a2b_base64(padded, strict_mode=True)
    if encode(data) != text:
        raise ValueError("not canonical base64url")
    return data
