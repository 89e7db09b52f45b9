"""One-time codes as second factor: of authenticator apps, sent ones, and recovery codes."""

from __future__ import annotations

from datetime import datetime

from personae.actors.domain.kit import Decisions
from personae.actors.domain.policies import LockoutPolicy
from personae.actors.domain.user import factor_commands as c
from personae.actors.domain.user import factor_events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.decide.codes import human
from personae.actors.domain.user.decide.password import FAILURES_AT_MOST
from personae.actors.domain.user.events import UserLocked
from personae.actors.domain.user.factor_facts import (
    OtpFacts,
    RecoveryCodesFacts,
    RecoveryFacts,
    TotpFacts,
    TotpSecretFacts,
)
from personae.actors.domain.user.factors import Channel, Totp
from personae.actors.domain.user.state import USER, Human, User
from personae.actors.domain.user.values import Status

ADDED = {Channel.SMS: e.OtpSmsAdded, Channel.EMAIL: e.OtpEmailAdded}
REMOVED = {Channel.SMS: e.OtpSmsRemoved, Channel.EMAIL: e.OtpEmailRemoved}
SUCCEEDED = {Channel.SMS: e.OtpSmsCheckSucceeded, Channel.EMAIL: e.OtpEmailCheckSucceeded}
FAILED = {Channel.SMS: e.OtpSmsCheckFailed, Channel.EMAIL: e.OtpEmailCheckFailed}


def checkable(user: User) -> Human:
    """Return the human whose codes may be compared now, or say why not."""
    if not user.exists:
        raise refusals.NOT_FOUND()
    if user.status is Status.LOCKED:
        raise refusals.LOCKED()
    if not user.may_sign_in:
        raise refusals.NOT_ACTIVE()
    return human(user)


def wrong_code(human: Human, failed: object, policy: LockoutPolicy) -> Decisions:
    """Yield what follows a wrong code, of whatever kind: they share one count."""
    yield failed
    most = min(policy.max_otp_attempts or FAILURES_AT_MOST, FAILURES_AT_MOST)
    if human.otp_failures + 1 >= most:
        yield UserLocked()
    yield refusals.CODE_INVALID()


@USER.decides(c.RegisterTotp)
def register_totp(user: User, _cmd: c.RegisterTotp, facts: TotpSecretFacts) -> Decisions:
    totp = human(user).totp
    if totp and totp.verified:
        raise refusals.FACTOR_EXISTS()
    yield e.TotpAdded(otp_secret=facts.secret)


@USER.decides(c.VerifyTotp)
def verify_totp(user: User, _cmd: c.VerifyTotp, facts: TotpFacts) -> Decisions:
    someone = checkable(user)
    if _totp(someone).verified:
        raise refusals.FACTOR_EXISTS()
    if not facts.step:
        yield from wrong_code(someone, e.TotpCheckFailed(), facts.lockout)
        return
    yield e.TotpVerified(step=facts.step)


@USER.decides(c.CheckTotp)
def check_totp(user: User, _cmd: c.CheckTotp, facts: TotpFacts) -> Decisions:
    someone = checkable(user)
    totp = _totp(someone)
    if not totp.verified:
        raise refusals.FACTOR_MISSING()
    # A step counts once (RFC 6238, 5.2): who watched a code being typed cannot use it again.
    if facts.step <= totp.last_step:
        yield from wrong_code(someone, e.TotpCheckFailed(), facts.lockout)
        return
    yield e.TotpCheckSucceeded(step=facts.step)


@USER.decides(c.RemoveTotp)
def remove_totp(user: User, _cmd: c.RemoveTotp, _facts: object) -> Decisions:
    _totp(human(user))
    yield e.TotpRemoved()


def _totp(human: Human) -> Totp:
    if human.totp is None:
        raise refusals.FACTOR_MISSING()
    return human.totp


@USER.decides(c.AddOtp)
def add_otp(user: User, cmd: c.AddOtp, _facts: object) -> Decisions:
    someone = human(user)
    if _has(someone, cmd.channel):
        raise refusals.FACTOR_EXISTS()
    contact = someone.phone if cmd.channel is Channel.SMS else someone.email
    if not contact.verified:
        raise refusals.CONTACT_UNVERIFIED()
    yield ADDED[cmd.channel]()


@USER.decides(c.RemoveOtp)
def remove_otp(user: User, cmd: c.RemoveOtp, _facts: object) -> Decisions:
    if not _has(human(user), cmd.channel):
        raise refusals.FACTOR_MISSING()
    yield REMOVED[cmd.channel]()


@USER.decides(c.CheckOtp)
def check_otp(user: User, cmd: c.CheckOtp, facts: OtpFacts) -> Decisions:
    someone = checkable(user)
    if not _has(someone, cmd.channel):
        raise refusals.FACTOR_MISSING()
    if not (facts.right and _in_time(cmd.expires, facts.now)):
        yield from wrong_code(someone, FAILED[cmd.channel](), facts.lockout)
        return
    yield SUCCEEDED[cmd.channel]()


def _has(human: Human, channel: Channel) -> bool:
    return human.otp_sms if channel is Channel.SMS else human.otp_email


def _in_time(expires: datetime | None, now: datetime) -> bool:
    return expires is not None and now < expires


@USER.decides(c.GenerateRecoveryCodes)
def generate_recovery_codes(
    user: User, _cmd: c.GenerateRecoveryCodes, facts: RecoveryCodesFacts
) -> Decisions:
    human(user)
    yield e.RecoveryCodesAdded(codes=facts.hashes)


@USER.decides(c.RemoveRecoveryCodes)
def remove_recovery_codes(user: User, _cmd: c.RemoveRecoveryCodes, _facts: object) -> Decisions:
    if not human(user).recovery_codes:
        raise refusals.FACTOR_MISSING()
    yield e.RecoveryCodesRemoved()


@USER.decides(c.CheckRecoveryCode)
def check_recovery_code(user: User, _cmd: c.CheckRecoveryCode, facts: RecoveryFacts) -> Decisions:
    someone = checkable(user)
    if not someone.recovery_codes:
        raise refusals.FACTOR_MISSING()
    if facts.matched not in someone.recovery_codes:
        yield from wrong_code(someone, e.RecoveryCodeCheckFailed(), facts.lockout)
        return
    yield e.RecoveryCodeCheckSucceeded(code=facts.matched)
