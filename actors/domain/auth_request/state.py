"""An authorization request, from the client's question to the code's single use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from personae.actors.domain.auth_request import events as e
from personae.actors.domain.kit import Kind, replace


class Status(IntEnum):
    """Life of an authorization request."""

    UNKNOWN = 0
    ADDED = 1
    LINKED = 2
    CODE_ADDED = 3
    EXCHANGED = 4
    FAILED = 5
    SUCCEEDED = 6
    PUSHED = 7


OVER = frozenset({Status.EXCHANGED, Status.FAILED, Status.SUCCEEDED})
"""Answered: only who uses a code twice asks again."""


@dataclass(frozen=True, slots=True)
class AuthRequest:
    """The state of one authorization request; ``asked`` is what the client sent."""

    status: Status = Status.UNKNOWN
    asked: e.AuthRequestAdded | None = None
    opened_at: datetime | None = None
    session_id: str = ""
    user_id: str = ""
    auth_time: datetime | None = None
    auth_methods: tuple[str, ...] = ()
    code_at: datetime | None = None
    oidc_session_id: str = ""
    error: str = ""


AUTH_REQUEST = Kind("auth_request", AuthRequest(), over=lambda request: request.status in OVER)


@AUTH_REQUEST.on(e.AuthRequestAdded)
def _(_request: AuthRequest, event: e.AuthRequestAdded) -> AuthRequest:
    return AuthRequest(Status.PUSHED if event.pushed_at else Status.ADDED, event)


@AUTH_REQUEST.on(e.PushedRequestOpened)
def _(request: AuthRequest, event: e.PushedRequestOpened) -> AuthRequest:
    return replace(request, status=Status.ADDED, opened_at=event.made_at)


@AUTH_REQUEST.on(e.SessionLinked)
def _(request: AuthRequest, event: e.SessionLinked) -> AuthRequest:
    return replace(
        request,
        status=Status.LINKED,
        session_id=event.session_id,
        user_id=event.user_id,
        auth_time=event.auth_time,
        auth_methods=event.auth_methods,
    )


@AUTH_REQUEST.on(e.CodeAdded)
def _(request: AuthRequest, event: e.CodeAdded) -> AuthRequest:
    return replace(request, status=Status.CODE_ADDED, code_at=event.made_at)


@AUTH_REQUEST.on(e.CodeExchanged)
def _(request: AuthRequest, event: e.CodeExchanged) -> AuthRequest:
    return replace(request, status=Status.EXCHANGED, oidc_session_id=event.oidc_session_id)


@AUTH_REQUEST.on(e.AuthRequestSucceeded)
def _(request: AuthRequest, _event: e.AuthRequestSucceeded) -> AuthRequest:
    return replace(request, status=Status.SUCCEEDED)


@AUTH_REQUEST.on(e.AuthRequestFailed)
def _(request: AuthRequest, event: e.AuthRequestFailed) -> AuthRequest:
    return replace(request, status=Status.FAILED, error=event.reason)
