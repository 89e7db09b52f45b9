"""Codes are bound to who asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personae.http.oidc.errors import CHALLENGE_REQUIRED

if TYPE_CHECKING:
    from personae.http.oidc.authorize.ask import Ask


def check_challenge(ask: Ask) -> None:
    """Demand PKCE of confidential clients, too (5.3.2.2); that it is S256 is checked of all."""
    if not ask.form.get("code_challenge"):
        raise CHALLENGE_REQUIRED()
