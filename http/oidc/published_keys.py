"""The keys that clients publish themselves (RFC 7591, 2: ``jwks_uri``)."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from personae.actors.domain.project.state import AppKey
from personae.http.identity.published import Fetch, Published, nowhere
from personae.http.oidc.registration.jwks import usable


def published_keys(fetch: Fetch = nowhere) -> Published[AppKey]:
    """Return the key sets that clients publish, by address."""
    return Published(_read, fetch)


def _read(body: bytes) -> Mapping[str, AppKey] | None:
    """Return the keys of a set, ``None`` for what is none; keys that are no use are left out."""
    try:
        found = usable(orjson.loads(body))
    except ValueError:
        return None
    return (
        None
        if found is None
        else {id_: AppKey(pem.encode(), algorithm=alg) for id_, pem, alg in found}
    )
