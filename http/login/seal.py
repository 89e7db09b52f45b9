"""Small values that travel through the browser, unreadable and unalterable there."""

from __future__ import annotations

from typing import Any

import orjson
from personae.http.identity import base64url
from personae.http.identity.services import Services
from personae.store.crypto import Area, CannotOpen

LONGEST = 8 * 1024


def seal(services: Services, purpose: str, value: Any) -> str:
    """Return a text that only :func:`unseal` with the same purpose can read."""
    keyring = services.world.keyring
    return base64url.encode(
        keyring.seal_bytes(Area.COOKIE, orjson.dumps(value), f"login {purpose}")
    ).decode()


def unseal(services: Services, purpose: str, text: str) -> Any:
    """Return the value, or ``None`` for anything that was not sealed for this purpose."""
    if len(text) > LONGEST:
        return None
    try:
        sealed = base64url.decode(text.encode("ascii"))
        plain = services.world.keyring.open_bytes(Area.COOKIE, sealed, f"login {purpose}")
        return orjson.loads(plain)
    except (ValueError, CannotOpen):
        return None
