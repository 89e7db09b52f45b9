"""What commands to sessions must know: who was found, what was proved."""

from __future__ import annotations

from personae.actors.aggregates.facts.session_challenges import challenged
from personae.actors.aggregates.facts.session_proofs import check_factors, check_password
from personae.actors.aggregates.login_names import user_of
from personae.actors.aggregates.turn import Turn, facts_for
from personae.actors.domain.kit import replace
from personae.actors.domain.kit.refusal import PERMISSION_DENIED
from personae.actors.domain.org import refusals as org_refusals
from personae.actors.domain.session import commands as c
from personae.actors.domain.session.facts import CheckFacts, TerminateFacts
from personae.actors.domain.session.state import Session, Status
from personae.actors.domain.user import refusals as user_refusals


@facts_for(c.AddSession)
async def add(cmd: c.AddSession, turn: Turn) -> CheckFacts:
    return await _checked(cmd, turn)


@facts_for(c.SetSession)
async def change(cmd: c.SetSession, turn: Turn) -> CheckFacts:
    session: Session = turn.state
    if cmd.set_up and not turn.caller.system:
        raise PERMISSION_DENIED(permission="session.write")
    permitted = await turn.allows("session.write")
    if not permitted and (not cmd.presented or cmd.presented != session.token_id):
        # Before anything is compared: who may not change the session may not guess in it either.
        return CheckFacts(now=turn.now())
    return await _checked(cmd, turn, permitted=permitted)


async def _checked(
    cmd: c.AddSession | c.SetSession, turn: Turn, *, permitted: bool = False
) -> CheckFacts:
    checks, session = cmd.checks, turn.state
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
    facts = CheckFacts(
        now=turn.now(), user_id=user_id, org_id=org_id, language=language, permitted=permitted
    )
    subject = session.user_id or user_id
    if subject != user_id and not (await turn.aggregate("user", subject)).state.exists:
        raise user_refusals.NOT_FOUND()  # gone, and its sessions with it
    # Another user than the session's, or none: the decider refuses, and nobody is asked before.
    if not subject or user_id not in {"", subject} or not _open(session, turn):
        return facts
    return await _proved(cmd, subject, facts, turn)


def _open(session: Session, turn: Turn) -> bool:
    return session.status is Status.UNKNOWN or session.alive(turn.now())


async def _proved(
    cmd: c.AddSession | c.SetSession, subject: str, facts: CheckFacts, turn: Turn
) -> CheckFacts:
    checks = cmd.checks
    if checks.password is not None:
        await check_password(turn, subject, checks.password)
    proved, verified = await check_factors(checks, subject, turn.state, turn)
    facts = replace(
        facts,
        password_right=checks.password is not None,
        proved=(*proved, *getattr(cmd, "set_up", ())),
        user_verified=verified,
    )
    if not cmd.challenges:
        return facts
    return await challenged(cmd.challenges, subject, facts, turn)


async def _found(checks: c.Checks, turn: Turn) -> str:
    if checks.login_name:
        found = await user_of(turn.world, turn.caller.instance_id, checks.login_name)
        if found is None:
            raise user_refusals.NOT_FOUND()
        return found
    return checks.user_id


@facts_for(c.TerminateSession)
async def terminate(_cmd: c.TerminateSession, turn: Turn) -> TerminateFacts:
    session: Session = turn.state
    own = bool(session.user_id) and session.user_id == turn.caller.user_id
    permitted = own or await turn.allows("session.delete", session.org_id)
    return TerminateFacts(now=turn.now(), permitted=permitted)
