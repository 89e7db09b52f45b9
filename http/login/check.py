"""Checking a login name with its password: one new session, or one renewed, or a clear no.

Nothing is written before the password is compared, so nobody can plant a half-made session.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from personae.actors.aggregates.login_names import login_names, user_of
from personae.actors.aggregates.policies import policies_of
from personae.actors.domain.kit import Refusal, Stream
from personae.actors.domain.policies import LockoutPolicy
from personae.actors.domain.session.commands import AddSession, Checks, SetSession
from personae.actors.domain.session.refusals import ALREADY_EXISTS
from personae.actors.domain.session.state import Session
from personae.actors.domain.session.values import UserAgent
from personae.actors.domain.user import refusals
from personae.actors.domain.user.decide.password import LONGEST, attempts_left
from personae.actors.domain.user.state import User
from personae.actors.domain.user.values import Status
from personae.actors.domain.values import key
from personae.http.identity.agent import Held
from personae.http.identity.guesses import WINDOW
from personae.http.login.contacts import user_by_contact
from personae.http.login.guesses import check_guesses, note_wrong
from personae.http.login.problems import Problem
from personae.http.login.visit import Visit

METHOD = "password"
ATTEMPTS_WORTH_TELLING = 3
UNIFORM_SECONDS = 0.5
"""When user names are kept secret, every failure takes at least this long: comparing a password
writes to the log for users that exist, which others would not take time for."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a password form remembers.

    The ids are made with the form: sent twice, it leads to one session.
    """

    login_name: str
    session_id: str
    token_id: str

    @property
    def held(self) -> Held:
        """What the browser will hold if a new session is made."""
        return Held(self.session_id, self.token_id)


async def find_user(visit: Visit, login_name: str) -> str | None:
    """Return the id of the user with a login name, or a verified address or number.

    Unreadable names have none.
    """
    try:
        found = await user_of(visit.services.world, visit.instance_id, login_name)
    except Refusal:
        return None
    return found or await user_by_contact(visit, login_name)


async def name_of(visit: Visit, user_id: str) -> str:
    """Return the login name that a user is known by, or nothing for a user that is not there."""
    world = visit.services.world
    aggregate = await world.aggregate(Stream(visit.instance_id, "user", user_id))
    names = await login_names(world, visit.instance_id, aggregate.state, aggregate.owner)
    return names[0] if names else ""


async def sign_in(visit: Visit, attempt: Attempt, password: str) -> Held:
    """Return the session of a right login name and password. Raises :class:`Problem`."""
    _check_typed(visit, password)
    secretive = visit.policies.login.ignore_unknown_usernames
    started = asyncio.get_running_loop().time()
    try:
        held = await _checked(visit, attempt, password)
    except Problem as problem:
        if not problem.retry:
            note_wrong(visit)
        visit.services.counters.login("locked" if problem.text == "locked" else "failed", METHOD)
        if secretive and not problem.retry:
            await take_time(started)
            raise Problem(METHOD, "wrong_either") from None
        raise
    visit.services.counters.login("ok", METHOD)
    visit.hold(visit.agent.holding(held))
    return held


async def take_time(started: float) -> None:
    """Wait until as long has passed since ``started`` (of the loop's clock) as for anybody else."""
    passed = asyncio.get_running_loop().time() - started
    await asyncio.sleep(max(0.0, UNIFORM_SECONDS - passed))


def _check_typed(visit: Visit, password: str) -> None:
    """Refuse what needs no user to be looked up."""
    check_guesses(visit, METHOD)
    if not visit.policies.login.allow_username_password:
        raise Problem(METHOD, "password_off")
    if not password:
        raise Problem(METHOD, "password_empty")


async def _checked(visit: Visit, attempt: Attempt, password: str) -> Held:
    if len(password) > LONGEST:
        raise Problem(METHOD, "wrong")
    user_id = await find_user(visit, attempt.login_name)
    account = f"{visit.instance_id} {user_id or _spelt(attempt.login_name)}"
    guesses, now = visit.services.guesses, visit.services.world.now()
    if guesses.too_many(account, now):
        raise Problem(METHOD, "wrong_often", status=429, retry=int(WINDOW.total_seconds()))
    guesses.wrong(account, now)
    held = await _compared(visit, attempt, user_id, password)
    guesses.right(account)
    return held


def _spelt(login_name: str) -> str:
    """Return a name that nobody has in one spelling: as many guesses for it as for one known."""
    try:
        return key(login_name.strip())
    except Refusal:
        return login_name


async def _compared(visit: Visit, attempt: Attempt, user_id: str | None, password: str) -> Held:
    try:
        why = await _barred(visit, user_id)
        if user_id is None or why:
            await visit.services.world.verify_nobody(password)
            raise Problem(METHOD, why or "wrong")
        return await _prove(visit, attempt, user_id, password)
    except Refusal as refusal:
        raise await _problem(visit, refusal, user_id or "") from refusal


async def _barred(visit: Visit, user_id: str | None) -> str:
    """Return why a user cannot sign in with a password, or nothing."""
    if user_id is None:
        return "wrong"
    aggregate = await visit.services.world.aggregate(Stream(visit.instance_id, "user", user_id))
    user: User = aggregate.state
    org = await visit.services.world.state(Stream(visit.instance_id, "org", aggregate.owner))
    policies = await policies_of(visit.services.world, visit.instance_id, aggregate.owner)
    reasons = (
        (user.human is None, "wrong"),
        (not policies.login.allow_username_password, "password_off"),
        (user.status is Status.LOCKED, "locked"),
        (not user.may_sign_in, "inactive"),
        (not org.active, "org_inactive"),
        (user.human is not None and not user.human.password_hash, "password_none"),
    )
    return next((text for applies, text in reasons if applies), "")


async def _prove(visit: Visit, attempt: Attempt, user_id: str, password: str) -> Held:
    earlier = await _earlier(visit, attempt, user_id)
    checks = Checks(user_id=user_id, password=password)
    order: AddSession | SetSession
    if earlier:
        order = SetSession(session_id=earlier, token_id=attempt.token_id, checks=checks)
    else:
        order = AddSession(
            session_id=attempt.session_id,
            instance_id=visit.instance_id,
            token_id=attempt.token_id,
            checks=checks,
            user_agent=user_agent(visit),
        )
    try:
        await visit.services.send(order, visit.system)
    except Refusal as refusal:
        if refusal.reason is not ALREADY_EXISTS:
            raise
        if not await _is_ours(visit, attempt, user_id):
            raise Problem(METHOD, "used") from None
    return Held(order.session_id, attempt.token_id)


async def _earlier(visit: Visit, attempt: Attempt, user_id: str) -> str:
    """Return the session this browser has for the user already, if any."""
    now = visit.services.world.now()
    for held in visit.agent.sessions:
        session = await _session(visit, held.session_id)
        known = session.token_id in {held.token_id, attempt.token_id}
        if known and session.user_id == user_id and session.alive(now):
            return held.session_id
    return ""


async def _is_ours(visit: Visit, attempt: Attempt, user_id: str) -> bool:
    """Say whether the session that is there was made by this very form, sent twice."""
    session = await _session(visit, attempt.session_id)
    alive = session.alive(visit.services.world.now())
    return alive and (session.user_id, session.token_id) == (user_id, attempt.token_id)


async def _session(visit: Visit, session_id: str) -> Session:
    stream = Stream(visit.instance_id, "session", session_id)
    session: Session = await visit.services.world.state(stream)
    return session


def user_agent(visit: Visit) -> UserAgent:
    """Return what is kept of the browser with a session."""
    request = visit.request
    text = request.headers.get("User-Agent", "")[:300]
    return UserAgent(
        ip=request.get("client_ip") or request.remote or "",
        description=text,
        header={"user-agent": (text,)} if text else {},
    )


async def _problem(visit: Visit, refusal: Refusal, user_id: str) -> Exception:
    """Return what a refusal is to the person at the form; others are passed on."""
    if refusal.reason is refusals.TOO_BUSY:
        return Problem(METHOD, "busy", status=429, retry=5)
    if refusal.reason is refusals.LOCKED:
        return Problem(METHOD, "locked")
    if refusal.reason is refusals.NOT_ACTIVE:
        return Problem(METHOD, await _barred(visit, user_id) or "inactive")
    if refusal.reason is not refusals.PASSWORD_WRONG:
        return refusal
    user = await visit.services.world.aggregate(Stream(visit.instance_id, "user", user_id))
    policies = await policies_of(visit.services.world, visit.instance_id, user.owner)
    return _wrong(user.state, policies.lockout)


def _wrong(user: User, lockout: LockoutPolicy) -> Problem:
    if user.status is Status.LOCKED or user.human is None:
        return Problem(METHOD, "locked")
    left = attempts_left(user.human, lockout)
    if lockout.show_lock_out_failures and left <= ATTEMPTS_WORTH_TELLING:
        return Problem(METHOD, "wrong_last" if left == 1 else "wrong_left", {"left": left})
    return Problem(METHOD, "wrong")
