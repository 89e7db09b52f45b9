"""What happens to SAML sessions."""

from __future__ import annotations

from datetime import datetime

from personae.actors.domain.kit import event, wire


@event("saml_session.added")
class SAMLSessionAdded:
    user_id: str = wire("userID")
    user_resource_owner: str = ""
    session_id: str = wire("sessionID", default="")
    entity_id: str = wire("entityID", default="")
    audience: tuple[str, ...] = ()
    auth_methods: tuple[str, ...] = ()
    auth_time: datetime | None = None
    preferred_language: str = ""
    name_id: str = wire("nameID", default="")
    """What the service provider was told to call the user."""


@event("saml_session.saml_response.added")
class SAMLResponseAdded:
    """``id`` is the assertion's; ``lifetime`` in nanoseconds."""

    id: str
    lifetime: int = 0


@event("saml_session.saml_response.revoked")
class SAMLResponseRevoked:
    pass
