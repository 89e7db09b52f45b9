"""Whether the client may use codes at all."""

from __future__ import annotations

from personae.actors.domain.project.values import GrantType
from personae.http.oidc.authorize.ask import Ask
from personae.http.oidc.errors import GRANT_NOT_ALLOWED


def check_grant(ask: Ask) -> None:
    """Refuse clients that have not registered the authorization code grant.

    "unauthorized_client: The client is not authorized to request an authorization code using this
    method." (RFC 6749, 4.1.2.1)
    """
    if GrantType.AUTHORIZATION_CODE not in ask.oidc.grant_types:
        raise GRANT_NOT_ALLOWED()
