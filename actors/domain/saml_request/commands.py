"""Orders to a SAML request."""

from __future__ import annotations

from personae.actors.domain.kit import command
from personae.actors.domain.saml_request.events import SAMLRequestAdded


@command("saml_request", id="request_id", owner="instance_id", creates=True)
class AddSAMLRequest:
    """Keep what a service provider asked; the door has checked it against its metadata."""

    request_id: str
    instance_id: str
    asked: SAMLRequestAdded


@command("saml_request", id="request_id")
class LinkSAMLSession:
    """Answer the request with a session; ``presented`` is the token id that was shown for it."""

    request_id: str
    session_id: str
    presented: str


@command("saml_request", id="request_id")
class FailSAMLRequest:
    """Answer the request with an error; ``reason`` is a number of ``ErrorReason``."""

    request_id: str
    reason: int
