"""Pages: what a question returns, and the token that continues where a page ended."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from personae.actors.domain.kit import Code, reason
from personae.projections.kit.table import Row

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
MAC_BYTES = 16
MAX_TOKEN = 4096

LIMIT_EXCEEDED = reason("QUERY-LimitExceeded", Code.INVALID_ARGUMENT)
INVALID_TOKEN = reason("QUERY-InvalidPageToken", Code.INVALID_ARGUMENT)

Cursor = tuple[Any, ...]
"""Where a page ended: the value it is ordered by, then the key of its last row."""


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list; ``total`` counts all that match, ``position`` says as of which event.

    ``next`` continues after the last row, None when there is certainly no more.
    """

    rows: list[Row]
    total: int
    position: int = 0
    next: Cursor | None = None


def sealed(cursor: Cursor, key: bytes, question: str) -> str:
    """Return a cursor as a token for clients, which nobody without ``key`` can forge.

    ``question`` binds it to one list: a token of another one is refused.
    """
    body = msgspec.json.encode(cursor)
    token = _mac(body, key, question) + body
    return base64.urlsafe_b64encode(token).rstrip(b"=").decode()


def opened(token: str, key: bytes, question: str) -> Cursor:
    """Return the cursor of a token. Raises ``QUERY-InvalidPageToken``."""
    try:
        padded = token[:MAX_TOKEN] + "=" * (-len(token[:MAX_TOKEN]) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
    except ValueError:
        raise INVALID_TOKEN(field="page_token") from None
    mac, body = raw[:MAC_BYTES], raw[MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(body, key, question)) or _spelt(raw) != token:
        raise INVALID_TOKEN(field="page_token")
    return tuple(msgspec.json.decode(body))


def moment_of(value: Any) -> Any:
    """Return the ``datetime`` that a token holds as text."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _spelt(raw: bytes) -> str:
    # The last character of base64 has spare bits: only one spelling of a token counts.
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _mac(body: bytes, key: bytes, question: str) -> bytes:
    return hmac.digest(key, question.encode() + b"\0" + body, hashlib.sha256)[:MAC_BYTES]
