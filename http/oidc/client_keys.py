"""The keys of a client: those registered here, and those it publishes itself."""

from __future__ import annotations

from collections.abc import Mapping

from personae.actors.aggregates.clients import Client
from personae.actors.domain.kit import Refusal
from personae.actors.domain.project.state import AppKey
from personae.http.oidc.assertions import claimed
from personae.http.oidc.call import Call


async def keys_for(call: Call, client: Client, text: str) -> Mapping[str, AppKey]:
    """Return the keys that a client may have signed a text with, by id."""
    uri, registered = client.app.oauth.jwks_uri, client.app.client_keys
    if not uri:
        return registered
    try:
        named = claimed(text).key_id
    except Refusal:  # whoever verifies the text says so
        return registered
    if named in registered:
        return registered
    published = call.provider.published
    return {**await published.of(uri, named, call.services.world.now()), **registered}
