"""Orders to an OIDC session."""

from __future__ import annotations

from personae.actors.domain.kit import command
from personae.actors.domain.oidc_session.opening import Opening
from personae.actors.domain.oidc_session.terms import Terms


@command("oidc_session", id="oidc_session_id", owner="org_id", creates=True)
class OpenOIDCSession:
    """Hand out tokens to a client that acts for itself or was vouched for."""

    oidc_session_id: str
    org_id: str
    opening: Opening


@command("oidc_session", id="oidc_session_id")
class RefreshTokens:
    """Redeem the refresh token ``presented`` for new ones; a used one ends the whole family.

    ``dpop_jkt`` is the key that was proved, ``public`` says that nothing else proves the client.
    """

    oidc_session_id: str
    client_id: str
    presented: str
    scope: tuple[str, ...] | None
    access_token_id: str
    refresh_token_id: str
    dpop_jkt: str = ""
    public: bool = False
    terms: Terms = Terms()


@command("oidc_session", id="oidc_session_id")
class RevokeAccessToken:
    oidc_session_id: str
    token_id: str


@command("oidc_session", id="oidc_session_id")
class RevokeOIDCSession:
    """End the family: no token of it counts any more."""

    oidc_session_id: str
