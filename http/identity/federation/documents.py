"""What providers publish: their metadata (OpenID Connect Discovery 1.0) and their keys."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from personae.actors.domain.idp.presets import PRESETS, Protocol
from personae.actors.domain.idp.values import Idp
from personae.actors.domain.kit import Refusal
from personae.http.identity.federation.refusals import UNREACHABLE, UNTRUSTED
from personae.http.identity.jose import PublicKey, thumbprint
from personae.http.identity.published import Fetch, Published, nowhere

MOST_KEYS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a provider is spoken to.

    ``names_issuer``: its answers do (RFC 9207). ``secret_in_body``: it takes the client's secret
    nowhere else.
    """

    authorization: str
    token: str
    user: str = ""
    keys: str = ""
    names_issuer: bool = False
    secret_in_body: bool = False


class Documents:
    """Metadata and keys of providers, by address, remembered for a while."""

    def __init__(self, fetch: Fetch = nowhere) -> None:
        self._metadata: Published[Any] = Published(_object, fetch)
        self._keys: Published[PublicKey] = Published(_keys, fetch)

    async def endpoints(self, idp: Idp, now: datetime) -> Endpoints:
        """Return the endpoints of a provider. Raises IDP-Unreachable, IDP-Untrusted."""
        if PRESETS[idp.kind].protocol is not Protocol.OIDC:
            return Endpoints(
                authorization=idp.authorization_endpoint,
                token=idp.token_endpoint,
                user=idp.user_endpoint,
                secret_in_body=PRESETS[idp.kind].secret_in_body,
            )
        found = await self._metadata.of(f"{idp.issuer.rstrip('/')}{WELL_KNOWN}", "issuer", now)
        if not found:
            raise UNREACHABLE(what="discovery")
        # "The issuer value returned MUST be identical to the Issuer URL" (Discovery 1.0, 4.3)
        if found.get("issuer") != idp.issuer:
            raise UNTRUSTED(what="issuer")
        return _endpoints(found, idp)

    async def keys(self, uri: str, key_id: str | None, now: datetime) -> Mapping[str, PublicKey]:
        """Return the keys at an address, looked at again where the wanted one is missing."""
        return await self._keys.of(uri, key_id, now)


WELL_KNOWN = "/.well-known/openid-configuration"


def _endpoints(found: Mapping[str, Any], idp: Idp) -> Endpoints:
    def address(name: str) -> str:
        value = found.get(name, "")
        return value if isinstance(value, str) else ""

    methods = found.get("token_endpoint_auth_methods_supported")
    basic = not isinstance(methods, list) or "client_secret_basic" in methods
    if not address("authorization_endpoint") or not address("token_endpoint"):
        raise UNTRUSTED(what="discovery")
    return Endpoints(
        authorization=address("authorization_endpoint"),
        token=address("token_endpoint"),
        user="" if idp.is_id_token_mapping else address("userinfo_endpoint"),
        keys=address("jwks_uri"),
        names_issuer=found.get("authorization_response_iss_parameter_supported") is True,
        secret_in_body=not basic or PRESETS[idp.kind].secret_in_body,
    )


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        found = orjson.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _keys(body: bytes) -> Mapping[str, PublicKey] | None:
    """Return the keys of a set that verify signatures; others are nobody's fault."""
    keys = (_object(body) or {}).get("keys")
    if not isinstance(keys, list):
        return None
    found: dict[str, PublicKey] = {}
    for key in keys[:MOST_KEYS]:
        with contextlib.suppress(Refusal, AttributeError, TypeError):
            public = PublicKey.from_jwk(key)
            found.setdefault(public.id or thumbprint(public.jwk), public)
    return found
