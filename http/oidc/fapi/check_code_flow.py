"""The only response type is ``code``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personae.http.oidc.authorize.types import of_tokens
from personae.http.oidc.errors import RESPONSE_TYPE_UNSUPPORTED

if TYPE_CHECKING:
    from personae.http.oidc.authorize.ask import Ask


def check_code_flow(ask: Ask) -> None:
    """Refuse tokens from the authorization endpoint, registered or not (5.3.2.2)."""
    if of_tokens(ask.form):
        raise RESPONSE_TYPE_UNSUPPORTED()
