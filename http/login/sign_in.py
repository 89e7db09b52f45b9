"""The way in: entry, login name, password."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web
from personae.actors.domain.policies import LoginPolicy
from personae.http.login.accounts import accounts_of
from personae.http.login.check import Attempt, find_user, sign_in
from personae.http.login.elsewhere import offers, wanted
from personae.http.login.forms import read_form
from personae.http.login.passkey import user_with_passkey
from personae.http.login.problems import Problem
from personae.http.login.register import may_register, organisation
from personae.http.login.seal import unseal
from personae.http.login.steps import CREATE, ask_password, go_on, next_page
from personae.http.login.visit import Visit

LONGEST_NAME = 320
"""Characters of a login name: user (64), ``@`` and domain (255) of RFC 5321, 4.5.3.1."""


async def enter(visit: Visit) -> web.Response:
    """Begin where this browser and this request need it."""
    if visit.asked and CREATE in visit.asked.prompt:
        return visit.redirect(visit.url("/register"))
    page, account = next_page(visit.asked, await accounts_of(visit))
    if account is None:
        if page == "name" and (idp_id := wanted(visit)):
            return visit.redirect(visit.url("/idp", idp=idp_id))
        path = "/userselection" if page == "choose" else "/loginname"
        return visit.redirect(visit.url(path))
    if page == "password":
        return ask_password(visit, account.login_name)
    return await go_on(visit, account.held.session_id)


async def show_login_name(visit: Visit) -> web.Response:
    """Ask who it is."""
    hint = (visit.asked.login_hint if visit.asked else None) or ""
    return await _login_name(visit, hint[:LONGEST_NAME])


async def _login_name(visit: Visit, typed: str, *problems: Problem) -> web.Response:
    others = bool(visit.agent.sessions) and bool(await accounts_of(visit))
    _, policies = await organisation(visit)
    return visit.page(
        "loginname",
        problems=problems,
        typed=typed,
        label=label_of(visit.policies.login),
        others=others,
        register=may_register(policies),
        offers=await offers(visit),
    )


LABELS = {(True, True): "label_both", (True, False): "label_email", (False, True): "label_phone"}
"""The text that says what one may sign in with: with an e-mail address too, with a number too."""


def label_of(login: LoginPolicy) -> str:
    """Return the name of the text that says what one may sign in with."""
    taken = not login.disable_login_with_email, not login.disable_login_with_phone
    return LABELS.get(taken, "label")


async def take_login_name(visit: Visit) -> web.Response:
    """Go on to the password of whoever it is."""
    form = await read_form(visit, "loginname")
    typed = form["loginName"]
    try:
        await _check_name(visit, typed)
    except Problem as problem:
        return await _login_name(visit, typed, problem)
    if not visit.policies.login.allow_username_password and (page := await _passkey(visit, typed)):
        return visit.redirect(page)
    return ask_password(visit, typed)


async def _check_name(visit: Visit, typed: str) -> None:
    if not typed.strip():
        raise Problem("loginName", "name_empty")
    if len(typed) > LONGEST_NAME:
        raise Problem("loginName", "name_long")
    if visit.policies.login.ignore_unknown_usernames:
        return  # not even looked up: known or not, it takes the same time
    if await find_user(visit, typed) is None:
        raise Problem("loginName", "name_unknown")


async def show_password(visit: Visit) -> web.Response:
    """Ask for the password of the login name in the address."""
    purpose = f"name {visit.instance_id}"
    name = unseal(visit.services, purpose, visit.request.query.get("who", ""))
    if not name:
        return visit.redirect(visit.url("/loginname"))
    return await _password(visit, name)


async def _password(visit: Visit, name: str, *problems: Problem) -> web.Response:
    world = visit.services.world
    attempt = Attempt(name, world.new_id(), world.new_id())
    forgotten = ""
    if not visit.policies.login.hide_password_reset:
        forgotten = visit.url("/password/reset", who=visit.sealed("name", name))
    return visit.page(
        "password",
        problems=problems,
        name=name,
        memory=asdict(attempt),
        forgotten=forgotten,
        passkey=await _passkey(visit, name),
    )


async def _passkey(visit: Visit, name: str) -> str:
    """Return the page to sign in with a passkey at, where that may be possible."""
    login = visit.policies.login
    if not login.passwordless_type:
        return ""
    # Where user names are kept secret it is offered to everybody.
    if not login.ignore_unknown_usernames and not await user_with_passkey(visit, name):
        return ""
    return visit.url("/passkey", who=visit.sealed("name", name))


async def take_password(visit: Visit) -> web.Response:
    """Sign in and go on."""
    form = await read_form(visit, "password")
    attempt = Attempt(**form.memory)
    try:
        held = await sign_in(visit, attempt, form["password"])
    except Problem as problem:
        return await _password(visit, attempt.login_name, problem)
    return await go_on(visit, held.session_id)
