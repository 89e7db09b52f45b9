"""What follows from orders to a session."""

from __future__ import annotations

from datetime import timedelta

from personae.actors.domain.codes import life
from personae.actors.domain.kit import Decisions, Facts
from personae.actors.domain.lifetimes import LONGEST, nanoseconds
from personae.actors.domain.session import commands as c
from personae.actors.domain.session import events as e
from personae.actors.domain.session import refusals
from personae.actors.domain.session.facts import CheckFacts, TerminateFacts
from personae.actors.domain.session.state import SESSION, Session, Status
from personae.actors.domain.session.values import Challenges, Factor
from personae.actors.domain.templates import checked_template

CHECKED = {
    Factor.INTENT: e.IntentChecked,
    Factor.TOTP: e.TotpChecked,
    Factor.OTP_SMS: e.OtpSmsChecked,
    Factor.OTP_EMAIL: e.OtpEmailChecked,
    Factor.RECOVERY_CODE: e.RecoveryCodeChecked,
}
TO_ANSWER = timedelta(minutes=5)
"""How long a browser has to answer a WebAuthn challenge (WebAuthn 3, 15.1)."""


@SESSION.decides(c.AddSession)
def add(session: Session, cmd: c.AddSession, facts: CheckFacts) -> Decisions:
    if session != SESSION.initial:
        raise refusals.ALREADY_EXISTS()
    yield e.SessionAdded(user_agent=cmd.user_agent)
    yield from _changes(session, cmd, facts)
    yield e.TokenSet(token_id=cmd.token_id)


@SESSION.decides(c.SetSession)
def change(session: Session, cmd: c.SetSession, facts: CheckFacts) -> Decisions:
    _check_alive(session, facts)
    _check_right(session, cmd.presented, permitted=facts.permitted)
    yield from _changes(session, cmd, facts)
    yield e.TokenSet(token_id=cmd.token_id)


def _changes(session: Session, cmd: c.AddSession | c.SetSession, facts: CheckFacts) -> Decisions:
    if facts.user_id:
        if session.user_id not in {"", facts.user_id}:
            raise refusals.USER_CHANGED()
        yield e.UserChecked(
            user_id=facts.user_id,
            user_resource_owner=facts.org_id,
            checked_at=facts.now,
            preferred_language=facts.language,
        )
    if (cmd.checks.prove or cmd.challenges) and not (session.user_id or facts.user_id):
        raise refusals.USER_MISSING()
    yield from _proofs(facts)
    yield from _challenges(cmd.challenges, facts)
    if cmd.metadata:
        yield e.SessionMetadataSet(metadata=dict(cmd.metadata))
    if cmd.lifetime is not None:
        if not 0 < nanoseconds(cmd.lifetime) <= LONGEST:
            raise refusals.LIFETIME_INVALID()
        yield e.LifetimeSet(lifetime=nanoseconds(cmd.lifetime), since=facts.now)


def _proofs(facts: CheckFacts) -> Decisions:
    if facts.password_right:
        yield e.PasswordChecked(checked_at=facts.now)
    for factor in facts.proved:
        if factor is Factor.WEB_AUTH_N:
            yield e.WebAuthnChecked(checked_at=facts.now, user_verified=facts.user_verified)
        else:
            yield CHECKED[factor](checked_at=facts.now)


def _challenges(asked: Challenges, facts: CheckFacts) -> Decisions:
    if asked.domain:
        yield e.WebAuthnChallenged(
            challenge=facts.challenge,
            rp_id=asked.domain,
            user_verification=asked.user_verification,
            expires_at=facts.now + TO_ANSWER,
        )
    if asked.otp_sms and facts.sms_code:
        returned = asked.otp_sms.return_code
        yield e.OtpSmsChallenged(code_returned=returned, **life(facts.sms_code, facts.now))
    if asked.otp_email and facts.email_code:
        yield e.OtpEmailChallenged(
            return_code=asked.otp_email.return_code,
            url_template=checked_template(asked.otp_email.url_template),
            **life(facts.email_code, facts.now),
        )


@SESSION.decides(c.NoteOtpSent)
def note_otp_sent(session: Session, cmd: c.NoteOtpSent, _facts: Facts) -> Decisions:
    code = session.sent.get(cmd.factor)
    if code and not code.sent and code.code == cmd.code:
        yield e.OtpSmsSent() if cmd.factor is Factor.OTP_SMS else e.OtpEmailSent()


@SESSION.decides(c.TerminateSession)
def terminate(session: Session, cmd: c.TerminateSession, facts: TerminateFacts) -> Decisions:
    if session.status is Status.UNKNOWN:
        raise refusals.NOT_FOUND()
    if session.status is Status.TERMINATED:
        return
    _check_right(session, cmd.presented, permitted=facts.permitted)
    yield e.SessionTerminated()


def _check_alive(session: Session, facts: CheckFacts) -> None:
    if session.status is Status.UNKNOWN:
        raise refusals.NOT_FOUND()
    if session.status is Status.TERMINATED:
        raise refusals.TERMINATED()
    if not session.alive(facts.now):
        raise refusals.EXPIRED()


def _check_right(session: Session, presented: str, *, permitted: bool) -> None:
    # Token ids are random enough to be compared as they are: nobody can present one unsealed.
    if not permitted and (not presented or presented != session.token_id):
        raise refusals.TOKEN_INVALID()
