"""What follows from orders to a SAML session."""

from __future__ import annotations

from personae.actors.domain.kit import Decisions, Facts, On
from personae.actors.domain.saml_request import refusals as request_refusals
from personae.actors.domain.saml_request.events import SAMLRequestAdded, SAMLRequestSucceeded
from personae.actors.domain.saml_request.state import SAMLRequest, Status
from personae.actors.domain.saml_session import commands as c
from personae.actors.domain.saml_session import events as e
from personae.actors.domain.saml_session import refusals
from personae.actors.domain.saml_session.facts import OpenFacts
from personae.actors.domain.saml_session.state import SAML_SESSION, SAMLSession


@SAML_SESSION.decides(c.OpenSAMLSession)
def open_(session: SAMLSession, cmd: c.OpenSAMLSession, facts: OpenFacts) -> Decisions:
    if session.user_id:
        raise refusals.ALREADY_EXISTS()
    request = facts.request
    asked = linked(request)
    if facts.refused:
        raise facts.refused
    yield e.SAMLSessionAdded(
        user_id=request.user_id,
        user_resource_owner=cmd.org_id,
        session_id=request.session_id,
        entity_id=asked.issuer,
        audience=(asked.issuer,),
        auth_methods=request.auth_methods,
        auth_time=request.auth_time,
        preferred_language=facts.language,
        name_id=cmd.name_id,
    )
    yield e.SAMLResponseAdded(id=cmd.assertion_id, lifetime=cmd.lifetime)
    yield On(facts.stream, SAMLRequestSucceeded(), facts.version, facts.stream.instance_id)


def linked(request: SAMLRequest) -> SAMLRequestAdded:
    """Return what was asked when the answer is known and not yet told."""
    if request.asked is None:
        raise request_refusals.NOT_FOUND()
    if request.status is Status.ADDED:
        raise request_refusals.NOT_LINKED()
    if request.status is not Status.LINKED:
        raise request_refusals.ALREADY_HANDLED()
    return request.asked


@SAML_SESSION.decides(c.RevokeSAMLResponse)
def revoke(session: SAMLSession, _cmd: c.RevokeSAMLResponse, _facts: Facts) -> Decisions:
    if session.response_id:
        yield e.SAMLResponseRevoked()
