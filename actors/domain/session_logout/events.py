"""What happens to the logouts of a session."""

from __future__ import annotations

from datetime import datetime

from personae.actors.domain.kit import event, wire


@event("session_logout.back_channel.registered")
class LogoutRegistered:
    """A client got tokens in the session; ``uri`` is where it hears of its end."""

    oidc_session_id: str = wire("oidc_session_id")
    user_id: str = wire("user_id")
    client_id: str = wire("client_id")
    uri: str = wire("back_channel_logout_uri")
    issuer: str = ""


@event("session_logout.back_channel.tried")
class LogoutTried:
    """A process is about to tell a client; no other one does until the next is due."""

    oidc_session_id: str = wire("oidc_session_id")
    made_at: datetime = wire("made_at")


@event("session_logout.back_channel.sent")
class LogoutSent:
    """Nothing is left to tell: the client has heard, or (``reached`` false) never will."""

    oidc_session_id: str = wire("oidc_session_id")
    reached: bool = True


@event("session_logout.front_channel.registered")
class FrontChannelRegistered:
    """A client got tokens in the session that is told in the browser, by the issuer named."""

    client_id: str = wire("client_id")
    issuer: str = ""
