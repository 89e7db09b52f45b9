"""What happens to authorization requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from personae.actors.domain.kit import event, wire


@dataclass(frozen=True, slots=True)
class CodeChallenge:
    """RFC 7636: ``method`` 0 is plain, 1 is S256; only S256 is accepted for new requests."""

    challenge: str
    method: int = 1


@event("auth_request.added")
class AuthRequestAdded:
    client_id: str = wire("client_id")
    redirect_uri: str = wire("redirect_uri")
    login_client: str = wire("login_client", default="")
    state: str = ""
    nonce: str = ""
    scope: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    response_type: int = wire("response_type", default=0)
    response_mode: int = wire("response_mode", default=0)
    code_challenge: CodeChallenge | None = wire("code_challenge", default=None)
    prompt: tuple[int, ...] = ()
    ui_locales: tuple[str, ...] = wire("ui_locales", default=())
    max_age: int | None = wire("max_age", default=None)
    login_hint: str | None = wire("login_hint", default=None)
    hint_user_id: str | None = wire("hint_user_id", default=None)
    need_refresh_token: bool = wire("need_refresh_token", default=False)
    issuer: str = ""
    acr_values: tuple[str, ...] = wire("acr_values", default=())
    dpop_jkt: str = wire("dpop_jkt", default="")
    resources: tuple[str, ...] = ()
    """Whom the tokens shall be for (RFC 8707), by the names these have in ``aud``."""
    authorization_details: tuple[str, ...] = wire("authorization_details", default=())
    """What is asked in detail (RFC 9396), each as canonical JSON."""
    pushed_at: datetime | None = wire("pushed_at", default=None)
    """When the client pushed the request ahead of the browser (RFC 9126), if it did."""


@event("auth_request.pushed.opened")
class PushedRequestOpened:
    """The browser came with a pushed request, for the only time it may."""

    made_at: datetime = wire("made_at")


@event("auth_request.session.linked")
class SessionLinked:
    session_id: str = wire("session_id")
    user_id: str = wire("user_id")
    auth_time: datetime = wire("auth_time")
    auth_methods: tuple[str, ...] = wire("auth_methods", default=())


@event("auth_request.code.added")
class CodeAdded:
    """The moment a code was made: ``made_at`` bounds its life (RFC 6749, 4.1.2)."""

    made_at: datetime = wire("made_at")


@event("auth_request.code.exchanged")
class CodeExchanged:
    """``oidc_session_id`` names what the code was exchanged for, to end it should it leak."""

    oidc_session_id: str = wire("oidc_session_id", default="")


@event("auth_request.failed")
class AuthRequestFailed:
    reason: str


@event("auth_request.succeeded")
class AuthRequestSucceeded:
    pass
