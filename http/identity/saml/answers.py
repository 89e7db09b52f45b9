"""The answer to a SAML request: what the service provider is told, and how it gets there.

Shared by the door that browsers come through and the API that pages elsewhere use.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from personae.actors.aggregates.clients import Client, provider_of
from personae.actors.domain.kit import Caller, Code, Stream, reason
from personae.actors.domain.lifetimes import nanoseconds
from personae.actors.domain.saml_request.contexts import met
from personae.actors.domain.saml_request.events import SAMLRequestAdded
from personae.actors.domain.saml_request.state import SAMLRequest
from personae.actors.domain.saml_session.commands import OpenSAMLSession
from personae.actors.domain.saml_session.decide import linked
from personae.http.identity.saml import names
from personae.http.identity.saml.bindings import Sent, send
from personae.http.identity.saml.keys import keys_of
from personae.http.identity.saml.metadata import ServiceProvider, described
from personae.http.identity.saml.names import POST
from personae.http.identity.saml.response import (
    LIFE,
    Envelope,
    Statement,
    granted,
    refused,
)
from personae.http.identity.saml.subject import Subject, subject_of
from personae.http.identity.saml.xml import Element, Signatory, sign

if TYPE_CHECKING:
    from personae.http.identity.services import Services

PROVIDER_UNKNOWN = reason("SAML-ProviderUnknown", Code.NOT_FOUND)
ACS_UNKNOWN = reason("SAML-ConsumerUnknown", Code.INVALID_ARGUMENT)

INVALID_NAME_ID = 4
DENIED = 5

STATUSES: dict[int, tuple[str, ...]] = {
    1: (names.VERSION_MISMATCH,),
    2: (names.RESPONDER, names.AUTHN_FAILED),
    3: (names.REQUESTER, names.INVALID_ATTRIBUTE),
    INVALID_NAME_ID: (names.REQUESTER, names.INVALID_NAME_ID_POLICY),
    DENIED: (names.RESPONDER, names.REQUEST_DENIED),
    6: (names.RESPONDER, names.REQUEST_UNSUPPORTED),
    7: (names.RESPONDER, names.UNSUPPORTED_BINDING),
    8: (names.RESPONDER, names.NO_PASSIVE),
    9: (names.RESPONDER, names.NO_AUTHN_CONTEXT),
}
"""What service providers are told, by the numbers of ``ErrorReason``; 8 and 9 are ours."""


class Provider(NamedTuple):
    """A service provider that may be told of people: its application, what it says of itself."""

    client: Client
    described: ServiceProvider


async def find_provider(services: Services, instance_id: str, entity_id: str) -> Provider:
    """Return an active service provider by its name. Raises SAML-ProviderUnknown."""
    client = await provider_of(services.world, instance_id, entity_id)
    if client is None or client.app.saml is None:
        raise PROVIDER_UNKNOWN()
    return Provider(client, described(client.app.saml.metadata))


async def provider_for(services: Services, instance_id: str, asked: SAMLRequestAdded) -> Provider:
    """Return who asked, if the answer may still go where it was wanted.

    Raises SAML-ProviderUnknown, SAML-ConsumerUnknown.
    """
    found = await find_provider(services, instance_id, asked.issuer)
    if found.client.app_id != asked.application_id:
        raise PROVIDER_UNKNOWN()
    places = {(each.location, each.binding) for each in found.described.consumers}
    if (asked.acs_url, asked.binding) not in places:
        raise ACS_UNKNOWN()
    return found


async def tell(services: Services, instance_id: str, request_id: str, caller: Caller) -> Sent:
    """Answer a request with the session it was linked with: opens a SAML session.

    Who cannot be named as the service provider wishes is not told of: that is the answer then.
    Raises SAMLREQUEST-… of the domain, SAML-ProviderUnknown, SAML-ConsumerUnknown.
    """
    stream = Stream(instance_id, "saml_request", request_id)
    request: SAMLRequest = await services.world.state(stream)
    asked = linked(request)
    provider = await provider_for(services, instance_id, asked)
    user = Stream(instance_id, "user", request.user_id)
    subject = await subject_of(services, *provider, user, asked.name_id_format)
    if not subject.name:
        return await deny(services, instance_id, asked, *STATUSES[INVALID_NAME_ID])
    order = OpenSAMLSession(
        saml_session_id=f"V2_{services.new_id()}",
        org_id=subject.org_id,
        request_id=request_id,
        assertion_id=f"_{services.new_id()}",
        name_id=subject.name,
        lifetime=nanoseconds(LIFE),
    )
    await services.send(order, caller)
    by = (await keys_of(services, instance_id)).signatory
    said = _said(order, subject, request, asked)
    response = await asyncio.to_thread(granted, _envelope(services, asked), said, by)
    return await _told(response, asked, by)


def _said(
    order: OpenSAMLSession, subject: Subject, request: SAMLRequest, asked: SAMLRequestAdded
) -> Statement:
    assert request.auth_time is not None  # noqa: S101 — for the type checker; it is linked
    context = met(asked.authn_contexts, asked.comparison, request.auth_methods)
    return Statement(
        order.assertion_id,
        subject,
        asked.issuer,
        order.saml_session_id,
        request.auth_time,
        context,
    )


async def deny(
    services: Services, instance_id: str, asked: SAMLRequestAdded, *codes: str, message: str = ""
) -> Sent:
    """Return the answer that there is no assertion, and why."""
    by = (await keys_of(services, instance_id)).signatory
    return await _told(refused(_envelope(services, asked), *codes, message=message), asked, by)


def _envelope(services: Services, asked: SAMLRequestAdded) -> Envelope:
    now = services.world.now()
    return Envelope(asked.response_issuer, asked.acs_url, asked.request_id, now)


async def _told(response: Element, asked: SAMLRequestAdded, by: Signatory) -> Sent:
    return await deliver(response, asked.relay_state, asked.binding, asked.acs_url, by)


async def deliver(
    response: Element, relay_state: str, binding: str, location: str, by: Signatory
) -> Sent:
    """Return a response as its binding carries it, signed inside or in the address."""
    if binding == POST:
        response = await asyncio.to_thread(_signed, response, by)
    return send(response, "SAMLResponse", relay_state, binding, location, by)


def _signed(response: Element, by: Signatory) -> Element:
    return sign(response, by, after=response[0])
