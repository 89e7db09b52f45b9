"""What somebody signs in for: the requests of applications, by the protocol they speak.

The pages know one kind of request. What a SAML service provider asks is read as if it had been
asked by OpenID Connect; how it is answered is a line of :data:`WAYS`.
"""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.aggregates.clients import Client, client_of, provider_of
from personae.actors.aggregates.world import World
from personae.actors.domain.auth_request.commands import FailAuthRequest, LinkSession
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.auth_request.refusals import ALREADY_HANDLED, WRONG_USER
from personae.actors.domain.auth_request.state import AuthRequest, Status
from personae.actors.domain.kit import Stream
from personae.actors.domain.saml_request.commands import FailSAMLRequest, LinkSAMLSession
from personae.actors.domain.saml_request.refusals import ALREADY_HANDLED as SAML_ALREADY_HANDLED
from personae.actors.domain.saml_request.refusals import CONTEXT_UNMET
from personae.actors.domain.saml_request.state import SAMLRequest
from personae.actors.domain.saml_request.state import Status as SAMLStatus
from personae.http.identity.agent import Held

LOGIN = 2
"""The prompt ``login`` (OIDC Core, 3.1.2.1) as requests keep it."""

HANDLED = frozenset({ALREADY_HANDLED, SAML_ALREADY_HANDLED})
"""Refusals that say that a request was answered before."""

NO_CONTEXT = 9
LOGIN_REQUIRED = "login_required"
"""OIDC Core, 3.1.2.6."""


@dataclass(frozen=True, slots=True)
class Way:
    """A protocol: the parameter of addresses that names a request, its aggregate, and the way back.

    Other doors are known here by their addresses only.
    """

    parameter: str
    kind: str
    callback: str


OIDC = Way("authRequestID", "auth_request", "/oauth/v2/authorize/callback")
SAML = Way("samlRequest", "saml_request", "/saml/v2/login")
WAYS = (OIDC, SAML)

STATUSES = {
    SAMLStatus.UNKNOWN: Status.UNKNOWN,
    SAMLStatus.ADDED: Status.ADDED,
    SAMLStatus.LINKED: Status.CODE_ADDED,
    SAMLStatus.FAILED: Status.FAILED,
    SAMLStatus.SUCCEEDED: Status.SUCCEEDED,
}


async def read(world: World, way: Way, instance_id: str, request_id: str) -> AuthRequest:
    """Return a request as the pages know it."""
    state = await world.state(Stream(instance_id, way.kind, request_id))
    return state if isinstance(state, AuthRequest) else as_auth_request(state)


def as_auth_request(request: SAMLRequest) -> AuthRequest:
    """Return what a service provider asks as OpenID Connect would."""
    asked = request.asked
    if asked is None:
        return AuthRequest()
    like = AuthRequestAdded(
        client_id=asked.issuer,
        redirect_uri=asked.acs_url,
        prompt=(LOGIN,) if asked.force_authn else (),
        login_hint=asked.login_hint or None,
    )
    return AuthRequest(STATUSES[request.status], like, session_id=request.session_id)


async def client_for(world: World, way: Way, instance_id: str, name: str) -> Client | None:
    """Return the application that asks."""
    find = provider_of if way is SAML else client_of
    return await find(world, instance_id, name)


def linking(
    way: Way, request_id: str, held: Held, agreed: tuple[str, ...]
) -> LinkSession | LinkSAMLSession:
    """Return the order that answers a request with a session."""
    named = {
        "request_id": request_id,
        "session_id": held.session_id,
        "presented": held.token_id,
    }
    return LinkSAMLSession(**named) if way is SAML else LinkSession(**named, agreed=agreed)


def answer_to(
    way: Way, request_id: str, reason: object
) -> FailAuthRequest | FailSAMLRequest | None:
    """Return the order that tells who asked that it cannot be had, where no page could help.

    A client that hinted at somebody "MUST" get an error when another one signed in (OIDC Core,
    3.1.2.1: ``id_token_hint``).
    """
    if reason is WRONG_USER:
        return FailAuthRequest(request_id=request_id, reason=LOGIN_REQUIRED)
    if way is SAML and reason is CONTEXT_UNMET:
        return FailSAMLRequest(request_id=request_id, reason=NO_CONTEXT)
    return None
