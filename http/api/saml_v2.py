"""``zitadel.saml.v2.SAMLService``: SAML requests, answered by sign-in pages elsewhere."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.aggregates.aggregate import Aggregate
from personae.actors.domain.saml_request.commands import FailSAMLRequest, LinkSAMLSession
from personae.actors.domain.saml_request.events import SAMLRequestAdded
from personae.actors.domain.saml_request.refusals import NOT_FOUND
from personae.http.api.reading import aggregate_of, services_of
from personae.http.api.replies import aggregate_details
from personae.http.api.session_v2_tokens import current
from personae.http.identity.saml.answers import STATUSES, deny, provider_for, tell
from personae.http.identity.saml.bindings import Sent
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong

SERVICE = "zitadel.saml.v2.SAMLService"
LINK = "session.link"
LAST = 7
"""The last number of ``ErrorReason``."""

LONGEST = 1000
"""Characters of an error's description."""


@rpc(f"{SERVICE}/GetSAMLRequest")
async def get_saml_request(request: Any, call: Call) -> Message:
    """Return what a service provider asked, to those who answer for people."""
    found, asked = await asked_of(request, call)
    return call.reply(
        saml_request={
            "id": found.stream.id,
            "creation_date": found.created_at,
            "issuer": asked.issuer,
            "assertion_consumer_service": asked.acs_url,
            "relay_state": asked.relay_state,
            "binding": asked.binding,
        }
    )


async def asked_of(request: Any, call: Call) -> tuple[Aggregate, SAMLRequestAdded]:
    """Return a SAML request and what was asked.

    Raises AUTH-PermissionDenied, SAMLREQUEST-NotFound.
    """
    await services_of(call).world.permissions.require(call.caller, LINK)
    found = await aggregate_of(call, "saml_request", request.saml_request_id)
    asked: SAMLRequestAdded | None = found.state.asked
    if asked is None:
        raise NOT_FOUND()
    return found, asked


@rpc(f"{SERVICE}/CreateResponse")
async def create_response(request: Any, call: Call) -> Message:
    """Answer a request by a session or an error; returns what to send the browser on with."""
    found, asked = await asked_of(request, call)
    await provider_for(services_of(call), call.caller.instance_id, asked)
    match request.WhichOneof("response_kind"):
        case "session":
            sent = await _grant(request, call)
        case "error":
            sent = await _refuse(request, call, asked)
        case _:
            raise Wrong("session or error", "response_kind")
    return call.reply(details=aggregate_details(found), url=sent.url, **_way(sent))


def _way(sent: Sent) -> dict[str, Any]:
    """Return how the browser takes the answer on: a form to post, or all is in the address."""
    if not sent.post:
        return {"redirect": {}}
    fields = sent.fields
    relay = fields.get("RelayState", "")
    return {"post": {"relay_state": relay, "saml_response": fields["SAMLResponse"]}}


async def _grant(request: Any, call: Call) -> Sent:
    request_id, token_id = request.saml_request_id, await current(call, request.session)
    session_id = request.session.session_id
    order = LinkSAMLSession(request_id=request_id, session_id=session_id, presented=token_id)
    await call.send(order)
    return await tell(services_of(call), call.caller.instance_id, request_id, call.caller)


async def _refuse(request: Any, call: Call, asked: SAMLRequestAdded) -> Sent:
    number = request.error.error
    if not 1 <= number <= LAST:
        raise Wrong("defined_only", "error", "error")
    await call.send(FailSAMLRequest(request_id=request.saml_request_id, reason=number))
    said = request.error.error_description[:LONGEST]
    instance_id = call.caller.instance_id
    return await deny(services_of(call), instance_id, asked, *STATUSES[number], message=said)
