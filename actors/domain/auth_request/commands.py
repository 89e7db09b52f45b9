"""Orders to an authorization request."""

from __future__ import annotations

from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.kit import command
from personae.actors.domain.oidc_session.terms import Terms


@command("auth_request", id="request_id", owner="instance_id", creates=True)
class AddAuthRequest:
    """Keep what a client asked; the door has validated it against the client."""

    request_id: str
    instance_id: str
    asked: AuthRequestAdded


@command("auth_request", id="request_id")
class OpenPushedRequest:
    """The browser comes with a request that its client pushed (RFC 9126, section 4)."""

    request_id: str
    client_id: str


@command("auth_request", id="request_id")
class LinkSession:
    """Answer the request with a session; from here on a code may be exchanged.

    ``presented`` is the token id of the session token shown; ``agreed`` are the authorization
    details that the person has just been shown and allowed (RFC 9396, 12).
    """

    request_id: str
    session_id: str
    presented: str
    agreed: tuple[str, ...] = ()


@command("auth_request", id="request_id", owner="instance_id", creates=True)
class AddLinkedRequest:
    """Keep what a client asked together with the session that answers it (``prompt=none``)."""

    request_id: str
    instance_id: str
    asked: AuthRequestAdded
    session_id: str
    presented: str

    @property
    def link(self) -> LinkSession:
        """The order that answers it."""
        return LinkSession(
            request_id=self.request_id, session_id=self.session_id, presented=self.presented
        )


@command("auth_request", id="request_id", owner="instance_id", creates=True)
class AddFailedRequest:
    """Keep what a client asked together with the error that answers it (``prompt=none``)."""

    request_id: str
    instance_id: str
    asked: AuthRequestAdded
    reason: str


@command("auth_request", id="request_id")
class FailAuthRequest:
    """Answer the request with an error (RFC 6749, 4.1.2.1; OIDC Core, 3.1.2.6)."""

    request_id: str
    reason: str


@command("auth_request", id="request_id")
class ExchangeCode:
    """Redeem the code, once: opens an OIDC session with its tokens in the same commit.

    ``issuer`` is the name the client knows us by.
    """

    request_id: str
    client_id: str
    issuer: str
    redirect_uri: str
    code_verifier: str
    oidc_session_id: str
    access_token_id: str
    refresh_token_id: str
    dpop_jkt: str = ""
    terms: Terms = Terms()
