"""What happens to device authorizations."""

from __future__ import annotations

from datetime import datetime

from personae.actors.domain.kit import event, wire


@event("device.authorization.added")
class DeviceAuthAdded:
    client_id: str = wire("ClientID")
    user_code: str = wire("UserCode")
    expires: datetime = wire("Expires")
    scope: tuple[str, ...] = wire("Scopes", default=())
    audience: tuple[str, ...] = wire("Audience", default=())
    need_refresh_token: bool = wire("NeedRefreshToken", default=False)
    resources: tuple[str, ...] = wire("Resources", default=())
    authorization_details: tuple[str, ...] = wire("AuthorizationDetails", default=())


@event("device.authorization.approved")
class DeviceAuthApproved:
    user_id: str = wire("UserID")
    session_id: str = wire("SessionID")
    auth_time: datetime = wire("AuthTime")
    auth_methods: tuple[str, ...] = wire("AuthMethods", default=())


@event("device.authorization.canceled")
class DeviceAuthCanceled:
    pass


@event("device.authorization.done")
class DeviceAuthDone:
    """``oidc_session_id`` names what it was exchanged for."""

    oidc_session_id: str = wire("OIDCSessionID", default="")
