"""The client that the playground is: how it proves itself."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import orjson
from personae.http.identity.jwt import Signer

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
METHODS = ("auto", "none", "client_secret_basic", "client_secret_post", "private_key_jwt")
LIFE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Client:
    """An application, or a machine user, with what proves it; ``method`` as in metadata."""

    client_id: str
    secret: str = field(default="", repr=False)
    method: str = "none"
    key_id: str = ""
    key: str = field(default="", repr=False)

    @classmethod
    def of(cls, client_id: str, secret: str = "", method: str = "auto", key: str = "") -> Client:
        """Return a client; ``key`` is the JSON file of an application's key.

        Raises ``ValueError`` for a key file that is none.
        """
        kept = _key_file(key) if key else {}
        if method == "auto":
            method = "private_key_jwt" if key else "client_secret_basic" if secret else "none"
        named = client_id or kept.get("clientId") or kept.get("userId") or ""
        return cls(named, secret, method, kept.get("keyId", ""), kept.get("key", ""))

    def shown(self, issuer: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return (headers, form) that prove this client to an issuer."""
        form = {"client_id": self.client_id}
        if self.method == "client_secret_basic":
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self.secret)}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}
        if self.method == "client_secret_post":
            return {}, {**form, "client_secret": self.secret}
        if self.method == "private_key_jwt":
            assertion = {
                "client_assertion_type": ASSERTION,
                "client_assertion": self._signed(issuer),
            }
            return {}, {**form, **assertion}
        return {}, form

    def _signed(self, issuer: str) -> str:
        now = int(datetime.now(UTC).timestamp())
        about = {
            "iss": self.client_id, "sub": self.client_id, "aud": issuer, "iat": now,
            "exp": now + LIFE_SECONDS, "jti": secrets.token_urlsafe(16),
        }  # fmt: skip
        return Signer(self.key_id, "RS256", self.key).sign(about, "JWT")


def _key_file(text: str) -> Mapping[str, Any]:
    try:
        found = orjson.loads(text)
        kept = {name: str(found[name]) for name in ("keyId", "key")}
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise ValueError("not the JSON file of a key: it needs keyId and key") from None
    return {**kept, **{name: str(found[name]) for name in ("clientId", "userId") if name in found}}
