"""Orders to a device authorization."""

from __future__ import annotations

from personae.actors.domain.kit import command
from personae.actors.domain.oidc_session.terms import Terms


@command("device_auth", id="device_id", owner="instance_id", creates=True)
class AddDeviceAuth:
    """Begin; the door has validated the scopes against the client and made up the code."""

    device_id: str
    instance_id: str
    client_id: str
    user_code: str
    scope: tuple[str, ...]
    audience: tuple[str, ...]
    need_refresh_token: bool = False
    resources: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


@command("device_auth", id="device_id")
class ApproveDeviceAuth:
    """Somebody allows it with a session; ``presented`` is the id of the session token shown.

    ``agreed`` are the authorization details that the person was shown and allowed (RFC 9396, 12).
    """

    device_id: str
    session_id: str
    presented: str
    agreed: tuple[str, ...] = ()


@command("device_auth", id="device_id")
class DenyDeviceAuth:
    device_id: str


@command("device_auth", id="device_id")
class RedeemDeviceCode:
    """Exchange the device code, once: opens an OIDC session with its tokens in the same commit.

    ``issuer`` is the name the client knows us by.
    """

    device_id: str
    client_id: str
    issuer: str
    oidc_session_id: str
    access_token_id: str
    refresh_token_id: str
    dpop_jkt: str = ""
    terms: Terms = Terms()
