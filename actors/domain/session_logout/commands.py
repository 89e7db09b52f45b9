"""Orders to the logouts of a session."""

from __future__ import annotations

from personae.actors.domain.kit import command


@command("session_logout", id="session_id", owner="instance_id", creates=True)
class RegisterLogout:
    session_id: str
    instance_id: str
    oidc_session_id: str
    user_id: str
    client_id: str
    uri: str
    issuer: str


@command("session_logout", id="session_id")
class TryLogout:
    """Take it on oneself to tell a client now."""

    session_id: str
    oidc_session_id: str


@command("session_logout", id="session_id")
class FinishLogout:
    session_id: str
    oidc_session_id: str
    reached: bool


@command("session_logout", id="session_id", owner="instance_id", creates=True)
class RegisterFrontChannel:
    """Keep that a client is to be told in the browser (OpenID Connect Front-Channel Logout)."""

    session_id: str
    instance_id: str
    client_id: str
    issuer: str
