"""What binds an ID token to the request it answers."""

from __future__ import annotations

from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.authorize.types import of_tokens
from personae.http.oidc.errors import NONCE_REQUIRED


def check_nonce(ask: Ask) -> None:
    """Demand a nonce where the ID token comes by the browser (OIDC Core, 3.2.2.1)."""
    if of_tokens(ask.form) and not ask.form.get("nonce"):
        raise NONCE_REQUIRED()
