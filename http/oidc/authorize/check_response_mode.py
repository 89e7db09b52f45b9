"""How the answer shall come back."""

from __future__ import annotations

from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.authorize.response import MODES
from personae.http.oidc.errors import PARAMETER_INVALID


def check_response_mode(ask: Ask) -> None:
    """Refuse modes that are not there (OAuth 2.0 Multiple Response Types, section 2.1)."""
    mode = ask.form.get("response_mode")
    if mode and mode not in MODES:
        raise PARAMETER_INVALID(name="response_mode")
