"""What happens to OIDC sessions."""

from __future__ import annotations

from datetime import datetime

from personae.actors.domain.kit import event, wire


@event("oidc_session.added")
class OIDCSessionAdded:
    """What was granted, ``resources`` (RFC 8707) and ``authorization_details`` (RFC 9396) too."""

    user_id: str = wire("userID")
    user_resource_owner: str = ""
    session_id: str = wire("sessionID", default="")
    client_id: str = wire("clientID", default="")
    audience: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    auth_methods: tuple[str, ...] = ()
    auth_time: datetime | None = None
    nonce: str = ""
    preferred_language: str = ""
    resources: tuple[str, ...] = ()
    authorization_details: tuple[str, ...] = ()


@event("oidc_session.access_token.added")
class AccessTokenAdded:
    """``made_at`` and ``lifetime`` (nanoseconds) bound the token's life.

    ``dpop_jkt`` is the thumbprint of the key it is bound to, if any (RFC 9449).
    ``actors`` act for the user, the present one first (RFC 8693, 4.1).
    ``certificate`` is the thumbprint of the one it is bound to, if any (RFC 8705); ``audience``
    whom it is for, when that is not the audience of the session.
    """

    id: str
    scope: tuple[str, ...] = ()
    lifetime: int = 0
    reason: str = ""
    made_at: datetime
    dpop_jkt: str = wire("dpopJKT", default="")
    actors: tuple[str, ...] = ()
    certificate: str = ""
    audience: tuple[str, ...] = ()
    authorization_details: tuple[str, ...] = ()


@event("oidc_session.access_token.revoked")
class AccessTokenRevoked:
    pass


@event("oidc_session.refresh_token.added")
class RefreshTokenAdded:
    id: str
    lifetime: int = 0
    idle_lifetime: int = 0
    made_at: datetime
    dpop_jkt: str = wire("dpopJKT", default="")
    certificate: str = ""


@event("oidc_session.refresh_token.renewed")
class RefreshTokenRenewed:
    id: str
    idle_lifetime: int = 0
    made_at: datetime


@event("oidc_session.refresh_token.revoked")
class RefreshTokenRevoked:
    pass
