"""Secrets of clients, however they are sent."""

from __future__ import annotations

from personae.actors.aggregates.clients import Client
from personae.http.oidc.call import Call
from personae.http.oidc.clients.shown import Shown


async def prove_secret(call: Call, shown: Shown, client: Client) -> bool:
    """Say whether the secret is the client's."""
    config = client.app.oidc or client.app.api
    encoded = config.hashed_secret if config else ""
    return await call.provider.secrets.right(call.services.world, encoded, shown.proof)
