"""Having users compare what a session is shown: each factor in the user's own mailbox."""

from __future__ import annotations

from personae.actors.aggregates.turn import Turn
from personae.actors.domain.idp_intent.commands import ConsumeIntent
from personae.actors.domain.session import commands as c
from personae.actors.domain.session import refusals
from personae.actors.domain.session.state import Challenge, SentCode, Session
from personae.actors.domain.session.values import Factor
from personae.actors.domain.user import factor_commands as u
from personae.actors.domain.user import refusals as user_refusals
from personae.actors.domain.user.commands import CheckPassword
from personae.actors.domain.user.events import PasswordCheckSucceeded
from personae.actors.domain.user.factor_events import PasskeyCheckSucceeded, U2fCheckSucceeded
from personae.actors.domain.user.factors import Channel

CHANNELS = {Factor.OTP_SMS: Channel.SMS, Factor.OTP_EMAIL: Channel.EMAIL}
REQUIRED = 1
"""The API's number for a user verification that must be."""


async def check_password(turn: Turn, user_id: str, password: str) -> None:
    """Let the user compare its own password, which also counts; refuse when it is wrong.

    Or when its organisation has switched passwords off: whoever asks, pages of others too.
    """
    user = await turn.aggregate("user", user_id)
    if not (await turn.policies(user.owner)).login.allow_username_password:
        raise refusals.PASSWORDS_OFF()
    done = await turn.send(CheckPassword(user_id=user_id, password=password))
    if not any(isinstance(event, PasswordCheckSucceeded) for event in done.events):
        raise user_refusals.PASSWORD_WRONG()


async def check_factors(
    checks: c.Checks, user_id: str, session: Session, turn: Turn
) -> tuple[tuple[Factor, ...], bool]:
    """Return which factors were proved, and whether a credential verified its user.

    Raises the user's refusal of the first one that is wrong.
    """
    proved: list[Factor] = []
    if checks.totp is not None:
        await turn.send(u.CheckTotp(user_id=user_id, code=checks.totp))
        proved.append(Factor.TOTP)
    entered = {Factor.OTP_SMS: checks.otp_sms, Factor.OTP_EMAIL: checks.otp_email}
    for factor, code in entered.items():
        if code is not None:
            await _check_sent(factor, code, user_id, session, turn)
            proved.append(factor)
    if checks.recovery_code is not None:
        await turn.send(u.CheckRecoveryCode(user_id=user_id, code=checks.recovery_code))
        proved.append(Factor.RECOVERY_CODE)
    if checks.intent is not None:
        await turn.send(ConsumeIntent(intent_id=checks.intent, user_id=user_id))
        proved.append(Factor.INTENT)
    verified = False
    if checks.web_auth_n is not None:
        verified = await _check_credential(checks.web_auth_n, user_id, session, turn)
        proved.append(Factor.WEB_AUTH_N)
    return tuple(proved), verified


async def _check_sent(
    factor: Factor, entered: str, user_id: str, session: Session, turn: Turn
) -> None:
    sent: SentCode | None = session.sent.get(factor)
    if sent is None:
        raise refusals.CHALLENGE_MISSING()
    await turn.send(
        u.CheckOtp(
            user_id=user_id,
            channel=CHANNELS[factor],
            entered=entered,
            code=sent.code,
            expires=sent.expires,
        )
    )


async def _check_credential(answer: str, user_id: str, session: Session, turn: Turn) -> bool:
    challenge: Challenge | None = session.challenge
    if challenge is None or challenge.expires is None or turn.now() >= challenge.expires:
        raise refusals.CHALLENGE_MISSING()
    done = await turn.send(
        u.CheckAuthenticator(
            user_id=user_id,
            credential=answer,
            challenge=challenge.challenge,
            rp_id=challenge.rp_id,
            verify_user=challenge.user_verification == REQUIRED,
        )
    )
    succeeded = (PasskeyCheckSucceeded, U2fCheckSucceeded)
    return any(isinstance(each, succeeded) and each.user_verified for each in done.events)
