"""Proof Key for Code Exchange (RFC 7636, 4.3)."""

from __future__ import annotations

from personae.actors.domain.auth_request.pkce import UNRESERVED
from personae.actors.domain.project.values import AuthMethod
from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.authorize.types import of_tokens
from personae.http.oidc.errors import CHALLENGE_INVALID, CHALLENGE_REQUIRED


def check_pkce(ask: Ask) -> None:
    """Take only S256, and demand it of public clients.

    "Public clients MUST use PKCE" and "clients SHOULD use PKCE code challenge methods that do not
    expose the PKCE verifier in the authorization request" (RFC 9700, 2.1.1). Without a method the
    challenge would be ``plain`` (RFC 7636, 4.3), so a method is needed.
    """
    challenge = ask.form.get("code_challenge")
    method = ask.form.get("code_challenge_method")
    if not challenge:
        if method:
            raise CHALLENGE_INVALID()
        if ask.oidc.auth_method_type is AuthMethod.NONE and not of_tokens(ask.form):
            raise CHALLENGE_REQUIRED()
        return
    if method != "S256" or not UNRESERVED.fullmatch(challenge):
        raise CHALLENGE_INVALID()
