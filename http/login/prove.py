"""Orders to the session of an account that is being signed in, and what their refusals mean."""

from __future__ import annotations

from typing import Any

from personae.actors.aggregates.orders import Done
from personae.actors.domain.kit import Caller, Refusal
from personae.actors.domain.session import refusals as session_refusals
from personae.actors.domain.session.commands import SetSession
from personae.actors.domain.user import refusals
from personae.http.identity.agent import Held
from personae.http.login.accounts import Account
from personae.http.login.guesses import check_guesses, note_wrong
from personae.http.login.problems import Problem
from personae.http.login.visit import Visit

PROBLEMS = {
    refusals.CODE_INVALID: "code_wrong",
    session_refusals.CHALLENGE_MISSING: "code_wrong",
    refusals.CREDENTIAL_INVALID: "key_wrong",
    refusals.AUTHENTICATOR_NOT_FOUND: "key_wrong",
    refusals.FACTOR_MISSING: "factor_gone",
    session_refusals.FACTOR_UNAVAILABLE: "factor_gone",
    refusals.LOCKED: "locked",
}


async def change(visit: Visit, session_id: str, field: str, **changes: Any) -> Done:
    """Prove more in a session, or ask for more; the browser gets its new token.

    Raises :class:`Problem` about ``field``.
    """
    check_guesses(visit, field)
    token_id = visit.services.world.new_id()
    order = SetSession(session_id=session_id, token_id=token_id, **changes)
    try:
        done = await visit.services.send(order, visit.system)
    except Refusal as refusal:
        raise problem_of(visit, refusal, field) from None
    visit.hold(visit.agent.holding(Held(session_id, token_id)))
    return done


async def by_user(visit: Visit, account: Account, order: object, field: str) -> Done:
    """Give an order on behalf of the account itself. Raises :class:`Problem` about ``field``."""
    check_guesses(visit, field)
    caller = Caller(instance_id=visit.instance_id, user_id=account.session.user_id)
    try:
        return await visit.services.send(order, caller)
    except Refusal as refusal:
        raise problem_of(visit, refusal, field) from None


def problem_of(visit: Visit, refusal: Refusal, field: str) -> Exception:
    """Return what a refusal is to the person at the form; others are passed on."""
    text = PROBLEMS.get(refusal.reason)
    if text is None:
        return refusal
    if text in {"code_wrong", "key_wrong"}:
        note_wrong(visit)
    return Problem(field, text)
