"""Whether the client may use codes, or get tokens directly, at all."""

from __future__ import annotations

from personae.actors.domain.project.values import GrantType
from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.authorize.types import of_tokens
from personae.http.oidc.errors import GRANT_NOT_ALLOWED


def check_grant(ask: Ask) -> None:
    """Refuse clients that have not registered the grant that the response type stands for.

    "unauthorized_client: The client is not authorized to request an authorization code using this
    method." (RFC 6749, 4.1.2.1)
    """
    needed = GrantType.IMPLICIT if of_tokens(ask.form) else GrantType.AUTHORIZATION_CODE
    if needed not in ask.oidc.grant_types:
        raise GRANT_NOT_ALLOWED()
