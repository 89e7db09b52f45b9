"""A new password, when one is due or wanted; the current one proves who asks."""

from __future__ import annotations

from aiohttp import web
from personae.actors.domain.kit import Caller, Refusal
from personae.actors.domain.policies import PasswordComplexityPolicy
from personae.actors.domain.user import refusals
from personae.actors.domain.user.commands import UpdateHuman
from personae.actors.domain.user.values import NewPassword
from personae.http.identity.assurance import Lack, password_due
from personae.http.login.accounts import Account, account_of
from personae.http.login.check import Attempt, sign_in
from personae.http.login.forms import Form, read_form
from personae.http.login.problems import Problem
from personae.http.login.steps import go_on
from personae.http.login.visit import Visit

PROBLEMS = {
    refusals.PASSWORD_SHORT: "new_short",
    refusals.PASSWORD_LONG: "new_long",
    refusals.PASSWORD_LOWER: "new_lower",
    refusals.PASSWORD_UPPER: "new_upper",
    refusals.PASSWORD_NUMBER: "new_number",
    refusals.PASSWORD_SYMBOL: "new_symbol",
    refusals.PASSWORD_SAME: "new_same",
}


def rules_of(policy: PasswordComplexityPolicy) -> list[str]:
    """Return the rules that a new password must keep, by the keys of their texts."""
    wanted = {
        "length": policy.min_length > 0,
        "lower": policy.has_lowercase,
        "upper": policy.has_uppercase,
        "number": policy.has_number,
        "symbol": policy.has_symbol,
    }
    return [rule for rule, applies in wanted.items() if applies]


def check_typed(form: Form) -> None:
    """Refuse a new password that is not there, or not there twice. Raises :class:`Problem`."""
    if not form["new"]:
        raise Problem("new", "new_empty")
    if form["new"] != form["again"]:
        raise Problem("again", "new_differs")


def problem_of(refusal: Refusal) -> Exception:
    """Return what a refusal of a new password is to the person at the form; others as they are."""
    if refusal.reason is refusals.TOO_BUSY:
        return Problem("new", "busy", status=429, retry=5)
    if refusal.reason not in PROBLEMS:
        return refusal
    return Problem("new", PROBLEMS[refusal.reason], refusal.params)


async def show_new_password(visit: Visit) -> web.Response:
    """Ask for the current and a new password."""
    account = await account_of(visit, visit.request.query.get("session", ""))
    if account is None or account.user.human is None or account.lack is Lack.CHECK:
        return visit.redirect(visit.url("/login"))
    return _new_password(visit, account, visit.services.world.new_id())


def _new_password(
    visit: Visit, account: Account, token_id: str, *problems: Problem
) -> web.Response:
    policy = account.policies.complexity
    return visit.page(
        "new_password",
        problems=problems,
        account=account,
        due=_is_due(visit, account),
        rules=rules_of(policy),
        least=policy.min_length,
        memory={"session_id": account.held.session_id, "token_id": token_id},
    )


def _is_due(visit: Visit, account: Account) -> bool:
    human, now = account.user.human, visit.services.world.now()
    return human is not None and password_due(human, account.created_at, account.policies, now)


async def take_new_password(visit: Visit) -> web.Response:
    """Set the new password and go on."""
    form = await read_form(visit, "new_password")
    account = await account_of(visit, form.memory["session_id"])
    if account is None or account.lack is Lack.CHECK:
        return visit.redirect(visit.url("/login"))
    try:
        await _set(visit, account, form)
    except Problem as problem:
        again = await account_of(visit, account.held.session_id)
        return _new_password(visit, again or account, visit.services.world.new_id(), problem)
    return await go_on(visit, account.held.session_id)


async def _set(visit: Visit, account: Account, form: Form) -> None:
    check_typed(form)
    await _prove(visit, account, form)
    user_id = account.session.user_id
    caller = Caller(instance_id=visit.instance_id, user_id=user_id)
    order = UpdateHuman(
        user_id=user_id,
        password=NewPassword(plain=form["new"]),
        current_password=form["current"],
    )
    try:
        await visit.services.send(order, caller)
    except Refusal as refusal:
        raise problem_of(refusal) from None


async def _prove(visit: Visit, account: Account, form: Form) -> None:
    """Check the current password as at sign-in, so that wrong guesses count here too."""
    attempt = Attempt(account.login_name, form.memory["session_id"], form.memory["token_id"])
    try:
        await sign_in(visit, attempt, form["current"])
    except Problem as problem:
        raise Problem(
            "current", problem.text, problem.params, problem.status, problem.retry
        ) from None
