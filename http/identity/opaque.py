"""Opaque tokens: what the server hands out and nobody else can read or alter.

A token is base64url of a sealed text, ``kind`` and ids; it opens in its own instance only, as its
own kind, in one spelling. It says which grant it belongs to, never whether that still stands: the
caller asks the session, the user and the clock.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from personae.actors.domain.kit import Code, reason
from personae.http.identity import base64url
from personae.store.crypto import Area, CannotOpen, Keyring

INVALID_TOKEN = reason("TOKEN-Invalid", Code.UNAUTHENTICATED)

MAX_TOKEN = 2 * 1024
OPENED_AT_MOST = 10_000
"""Tokens whose contents are remembered."""
_SEPARATOR = "\n"


class TokenKind(StrEnum):
    """What a token is good for; the value is sealed with it, so it must never change."""

    ACCESS = "a"
    REFRESH = "r"
    CODE = "c"
    SESSION = "s"
    PERSONAL = "p"
    INTENT = "i"
    INTENT_STATE = "f"
    PUSHED = "u"
    DEVICE = "d"
    REGISTRATION = "g"


class OpaqueTokens:
    """Issues and opens opaque tokens. Microseconds; neither blocks nor waits."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        # A token is shown many times; what is sealed in it never changes.
        self.read = lru_cache(maxsize=OPENED_AT_MOST)(self._read)

    def issue(self, kind: TokenKind, instance_id: str, *ids: str) -> str:
        """Return a token that carries some ids. Raises ``ValueError`` for an id over two lines."""
        if any(_SEPARATOR in part for part in ids):
            raise ValueError("an id of a token holds a line break")
        text = _SEPARATOR.join((kind, *ids)).encode()
        return base64url.encode(self._keyring.seal_bytes(Area.TOKEN, text, instance_id)).decode()

    def open(self, kind: TokenKind, instance_id: str, token: str) -> tuple[str, ...]:
        """Return the ids of a token of this kind. Raises TOKEN-Invalid, whatever is wrong."""
        found, ids = self.read(instance_id, token)
        if found is not kind:
            raise INVALID_TOKEN()
        return ids

    def _read(self, instance_id: str, token: str) -> tuple[TokenKind, tuple[str, ...]]:
        """Return kind and ids, for a bearer token that may be of several kinds.

        Raises TOKEN-Invalid, whatever is wrong.
        """
        if len(token) > MAX_TOKEN:
            raise INVALID_TOKEN()
        try:
            sealed = base64url.decode(token.encode("ascii"))
            text = self._keyring.open_bytes(Area.TOKEN, sealed, instance_id).decode()
            kind, *ids = text.split(_SEPARATOR)
            return TokenKind(kind), tuple(ids)
        except (ValueError, CannotOpen):
            raise INVALID_TOKEN() from None
