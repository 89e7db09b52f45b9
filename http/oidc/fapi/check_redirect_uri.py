"""Redirect URIs are registered as they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personae.http.oidc.errors import REDIRECT_NOT_REGISTERED

if TYPE_CHECKING:
    from personae.http.oidc.authorize.ask import Ask


def check_redirect_uri(ask: Ask) -> None:
    """Refuse patterns, other ports and plain http (5.3.2.2)."""
    known = ask.redirect_uri in ask.oidc.redirect_uris
    if not known or not ask.redirect_uri.startswith("https://"):
        raise REDIRECT_NOT_REGISTERED()
