"""What access the client asks for."""

from __future__ import annotations

from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.authorize.asked import granted
from personae.http.oidc.errors import SCOPE_MISSING


def check_scope(ask: Ask) -> None:
    """Refuse a request none of whose scopes is known: there would be nothing to grant."""
    if not granted(ask):
        raise SCOPE_MISSING()
