"""Tokens that must be bound to their client."""

from __future__ import annotations

from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.authorize.types import of_tokens
from personae.http.oidc.errors import GRANT_NOT_ALLOWED


def check_bound(ask: Ask) -> None:
    """Refuse to hand out by the browser what must be bound: nothing is proved there.

    (RFC 8705, 3; RFC 9449, 5)
    """
    oauth = ask.client.app.oauth
    if of_tokens(ask.form) and (oauth.dpop_bound or oauth.certificate_bound):
        raise GRANT_NOT_ALLOWED()
