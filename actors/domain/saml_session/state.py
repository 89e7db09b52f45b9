"""A SAML session, as logout needs to know it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from personae.actors.domain.kit import Kind, replace
from personae.actors.domain.saml_session import events as e


@dataclass(frozen=True, slots=True)
class SAMLSession:
    """The state of one SAML session; without ``user_id`` it does not exist."""

    user_id: str = ""
    org_id: str = ""
    session_id: str = ""
    entity_id: str = ""
    name_id: str = ""
    auth_methods: tuple[str, ...] = ()
    auth_time: datetime | None = None
    response_id: str = ""


SAML_SESSION = Kind("saml_session", SAMLSession(), over=lambda session: not session.response_id)


@SAML_SESSION.on(e.SAMLSessionAdded)
def _(_session: SAMLSession, event: e.SAMLSessionAdded) -> SAMLSession:
    return SAMLSession(
        event.user_id,
        event.user_resource_owner,
        event.session_id,
        event.entity_id,
        event.name_id,
        event.auth_methods,
        event.auth_time,
    )


@SAML_SESSION.on(e.SAMLResponseAdded)
def _(session: SAMLSession, event: e.SAMLResponseAdded) -> SAMLSession:
    return replace(session, response_id=event.id)


@SAML_SESSION.on(e.SAMLResponseRevoked)
def _(session: SAMLSession, _event: e.SAMLResponseRevoked) -> SAMLSession:
    return replace(session, response_id="")
