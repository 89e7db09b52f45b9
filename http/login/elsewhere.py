"""Signing in at an identity provider of others: sent there, come back, known here or not."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web
from personae.actors.aggregates.facts.auth_request import ends
from personae.actors.aggregates.policies import policies_of
from personae.actors.domain.idp.presets import PRESETS, Protocol
from personae.actors.domain.idp.values import Idp
from personae.actors.domain.idp_intent.state import Intent
from personae.actors.domain.kit import Refusal, Stream
from personae.actors.domain.policies import Policies
from personae.actors.domain.session.commands import AddSession, Checks
from personae.actors.domain.session.refusals import ALREADY_EXISTS
from personae.actors.domain.user.commands import UpdateHuman
from personae.actors.domain.user.factors import EXTERNAL_IDPS, IdpLink
from personae.actors.domain.user.state import User
from personae.actors.domain.user.values import ProfileChange
from personae.http.identity.agent import Held
from personae.http.identity.federation.directory import Login
from personae.http.identity.federation.intents import Intents, Wish
from personae.http.identity.federation.mapping import Mapped, mapped
from personae.http.identity.federation.refusals import (
    CREDENTIALS_WRONG,
    STATE_INVALID,
    TOO_MANY,
    UNREACHABLE,
)
from personae.http.login.check import user_agent
from personae.http.login.forms import read_form
from personae.http.login.guesses import check_guesses, note_wrong
from personae.http.login.problems import Problem
from personae.http.login.register import organisation
from personae.http.login.seal import unseal
from personae.http.login.steps import go_on
from personae.http.login.visit import Visit

IDP_SCOPE = "urn:zitadel:iam:org:idp:id:"
KEPT = "elsewhere"
"""What is sealed for the way there and back."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A provider that people may sign in through, as a button."""

    name: str
    url: str


async def offers(visit: Visit) -> list[Offer]:
    """Return the providers that the sign-in page offers."""
    _, policies = await organisation(visit)
    if not policies.login.allow_external_idp:
        return []
    known = visit.instance.idps
    return [
        Offer(known[id_].name or PRESETS[known[id_].kind].label, visit.url("/idp", idp=id_))
        for id_ in policies.idps
        if id_ in known
    ]


def wanted(visit: Visit) -> str:
    """Return the id of the provider that the client wants people to come from, if it does."""
    return next(iter(ends(visit.asked.scope, IDP_SCOPE)), "") if visit.asked else ""


def takes(policies: Policies, visit: Visit, idp_id: str) -> bool:
    """Say whether a policy lets people come from a provider."""
    offered = idp_id in policies.idps and idp_id in visit.instance.idps
    return policies.login.allow_external_idp and offered


def intents_of(visit: Visit) -> Intents:
    """Return the sign-ins elsewhere of this visit's site."""
    host = visit.request.get("host") or visit.request.host
    return Intents(visit.services, visit.instance_id, visit.services.origins.of(host))


async def show_start(visit: Visit) -> web.Response:
    """Send the browser to the provider, or ask for name and password of a directory."""
    idp_id = visit.request.query.get("idp", "")
    _, policies = await organisation(visit)
    if not takes(policies, visit, idp_id):
        return visit.redirect(visit.url("/loginname"))
    intents = intents_of(visit)
    if PRESETS[visit.instance.idps[idp_id].kind].protocol is Protocol.LDAP:
        return _directory(visit, {"idp": idp_id, **_ids(visit)})
    ids = _ids(visit)
    intent_id = visit.services.new_id()
    kept = visit.sealed(KEPT, [visit.browser, intent_id, ids])
    success = intents.origin + visit.url("/idp/done", kept=kept)
    failure = intents.origin + visit.url("/idp/failed")
    hint = (visit.asked.login_hint if visit.asked else None) or ""
    wish = Wish(idp_id=idp_id, success_url=success, failure_url=failure, hint=hint)
    return visit.redirect((await intents.start(visit.system, wish, intent_id)).url)


def _ids(visit: Visit) -> dict[str, str]:
    """Return ids of what may be made: sent twice, a form makes it once."""
    new_id = visit.services.new_id
    return {name: new_id() for name in ("session_id", "token_id", "user_id")}


def _directory(visit: Visit, memory: Mapping[str, str], *problems: Problem) -> web.Response:
    idp = visit.instance.idps[memory["idp"]]
    name = idp.name or PRESETS[idp.kind].label
    return visit.page("directory", problems=problems, name=name, memory=memory)


async def take_directory(visit: Visit) -> web.Response:
    """Compare name and password in the directory, and go on."""
    form = await read_form(visit, "idp")
    idp_id = form.memory["idp"]
    _, policies = await organisation(visit)
    if not takes(policies, visit, idp_id):
        return visit.redirect(visit.url("/loginname"))
    try:
        check_guesses(visit, "password")
        login = Login(form["loginName"], form["password"])
        done = await intents_of(visit).start_directory(visit.system, idp_id, login)
    except Problem as problem:
        return _directory(visit, form.memory, problem)
    except Refusal as refusal:
        return _directory(visit, form.memory, _problem(visit, refusal))
    return await arrive(visit, Arrival(done.intent_id, done.token, dict(form.memory)))


def _problem(visit: Visit, refusal: Refusal) -> Problem:
    if refusal.reason is CREDENTIALS_WRONG:
        note_wrong(visit)
        return Problem("password", "wrong")
    if refusal.reason is TOO_MANY:
        return Problem("password", "wrong_often", status=429, retry=60)
    if refusal.reason is UNREACHABLE:
        return Problem("loginName", "idp_unreachable", status=503, retry=60)
    raise refusal


async def show_again(visit: Visit) -> web.Response:
    """Begin anew: what a form of newcomers remembered is gone."""
    return visit.redirect(visit.url("/loginname"))


async def show_failed(visit: Visit) -> web.Response:
    """Say that it came to nothing; the reason is one of our own ids, or nothing."""
    unreachable = visit.request.query.get("error") == UNREACHABLE.id
    text = "idp_unreachable" if unreachable else "idp_refused"
    return visit.page("idp_failed", problems=(Problem("idp", text),))


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who came back: the sign-in, its token, and the ids of what may be made."""

    intent_id: str
    token: str
    ids: Mapping[str, str]


async def show_done(visit: Visit) -> web.Response:
    """Take who came back, in the browser that was sent. Raises IDP-StateInvalid."""
    query = visit.request.query
    purpose = f"{KEPT} {visit.instance_id}"
    kept = unseal(visit.services, purpose, query.get("kept", ""))
    if not kept or not hmac.compare_digest(kept[0], visit.browser):
        raise STATE_INVALID()  # else somebody could sign others in as themselves
    _, intent_id, ids = kept
    if query.get("id") != intent_id:
        raise STATE_INVALID()
    return onward(visit, await arrive(visit, Arrival(intent_id, query.get("token", ""), ids)))


def onward(visit: Visit, response: web.Response) -> web.Response:
    """Let a page lead on in place of a redirect.

    Whoever came here followed a form at the provider, and browsers hold all redirects after it to
    the provider's ``form-action`` (CSP 3, 6.4.1): it lets that form lead to us, not to our clients.
    """
    to = response.headers.get("Location")
    return visit.page("onward", to=to) if to else response


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of somebody who came back."""

    intent: Intent
    idp: Idp
    user: Mapped
    raw: Mapping[str, Any]

    @property
    def link(self) -> IdpLink:
        """The account elsewhere."""
        return IdpLink(self.intent.idp_id, self.intent.idp_user_id, self.intent.idp_user_name)


async def known_of(visit: Visit, came: Arrival) -> Known:
    """Return what is known of an arrival. Raises IDPINTENT-…."""
    intents = intents_of(visit)
    intent = await intents.usable(came.intent_id, came.token)
    idp = await intents.idp(intent.idp_id)
    raw = orjson.loads(intent.idp_user)
    return Known(intent, idp, mapped(idp, raw), raw)


async def arrive(visit: Visit, came: Arrival) -> web.Response:
    """Sign in who is linked; link or make who may be; else ask."""
    # here, as the pages for newcomers come back to this one
    from personae.http.login.newcomer import welcome

    if visit.agent.held(came.ids["session_id"]) is not None:  # the page was loaded again
        return await go_on(visit, came.ids["session_id"])
    known = await known_of(visit, came)
    user_id = await linked_user(visit, known)
    if user_id:
        return await enter(visit, came, known, user_id)
    return await welcome(visit, came, known)


async def linked_user(visit: Visit, known: Known) -> str:
    """Return the id of the user that the account elsewhere is linked to, if any."""
    dispatch = visit.services.dispatch
    return await dispatch.holder(visit.instance_id, EXTERNAL_IDPS, known.link.claim) or ""


async def may_enter(visit: Visit, known: Known, user_id: str) -> bool:
    """Say whether a user's organisation lets people come that way."""
    world = visit.services.world
    aggregate = await world.aggregate(Stream(visit.instance_id, "user", user_id))
    policies = await policies_of(world, visit.instance_id, aggregate.owner)
    return takes(policies, visit, known.intent.idp_id)


async def enter(visit: Visit, came: Arrival, known: Known, user_id: str) -> web.Response:
    """Open a session for a linked user, which uses the sign-in up, and go on."""
    session_id, token_id = came.ids["session_id"], came.ids["token_id"]
    order = AddSession(
        session_id=session_id,
        instance_id=visit.instance_id,
        token_id=token_id,
        checks=Checks(user_id=user_id, intent=came.intent_id),
        user_agent=user_agent(visit),
    )
    try:
        await visit.services.send(order, visit.system)
    except Refusal as refusal:
        if refusal.reason is not ALREADY_EXISTS:
            visit.services.counters.login("failed", "idp")
            raise
        raise STATE_INVALID() from None
    visit.services.counters.login("ok", "idp")
    visit.hold(visit.agent.holding(Held(session_id, token_id)))
    if known.idp.is_auto_update:
        await _update(visit, known, user_id)
    return await go_on(visit, session_id)


async def _update(visit: Visit, known: Known, user_id: str) -> None:
    """Take over what the provider says of the person now; addresses stay as they are."""
    user: User = await visit.services.world.state(Stream(visit.instance_id, "user", user_id))
    said, profile = known.user, user.human and user.human.profile
    fields = ("first_name", "last_name", "display_name", "nick_name")
    changed = {
        name: getattr(said, name)
        for name in fields
        if getattr(said, name) and getattr(said, name) != getattr(profile, name, None)
    }
    if profile and changed:
        order = UpdateHuman(user_id=user_id, profile=ProfileChange(**changed))
        await visit.services.send(order, visit.system)
