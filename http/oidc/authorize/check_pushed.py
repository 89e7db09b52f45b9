"""Requests that must have been pushed (RFC 9126, 6)."""

from __future__ import annotations

from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.errors import PUSH_REQUIRED


def check_pushed(ask: Ask) -> None:
    """Refuse a request that a browser brings when the client must push it.

    FAPI 2.0 Security Profile, 5.3.2.2: "shall reject authorization requests sent without" it.
    """
    oauth = ask.client.app.oauth
    if (oauth.require_pushed or oauth.fapi) and not ask.pushed:
        raise PUSH_REQUIRED()
