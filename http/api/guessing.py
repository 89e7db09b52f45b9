"""Guessing at a user's password or codes over the API: as slow as at the sign-in pages.

An account takes twenty wrong guesses a minute, wherever they come from, in each process. Whatever
the way, it stops comparing after a hundred in a row (``user.decide.password.FAILURES_AT_MOST``).
"""

from __future__ import annotations

from personae.actors.aggregates.login_names import user_of
from personae.actors.aggregates.orders import Done
from personae.actors.domain.kit import Code, Refusal, Stream, reason
from personae.actors.domain.session.commands import Checks
from personae.actors.domain.user.commands import UpdateHuman, UpdateMachine
from personae.actors.domain.user.refusals import CODE_INVALID, PASSWORD_WRONG
from personae.http.api.reading import services_of
from personae.http.identity.guesses import WINDOW
from personae.http.wire.call import Call

TOO_MANY = reason("USER-TooManyGuesses", Code.RESOURCE_EXHAUSTED)


async def send_guess(call: Call, user_id: str, command: object) -> Done:
    """Have a command decided that shows a user's password or code, right or wrong.

    Raises USER-TooManyGuesses before anything is compared.
    """
    guesses, now = services_of(call).guesses, services_of(call).world.now()
    account = f"{call.caller.instance_id} {user_id}"
    if guesses.too_many(account, now):
        raise TOO_MANY(seconds=int(WINDOW.total_seconds()))
    guesses.wrong(account, now)
    try:
        done: Done = await call.send(command)
    except Refusal as refusal:
        if refusal.reason not in (PASSWORD_WRONG, CODE_INVALID):
            guesses.right(account)
        raise
    guesses.right(account)
    return done


async def send_change(call: Call, command: UpdateHuman | UpdateMachine) -> Done:
    """Have a change of a user decided; one that shows the old password or a code is a guess."""
    shown = isinstance(command, UpdateHuman) and (command.current_password or command.password_code)
    return await (send_guess(call, command.user_id, command) if shown else call.send(command))


async def guessed_at(call: Call, checks: Checks, session_id: str = "") -> str:
    """Return the id of the user whose password or codes checks show; empty when they show none."""
    if not checks.guess:
        return ""
    world, instance_id = services_of(call).world, call.caller.instance_id
    if checks.login_name:
        return await user_of(world, instance_id, checks.login_name) or ""
    if checks.user_id or not session_id:
        return checks.user_id
    session = await world.state(Stream(instance_id, "session", session_id))
    return str(session.user_id)
