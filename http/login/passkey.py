"""Signing in with a passkey, and adding one by a link that was sent.

The session that the browser's key answers for is the browser's own only once it has answered.
"""

from __future__ import annotations

import asyncio

import orjson
from aiohttp import web
from personae.actors.aggregates.policies import policies_of
from personae.actors.aggregates.webauthn import no_one_s_options
from personae.actors.domain.kit import Caller, Refusal, Stream
from personae.actors.domain.session.commands import AddSession, Checks
from personae.actors.domain.session.values import Challenges
from personae.actors.domain.user import factor_commands as c
from personae.actors.domain.user.state import User
from personae.http.identity.assurance import PASSKEY_FACTOR, factors_of
from personae.http.login.check import find_user, take_time, user_agent
from personae.http.login.forms import Form, read_form
from personae.http.login.guesses import check_guesses, note_wrong
from personae.http.login.mailed import WRONG
from personae.http.login.problems import Problem
from personae.http.login.prove import change, problem_of
from personae.http.login.seal import unseal
from personae.http.login.steps import go_on
from personae.http.login.visit import Visit

REQUIRED = 1
"""The API's number for a user verification that must be: a passkey is two factors."""
LONGEST = 200


async def user_with_passkey(visit: Visit, login_name: str) -> str:
    """Return the id of a user who may sign in here with a passkey, or nothing."""
    user_id = await find_user(visit, login_name)
    if user_id is None:
        return ""
    world = visit.services.world
    aggregate = await world.aggregate(Stream(visit.instance_id, "user", user_id))
    user: User = aggregate.state
    org = await world.state(Stream(visit.instance_id, "org", aggregate.owner))
    policies = await policies_of(world, visit.instance_id, aggregate.owner)
    if user.human is None or not (user.may_sign_in and org.active):
        return ""
    ready = factors_of(user.human, policies, visit.domain).ready
    return user_id if PASSKEY_FACTOR in ready and policies.login.passwordless_type else ""


async def show_passkey(visit: Visit) -> web.Response:
    """Offer to sign in with a passkey."""
    name = unseal(visit.services, f"name {visit.instance_id}", visit.request.query.get("who", ""))
    if not name or not visit.policies.login.passwordless_type:
        return visit.redirect(visit.url("/loginname"))
    return _page(visit, {"name": name})


def _page(
    visit: Visit, memory: dict[str, str], *problems: Problem, options: str = ""
) -> web.Response:
    password = ""
    if visit.policies.login.allow_username_password:
        password = visit.url("/password", who=visit.sealed("name", memory["name"]))
    return visit.page(
        "passkey",
        problems=problems,
        name=memory["name"],
        password=password,
        options=options,
        memory=memory,
    )


async def take_passkey(visit: Visit) -> web.Response:
    """Ask the browser for the passkey, or check what it answered."""
    form = await read_form(visit, "passkey")
    memory = {"name": form.memory["name"]}
    secretive = visit.policies.login.ignore_unknown_usernames
    begun = asyncio.get_running_loop().time()
    try:
        if form["do"] != "start":
            return await _answered(visit, form)
        page = await _started(visit, memory)
    except Problem as problem:
        visit.services.counters.login("failed", PASSKEY_FACTOR)
        if secretive and not problem.retry:
            problem = Problem("credential", "key_wrong")
        page = _page(visit, memory, problem)
    if secretive:
        await take_time(begun)
    return page


async def _started(visit: Visit, memory: dict[str, str]) -> web.Response:
    check_guesses(visit, "credential")
    user_id = await user_with_passkey(visit, memory["name"])
    world = visit.services.world
    if not user_id:
        note_wrong(visit)
        if not visit.policies.login.ignore_unknown_usernames:
            raise Problem("credential", "key_none")
        return _page(visit, memory | {"session": world.new_id()}, options=_anybody_s(visit))
    order = AddSession(
        session_id=world.new_id(),
        instance_id=visit.instance_id,
        token_id=world.new_id(),
        checks=Checks(user_id=user_id),
        challenges=Challenges(domain=visit.domain, user_verification=REQUIRED),
        user_agent=user_agent(visit),
    )
    try:
        done = await visit.services.send(order, visit.system)
    except Refusal as refusal:
        raise problem_of(visit, refusal, "credential") from None
    options = _anybody_s(visit, done.secrets["web_auth_n"])
    return _page(visit, memory | {"session": order.session_id}, options=options)


def _anybody_s(visit: Visit, options: str = "") -> str:
    """Return what a browser is asked; where names are kept secret, of nobody's keys in particular.

    Passkeys are found by browsers without being named (WebAuthn 3, 14.6.2).
    """
    if options and not visit.policies.login.ignore_unknown_usernames:
        return options
    asked = orjson.loads(options or no_one_s_options(visit.domain))
    return orjson.dumps(asked | {"allowCredentials": []}).decode()


async def _answered(visit: Visit, form: Form) -> web.Response:
    session_id = form.memory.get("session", "")
    if not session_id or not form["credential"]:
        raise Problem("credential", "key_wrong")
    session = await visit.services.world.state(Stream(visit.instance_id, "session", session_id))
    if not session.user_id:  # nobody's
        note_wrong(visit)
        raise Problem("credential", "key_wrong")
    checks = Checks(web_auth_n=form["credential"])
    await change(visit, session_id, "credential", checks=checks)
    visit.services.counters.login("ok", PASSKEY_FACTOR)
    return await go_on(visit, session_id)


async def show_add(visit: Visit) -> web.Response:
    """Offer to add a passkey with the code of a link."""
    query = visit.request.query
    found = {name: query.get(name, "")[:LONGEST] for name in ("user", "codeId", "code")}
    return _add(visit, found if all(map(str.isprintable, found.values())) else {"user": ""})


def _add(
    visit: Visit, memory: dict[str, str], *problems: Problem, options: str = ""
) -> web.Response:
    return visit.page("passkey_add", problems=problems, options=options, memory=memory)


async def take_add(visit: Visit) -> web.Response:
    """Begin to register a passkey, or finish it."""
    form = await read_form(visit, "passkey/add")
    memory = dict(form.memory)
    try:
        if form["do"] == "start" or "token" not in memory:
            return await _add_started(visit, memory)
        order = c.VerifyAuthenticator(
            user_id=memory.get("user", ""),
            token_id=memory["token"],
            passkey=True,
            credential=form["credential"],
            name=form["name"].strip()[:100],
        )
        await _by_holder(visit, memory, order)
    except Problem as problem:
        return _add(visit, memory, problem)
    said = visit.texts["passkey_add"]
    return visit.page("mailed_done", said=said, go_on=visit.url("/login"))


async def _add_started(visit: Visit, memory: dict[str, str]) -> web.Response:
    token_id = visit.services.world.new_id()
    order = c.RegisterAuthenticator(
        user_id=memory.get("user", ""),
        token_id=token_id,
        passkey=True,
        rp_id=visit.domain,
        code_id=memory.get("codeId") or "none",
        code=memory.get("code", ""),
    )
    options = await _by_holder(visit, memory, order)
    return _add(visit, memory | {"token": token_id}, options=options)


async def _by_holder(visit: Visit, memory: dict[str, str], order: object) -> str:
    """Give an order for who holds the code; only the right one leads on."""
    check_guesses(visit, "credential")
    caller = Caller(instance_id=visit.instance_id, user_id=memory.get("user", ""))
    try:
        done = await visit.services.send(order, caller)
    except Refusal as refusal:
        if refusal.reason in WRONG:
            note_wrong(visit)
            raise Problem("credential", "code_wrong") from None
        raise problem_of(visit, refusal, "credential") from None
    return done.secrets.get("options", "")
