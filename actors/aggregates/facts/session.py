"""What commands to sessions must know: who was found, what was proved."""

from __future__ import annotations

from personae.actors.aggregates.login_names import user_of
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.org import refusals as org_refusals
from personae.actors.domain.session import commands as c
from personae.actors.domain.session.facts import CheckFacts, TerminateFacts
from personae.actors.domain.session.state import Session
from personae.actors.domain.user import refusals as user_refusals
from personae.actors.domain.user.commands import CheckPassword
from personae.actors.domain.user.events import PasswordCheckSucceeded


@facts_for(c.AddSession)
async def add(cmd: c.AddSession, turn: Turn) -> CheckFacts:
    return await _checked(cmd.checks, "", turn)


@facts_for(c.SetSession)
async def change(cmd: c.SetSession, turn: Turn) -> CheckFacts:
    session: Session = turn.state
    permitted = await turn.allows("session.write")
    if not permitted and (not cmd.presented or cmd.presented != session.token_id):
        # Before anything is compared: who may not change the session may not guess in it either.
        return CheckFacts(now=turn.now())
    return await _checked(cmd.checks, session.user_id, turn, permitted=permitted)


async def _checked(
    checks: c.Checks, known_user: str, turn: Turn, *, permitted: bool = False
) -> CheckFacts:
    user_id = await _found(checks, turn)
    org_id, language = "", ""
    if user_id:
        aggregate = await turn.aggregate("user", user_id)
        user, org_id = aggregate.state, aggregate.owner
        if not user.exists:
            raise user_refusals.NOT_FOUND()
        if not user.may_sign_in:
            raise user_refusals.NOT_ACTIVE()
        if not (await turn.org(org_id)).active:
            raise org_refusals.NOT_ACTIVE()
        language = user.human.profile.preferred_language if user.human else ""
    subject = user_id or known_user
    right = bool(subject) and checks.password is not None
    if right:
        await _check_password(turn, subject, checks.password or "")
    return CheckFacts(
        now=turn.now(),
        user_id=user_id,
        org_id=org_id,
        language=language,
        password_right=right,
        permitted=permitted,
    )


async def _found(checks: c.Checks, turn: Turn) -> str:
    if checks.login_name:
        found = await user_of(turn.world, turn.caller.instance_id, checks.login_name)
        if found is None:
            raise user_refusals.NOT_FOUND()
        return found
    return checks.user_id


async def _check_password(turn: Turn, user_id: str, password: str) -> None:
    """Let the user compare its own password, which also counts; refuse when it is wrong."""
    done = await turn.send(CheckPassword(user_id=user_id, password=password))
    if not any(isinstance(event, PasswordCheckSucceeded) for event in done.events):
        raise user_refusals.PASSWORD_WRONG()


@facts_for(c.TerminateSession)
async def terminate(_cmd: c.TerminateSession, turn: Turn) -> TerminateFacts:
    session: Session = turn.state
    own = bool(session.user_id) and session.user_id == turn.caller.user_id
    permitted = own or await turn.allows("session.delete")
    return TerminateFacts(now=turn.now(), permitted=permitted)
