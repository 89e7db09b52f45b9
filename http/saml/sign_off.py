"""Single logout that a service provider begins (SAML Profiles, 4.4): the session really ends.

Only signed requests count. Clients of OpenID Connect that share the session are told by their
logout channels, as ever when one ends; other SAML service providers are not told.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web
from personae.actors.aggregates.login_names import login_names
from personae.actors.domain.kit import Caller, Stream
from personae.actors.domain.saml_session.commands import RevokeSAMLResponse
from personae.actors.domain.saml_session.state import SAMLSession
from personae.actors.domain.session.commands import TerminateSession
from personae.http.identity import logged_out
from personae.http.identity.agent import agent_of, keep, living
from personae.http.identity.saml import names
from personae.http.identity.saml.answers import deliver
from personae.http.identity.saml.keys import keys_of
from personae.http.identity.saml.metadata import Endpoint, ServiceProvider, moment
from personae.http.identity.saml.names import POST, REDIRECT, SAML, SAMLP
from personae.http.identity.saml.response import Envelope, answer, status
from personae.http.identity.saml.xml import Element, Unreadable, child, children, text
from personae.http.saml import paths
from personae.http.saml.call import Call
from personae.http.saml.messages import Message, receive
from personae.http.saml.pages import leave, redirect
from personae.http.saml.refusals import MESSAGE_EXPIRED, MESSAGE_INVALID

MOST_INDEXES = 20
LONGEST_INDEX = 64
"""Ours are shorter."""
VERSION = "2.0"


@dataclass(frozen=True, slots=True)
class LogoutAsked:
    """A LogoutRequest (SAML Core, 3.7.1); ``indexes`` are sessions of ours."""

    name: str
    indexes: tuple[str, ...]

    @classmethod
    def of(cls, call: Call, root: Element) -> LogoutAsked:
        """Read a request. Raises SAML-MessageInvalid, SAML-MessageExpired."""
        until = root.get("NotOnOrAfter")
        try:
            late = bool(until) and call.services.world.now() >= moment(until)
        except Unreadable as why:
            raise MESSAGE_INVALID(why=str(why)) from None
        if late:
            raise MESSAGE_EXPIRED()
        indexes = tuple(text(each) for each in children(root, f"{SAMLP}SessionIndex"))
        return cls(text(child(root, f"{SAML}NameID")), indexes[:MOST_INDEXES])


async def single_logout(request: web.Request) -> web.Response:
    """End the sessions that a LogoutRequest means, and say so where its sender takes answers."""
    call = await Call.of(request)
    message = await receive(call, f"{SAMLP}LogoutRequest", paths.SLO, must_sign=True)
    if message.root.get("Version") != VERSION:
        return await _answer(call, message, names.VERSION_MISMATCH)
    asked = LogoutAsked.of(call, message.root)
    found = await _meant(call, message.provider.described, asked)
    for session_id in found:
        order = TerminateSession(session_id=session_id)
        await call.services.send(order, Caller.of_system(call.instance_id))
    codes = (names.SUCCESS,) if found else (names.REQUESTER, names.UNKNOWN_PRINCIPAL)
    return _forgetting(call, found, await _answer(call, message, *codes))


async def _meant(call: Call, provider: ServiceProvider, asked: LogoutAsked) -> tuple[str, ...]:
    """Return the sessions to end: by their indexes, else those of this browser by the name."""
    if not asked.indexes:
        return await _named(call, asked.name)
    found: dict[str, None] = {}
    for index in asked.indexes:
        if not (index.isascii() and len(index) <= LONGEST_INDEX):
            continue
        stream = Stream(call.instance_id, "saml_session", index)
        state: SAMLSession = await call.services.world.state(stream)
        if state.user_id and (state.entity_id, state.name_id) == (provider.entity_id, asked.name):
            order = RevokeSAMLResponse(saml_session_id=index)
            await call.services.send(order, call.caller)
            found[state.session_id] = None
    return tuple(found)


async def _named(call: Call, name: str) -> tuple[str, ...]:
    """Return the sessions of this browser whose user a service provider may call so."""
    services, found = call.services, []
    agent = agent_of(call.request, services, call.instance_id)
    for held, session in await living(agent, services, call.instance_id):
        stream = Stream(call.instance_id, "user", session.user_id)
        user = await services.world.aggregate(stream)
        known = await login_names(services.world, call.instance_id, user.state, user.owner)
        email = user.state.human.email.value if user.state.human else ""
        if name and name in {session.user_id, email, *known}:
            found.append(held.session_id)
    return tuple(found)


def _forgetting(call: Call, ended: tuple[str, ...], response: web.Response) -> web.Response:
    """Have the browser forget the sessions that ended."""
    agent = left = agent_of(call.request, call.services, call.instance_id)
    for session_id in ended:
        left = left.without(session_id)
    if left != agent:
        keep(response, left, call.services, call.instance_id)
    return response


async def _answer(call: Call, message: Message, *codes: str) -> web.Response:
    """Answer by the binding that the request came by, if its sender takes that."""
    place = _place(call, message.provider.described)
    if place is None:
        return redirect(logged_out.PAGE)
    location, now = place.answers or place.location, call.services.world.now()
    to = Envelope(call.entity_id, location, message.id, now)
    by = (await keys_of(call.services, call.instance_id)).signatory
    response = await asyncio.to_thread(answer, "LogoutResponse", to, status(*codes))
    relay = message.relay_state
    return leave(call, await deliver(response, relay, place.binding, location, by))


def _place(call: Call, provider: ServiceProvider) -> Endpoint | None:
    wanted = POST if call.request.method == "POST" else REDIRECT
    places = sorted(provider.logouts, key=lambda each: each.binding != wanted)
    return next(iter(places), None)
