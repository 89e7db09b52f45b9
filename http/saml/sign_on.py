"""Single sign-on (SAML Profiles, 4.1): from the request to the sign-in pages, and back."""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import web
from personae.actors.domain.kit import Stream
from personae.actors.domain.saml_request import refusals as request_refusals
from personae.actors.domain.saml_request.commands import AddSAMLRequest
from personae.actors.domain.saml_request.events import SAMLRequestAdded
from personae.actors.domain.saml_request.state import SAMLRequest, Status
from personae.http.identity.agent import agent_of, living
from personae.http.identity.saml.answers import STATUSES, Provider, deny, provider_for, tell
from personae.http.identity.saml.names import SAMLP
from personae.http.identity.saml.subject import format_of
from personae.http.identity.sign_in_pages import pages_elsewhere
from personae.http.saml import paths
from personae.http.saml.asked import Asked
from personae.http.saml.call import Call
from personae.http.saml.messages import Message, receive
from personae.http.saml.pages import leave, redirect
from personae.http.saml.passive import link_silently
from personae.http.saml.refusals import OTHER_BROWSER

LONGEST_ID = 64


async def single_sign_on(request: web.Request) -> web.Response:
    """Take an AuthnRequest; what cannot be had is told where the answer goes, else on a page."""
    call = await Call.of(request)
    message = await receive(call, f"{SAMLP}AuthnRequest", paths.SSO)
    asked = Asked.of(message.root)
    described = message.provider.described
    consumer = asked.consumer(described)
    wanted = _kept(call, message, asked)
    if problem := asked.problem(consumer, described):
        return leave(call, await deny(call.services, call.instance_id, wanted, *problem))
    request_id = f"V2_{call.services.new_id()}"
    order = AddSAMLRequest(request_id=request_id, instance_id=call.instance_id, asked=wanted)
    await call.services.send(order, call.caller)
    if asked.passive:
        # By a redirect of our own, so that the browser shows its cookie whoever posted here.
        return redirect(f"{paths.CALLBACK}?{urlencode({'id': request_id})}")
    return redirect(await _login_page(call, message.provider, request_id))


def _kept(call: Call, message: Message, asked: Asked) -> SAMLRequestAdded:
    """Return what is kept of a request."""
    provider = message.provider
    consumer = asked.consumer(provider.described)
    return SAMLRequestAdded(
        application_id=provider.client.app_id,
        acs_url=consumer.location,
        relay_state=message.relay_state,
        request_id=message.id,
        binding=consumer.binding,
        issuer=provider.described.entity_id,
        destination=call.here(paths.SSO),
        response_issuer=call.entity_id,
        force_authn=asked.force,
        is_passive=asked.passive,
        name_id_format=format_of(asked.format, provider.described),
        login_hint=asked.hint,
        authn_contexts=asked.contexts,
        comparison=asked.comparison if asked.contexts else "",
    )


async def _login_page(call: Call, provider: Provider, request_id: str) -> str:
    """Return where people sign in for a request: here, or at pages that the settings name.

    Those answer it over the API (``SAMLService/CreateResponse``).
    """
    saml, query = provider.client.app.saml, urlencode({"samlRequest": request_id})
    assert saml is not None  # noqa: S101 — for the type checker; it is a service provider
    base = await pages_elsewhere(call.services.world, call.instance_id, saml)
    return f"{base}/login?{query}" if base else f"{paths.LOGIN_PAGE}?{query}"


async def callback(request: web.Request) -> web.Response:
    """Answer the service provider, back from the sign-in pages. Refusals are shown on a page."""
    call = await Call.of(request)
    request_id = request.query.get("id", "")
    if not 0 < len(request_id) <= LONGEST_ID or not request_id.isascii():
        raise request_refusals.NOT_FOUND()
    state = await _state(call, request_id)
    asked = state.asked
    if asked is None:
        raise request_refusals.NOT_FOUND()
    provider = await provider_for(call.services, call.instance_id, asked)
    if state.status is Status.ADDED and asked.is_passive:
        await link_silently(call, request_id, asked)
        state = await _state(call, request_id)
    if state.status is Status.ADDED:
        return redirect(await _login_page(call, provider, request_id))
    if state.status is Status.FAILED:
        codes = STATUSES.get(state.reason, STATUSES[5])
        return leave(call, await deny(call.services, call.instance_id, asked, *codes))
    await _check_browser(call, state)
    return leave(call, await tell(call.services, call.instance_id, request_id, call.caller))


async def _state(call: Call, request_id: str) -> SAMLRequest:
    stream = Stream(call.instance_id, "saml_request", request_id)
    state: SAMLRequest = await call.services.world.state(stream)
    return state


async def _check_browser(call: Call, state: SAMLRequest) -> None:
    """Refuse a browser that does not hold the session the request was answered with.

    Else somebody could lead another person's browser to finish a sign-in that is not its own.
    """
    agent = agent_of(call.request, call.services, call.instance_id)
    held = [each for each, _ in await living(agent, call.services, call.instance_id)]
    if not any(each.session_id == state.session_id for each in held):
        raise OTHER_BROWSER()
