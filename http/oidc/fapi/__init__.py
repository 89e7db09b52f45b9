"""FAPI 2.0 Security Profile (Final): a switch per application, more checks for those that have it.

What the provider does for everybody (``iss``, S256, codes of a minute and pushed requests of 90
seconds, one audience in assertions, no password grant) is not repeated here; that requests are
pushed is ``authorize/check_pushed.py``, that refresh tokens stay ``grants/refresh_token.py``, that
the server signs as the profile wants it ``http/identity/signer.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from personae.http.oidc.fapi.check_challenge import check_challenge
from personae.http.oidc.fapi.check_code_flow import check_code_flow
from personae.http.oidc.fapi.check_method import check_method
from personae.http.oidc.fapi.check_redirect_uri import check_redirect_uri
from personae.http.oidc.fapi.check_sender import check_sender

if TYPE_CHECKING:
    from personae.actors.aggregates.clients import Client
    from personae.http.oidc.authorize.ask import Ask
    from personae.http.oidc.clients import Method

__all__ = ["check_client", "check_request", "check_sender"]

OF_REQUESTS: tuple[Callable[[Ask], None], ...] = (
    check_code_flow,
    check_challenge,
    check_redirect_uri,
)
"""What is checked of an authorization request."""


def check_request(ask: Ask) -> None:
    """Refuse an authorization request that the profile does not allow its client."""
    if ask.client.app.oauth.fapi:
        for each in OF_REQUESTS:
            each(ask)


def check_client(client: Client, method: Method) -> None:
    """Refuse a client that is not authenticated as the profile demands of it."""
    if client.app.oauth.fapi:
        check_method(method)
