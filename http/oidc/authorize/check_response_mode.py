"""How the answer shall come back."""

from __future__ import annotations

from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.authorize.types import of_tokens
from personae.http.oidc.errors import PARAMETER_INVALID


def check_response_mode(ask: Ask) -> None:
    """Refuse tokens in the query.

    "Response types that return access tokens or ID tokens … MUST NOT use the query encoding" in
    the sense of OAuth 2.0 Multiple Response Types, sections 2.1 and 5.
    """
    if ask.form.get("response_mode") == "query" and of_tokens(ask.form):
        raise PARAMETER_INVALID(name="response_mode")
