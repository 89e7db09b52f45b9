"""What happens to SAML requests."""

from __future__ import annotations

from datetime import datetime

from personae.actors.domain.kit import event, wire


@event("saml_request.added")
class SAMLRequestAdded:
    """What was asked. ``acs_url`` and ``binding`` say where the answer goes, and how.

    ``destination`` is where the request was sent, ``response_issuer`` our own name.
    """

    login_client: str = wire("login_client", default="")
    application_id: str = wire("application_id", default="")
    acs_url: str = wire("acs_url", default="")
    relay_state: str = wire("relay_state", default="")
    request_id: str = wire("request_id", default="")
    binding: str = ""
    issuer: str = ""
    destination: str = ""
    response_issuer: str = wire("response_issuer", default="")
    force_authn: bool = wire("force_authn", default=False)
    is_passive: bool = wire("is_passive", default=False)
    name_id_format: str = wire("name_id_format", default="")
    login_hint: str = wire("login_hint", default="")
    authn_contexts: tuple[str, ...] = wire("authn_contexts", default=())
    comparison: str = ""


@event("saml_request.session.linked")
class SAMLSessionLinked:
    session_id: str = wire("session_id")
    user_id: str = wire("user_id")
    auth_time: datetime = wire("auth_time")
    auth_methods: tuple[str, ...] = wire("auth_methods", default=())


@event("saml_request.failed")
class SAMLRequestFailed:
    reason: int = 0


@event("saml_request.succeeded")
class SAMLRequestSucceeded:
    pass
