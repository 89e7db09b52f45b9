"""Orders to the logouts of a session."""

from __future__ import annotations

from personae.actors.domain.kit import command


@command("session_logout", id="session_id")
class RegisterListener:
    """Keep that a client got tokens in the session and wants to be told of its end.

    ``uri`` is where it is told directly (OpenID Connect Back-Channel Logout 1.0), ``front`` that it
    is told in the browser (Front-Channel Logout 1.0), or both; ``issuer`` the name it knows us by.
    """

    session_id: str
    oidc_session_id: str
    user_id: str
    client_id: str
    issuer: str
    uri: str = ""
    front: bool = False


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
