"""A SAML request, from the service provider's question to the one answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from personae.actors.domain.kit import Kind, replace
from personae.actors.domain.saml_request import events as e

LIFE = timedelta(hours=1)
"""How long people may take to sign in before the service provider has to ask again."""


class Status(IntEnum):
    """Life of a SAML request."""

    UNKNOWN = 0
    ADDED = 1
    LINKED = 2
    FAILED = 3
    SUCCEEDED = 4


OVER = frozenset({Status.FAILED, Status.SUCCEEDED})


@dataclass(frozen=True, slots=True)
class SAMLRequest:
    """The state of one SAML request; ``asked`` is what the service provider wants."""

    status: Status = Status.UNKNOWN
    asked: e.SAMLRequestAdded | None = None
    session_id: str = ""
    user_id: str = ""
    auth_time: datetime | None = None
    auth_methods: tuple[str, ...] = ()
    reason: int = 0


SAML_REQUEST = Kind("saml_request", SAMLRequest(), over=lambda request: request.status in OVER)


@SAML_REQUEST.on(e.SAMLRequestAdded)
def _(_request: SAMLRequest, event: e.SAMLRequestAdded) -> SAMLRequest:
    return SAMLRequest(Status.ADDED, event)


@SAML_REQUEST.on(e.SAMLSessionLinked)
def _(request: SAMLRequest, event: e.SAMLSessionLinked) -> SAMLRequest:
    return replace(
        request,
        status=Status.LINKED,
        session_id=event.session_id,
        user_id=event.user_id,
        auth_time=event.auth_time,
        auth_methods=event.auth_methods,
    )


@SAML_REQUEST.on(e.SAMLRequestFailed)
def _(request: SAMLRequest, event: e.SAMLRequestFailed) -> SAMLRequest:
    return replace(request, status=Status.FAILED, reason=event.reason)


@SAML_REQUEST.on(e.SAMLRequestSucceeded)
def _(request: SAMLRequest, _event: e.SAMLRequestSucceeded) -> SAMLRequest:
    return replace(request, status=Status.SUCCEEDED)
