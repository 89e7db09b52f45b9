"""Orders to a SAML session."""

from __future__ import annotations

from personae.actors.domain.kit import command


@command("saml_session", id="saml_session_id", owner="org_id", creates=True)
class OpenSAMLSession:
    """Tell a service provider who somebody is, once for each request.

    ``name_id`` is what it will call the user, who belongs to ``org_id``; ``lifetime`` of the
    assertion in nanoseconds.
    """

    saml_session_id: str
    org_id: str
    request_id: str
    assertion_id: str
    name_id: str
    lifetime: int


@command("saml_session", id="saml_session_id")
class RevokeSAMLResponse:
    """Note that the service provider's session is over; nothing when it is already."""

    saml_session_id: str
