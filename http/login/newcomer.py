"""Somebody from elsewhere whom nobody here is linked to: linked, made, or asked."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web
from personae.actors.aggregates.login_names import user_of
from personae.actors.domain.idp.values import AutoLinking
from personae.actors.domain.kit import Refusal, Stream
from personae.actors.domain.user import refusals
from personae.actors.domain.user.commands import AddHuman
from personae.actors.domain.user.factor_commands import AddIdpLink
from personae.actors.domain.user.state import User
from personae.actors.domain.user.values import NewContact, Profile
from personae.http.login.accounts import account_of
from personae.http.login.check import Attempt, sign_in
from personae.http.login.contacts import user_by_contact
from personae.http.login.elsewhere import (
    Arrival,
    Known,
    enter,
    known_of,
    linked_user,
    may_enter,
    takes,
)
from personae.http.login.forms import Form, read_form
from personae.http.login.guesses import REGISTRATIONS, address_of
from personae.http.login.pending import put_off
from personae.http.login.problems import Problem
from personae.http.login.register import FIELDS, LONGEST_NAME, PROBLEMS, organisation
from personae.http.login.steps import go_on
from personae.http.login.visit import Visit


async def welcome(visit: Visit, came: Arrival, known: Known) -> web.Response:
    """Link or make somebody without asking where the provider's options say so; else ask."""
    if found := await _meant(visit, known):
        await _link(visit, known, found)
        return await enter(visit, came, known, found)
    typed = _said(known)
    auto = known.idp.is_auto_creation and all(typed.values())
    if auto and await _may_make(visit, known):
        try:
            return await _made(visit, came, known, typed)
        except Problem as problem:
            return await _ask(visit, came, known, typed, problem)
    return await _ask(visit, came, known, typed)


async def _meant(visit: Visit, known: Known) -> str:
    """Return the user that is taken for the one who came, without being asked."""
    user, how = known.user, known.idp.auto_linking
    found: str | None = None
    if not known.idp.is_linking_allowed:
        return ""
    if how is AutoLinking.EMAIL and user.email_verified:  # else anybody could claim it (ZA-55)
        found = await user_by_contact(visit, user.email)
    if how is AutoLinking.USER_NAME and user.preferred_username:
        found = await _by_name(visit, user.preferred_username)
    if not found or not await _may_link(visit, known, found):
        return ""
    return found


async def _by_name(visit: Visit, name: str) -> str | None:
    try:
        return await user_of(visit.services.world, visit.instance_id, name)
    except Refusal:
        return None


async def _may_link(visit: Visit, known: Known, user_id: str) -> bool:
    """Say whether a user may come that way and nobody of this provider comes as them already."""
    stream = Stream(visit.instance_id, "user", user_id)
    user: User = await visit.services.world.state(stream)
    if user.human is None or not user.may_sign_in:
        return False
    already = any(link.idp_id == known.intent.idp_id for link in user.human.links)
    return not already and await may_enter(visit, known, user_id)


async def _link(visit: Visit, known: Known, user_id: str) -> None:
    order = AddIdpLink(user_id=user_id, link=known.link)
    await visit.services.send(order, visit.system)


async def _may_make(visit: Visit, known: Known) -> bool:
    """Say whether people from this provider may have an account made (ZA-21)."""
    org_id, policies = await organisation(visit)
    allowed = known.idp.is_creation_allowed and policies.login.allow_register
    return bool(org_id) and allowed and takes(policies, visit, known.intent.idp_id)


def _said(known: Known) -> dict[str, str]:
    user = known.user
    return {"given": user.first_name, "family": user.last_name, "email": user.email}


async def _ask(
    visit: Visit, came: Arrival, known: Known, typed: Mapping[str, str], *problems: Problem
) -> web.Response:
    make, link = await _may_make(visit, known), known.idp.is_linking_allowed
    if not (make or link):
        return visit.page("idp_failed", problems=(Problem("idp", "idp_unknown"),))
    return visit.page(
        "newcomer",
        problems=problems,
        idp=known.idp.name,
        who=known.user.name,
        make=make,
        link=link,
        typed={name: typed.get(name, "") for name in (*FIELDS, "loginName")},
        memory={"id": came.intent_id, "came": came.token, **came.ids},
    )


async def _arrival(visit: Visit) -> tuple[Form, Arrival, Known]:
    """Return what a form of the page for newcomers remembers, if that still counts."""
    form = await read_form(visit, "idp/new")
    names = ("session_id", "token_id", "user_id")
    came = Arrival(
        form.memory["id"], form.memory["came"], {name: form.memory[name] for name in names}
    )
    return form, came, await known_of(visit, came)


async def take_new(visit: Visit) -> web.Response:
    """Make the account that was described, or link the one whose password is given."""
    form, came, known = await _arrival(visit)
    if linked := await linked_user(visit, known):
        return await enter(visit, came, known, linked)
    try:
        if form["do"] == "link":
            return await _link_by_password(visit, came, known, form)
        return await _made(visit, came, known, form.fields)
    except Problem as problem:
        return await _ask(visit, came, known, form.fields, problem)


async def _link_by_password(visit: Visit, came: Arrival, known: Known, form: Form) -> web.Response:
    """Sign in here, and let the account elsewhere do so from now on.

    While a second factor is due that waits: a password alone must not open another way in (ZA-59).
    """
    if not known.idp.is_linking_allowed:
        raise Problem("password", "idp_unknown")
    attempt = Attempt(form["loginName"], came.ids["session_id"], came.ids["token_id"])
    held = await sign_in(visit, attempt, form["password"])
    account = await account_of(visit, held.session_id)
    if account is not None and not await may_enter(visit, known, account.session.user_id):
        raise Problem("password", "idp_unknown")
    await put_off(visit, held.session_id, came)
    return await go_on(visit, held.session_id)


async def _made(
    visit: Visit, came: Arrival, known: Known, typed: Mapping[str, str]
) -> web.Response:
    """Make the account, linked from its first moment. Raises :class:`Problem`."""
    if not await _may_make(visit, known):
        raise Problem("given", "idp_unknown")
    given = {name: typed.get(name, "").strip() for name in FIELDS}
    for name, text in given.items():
        if not text or len(text) > LONGEST_NAME:
            raise Problem(name, "register_long" if text else f"register_{name}")
    made, now = visit.request.app[REGISTRATIONS], visit.services.world.now()
    if made.too_many(address_of(visit), now):
        raise Problem("email", "register_often", status=429, retry=600)
    made.wrong(address_of(visit), now)
    org_id, _ = await organisation(visit)
    email = given["email"]
    verified = known.user.email_verified and email == known.user.email
    if not verified and await user_by_contact(visit, email) is not None:
        raise Problem("email", "register_taken")
    host = visit.request.get("host") or visit.request.host
    link = f"{visit.services.origins.of(host)}/ui/login/verify"
    order = AddHuman(
        user_id=came.ids["user_id"],
        org_id=org_id,
        user_name=email,
        profile=Profile(
            first_name=given["given"],
            last_name=given["family"],
            display_name=known.user.display_name,
            preferred_language=visit.language,
        ),
        email=NewContact(
            value=email, verified=verified, url_template=link + "?user={{.UserID}}&code={{.Code}}"
        ),
        links=(known.link,),
        self_registered=True,
    )
    try:
        await visit.services.send(order, visit.system)
    except Refusal as refusal:
        if refusal.reason in PROBLEMS:
            raise Problem("email", PROBLEMS[refusal.reason]) from None
        if refusal.reason is not refusals.ALREADY_EXISTS:
            raise
    return await enter(visit, came, known, came.ids["user_id"])
