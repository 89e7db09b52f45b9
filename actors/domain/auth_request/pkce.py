"""Proof Key for Code Exchange (RFC 7636)."""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from hashlib import sha256

from personae.actors.domain.auth_request.events import CodeChallenge

UNRESERVED = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""Section 4.1: what a verifier, and by 4.2 an S256 challenge, is made of."""


def matches(challenge: CodeChallenge | None, verifier: str) -> bool:
    """Say whether a verifier answers a challenge (section 4.6).

    A verifier without a challenge fails too: the challenge may have been stripped on the way
    (RFC 9700, 4.8.2).
    """
    if challenge is None:
        return not verifier
    if not UNRESERVED.fullmatch(verifier):
        return False
    digest = urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).rstrip(b"=")
    return hmac.compare_digest(digest, challenge.challenge.encode())
