"""Tokens are bound to a key or certificate of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personae.http.oidc.errors import SENDER_UNBOUND

if TYPE_CHECKING:
    from personae.actors.aggregates.clients import Client


def check_sender(client: Client, key: str, certificate: str) -> None:
    """Refuse to give tokens that whoever finds them could use (5.3.2.1)."""
    if client.app.oauth.fapi and not (key or certificate):
        raise SENDER_UNBOUND()
