"""Factors in sessions: what is asked, what was proved, and what that is worth."""

from dataclasses import replace
from datetime import timedelta

import pytest
from personae.actors.domain.session import commands as c
from personae.actors.domain.session import events as e
from personae.actors.domain.session import refusals
from personae.actors.domain.session.facts import CheckFacts
from personae.actors.domain.session.values import Challenges, Delivery, Factor

from tests.domain.language import CODE, LATER, MADE, NOW, given, state_of

USER = e.UserChecked(user_id="20", user_resource_owner="10", checked_at=NOW)
OPEN = (e.SessionAdded(), USER, e.TokenSet(token_id="t1"))
NEXT = e.TokenSet(token_id="t2")
NOTHING = CheckFacts(now=NOW)
SMS, MAIL = e.OtpSmsChallenged(**MADE), e.OtpEmailChallenged(**MADE)
ASKED = e.WebAuthnChallenged(
    challenge="abc",
    rp_id="x.test",
    user_verification=1,
    expires_at=NOW + timedelta(minutes=5),
)
ALL = Challenges(
    domain="x.test",
    user_verification=1,
    otp_sms=Delivery(return_code=True),
    otp_email=Delivery(url_template="https://x"),
)
CHECKED = {
    Factor.INTENT: e.IntentChecked(checked_at=NOW),
    Factor.TOTP: e.TotpChecked(checked_at=NOW),
    Factor.OTP_SMS: e.OtpSmsChecked(checked_at=NOW),
    Factor.OTP_EMAIL: e.OtpEmailChecked(checked_at=NOW),
    Factor.RECOVERY_CODE: e.RecoveryCodeChecked(checked_at=NOW),
    Factor.WEB_AUTH_N: e.WebAuthnChecked(checked_at=NOW),
}
PASSWORD = e.PasswordChecked(checked_at=NOW)


def change(**changes):
    return c.SetSession(session_id="70", token_id="t2", presented="t1", **changes)


@pytest.mark.parametrize("factor", Factor)
def test_what_was_proved_is_noted(factor):
    checks = c.Checks(**{factor.value: "x"})
    facts = replace(NOTHING, proved=(factor,))
    given(*OPEN).when(change(checks=checks), facts).then(CHECKED[factor], NEXT)


@pytest.mark.parametrize("factor", Factor)
def test_nothing_is_proved_about_nobody(factor):
    nobody = given(e.SessionAdded(), e.TokenSet(token_id="t1"))
    order = change(checks=c.Checks(**{factor.value: "x"}))
    nobody.when(order, NOTHING).refuses(refusals.USER_MISSING)


def test_challenges_are_noted_with_what_answers_them():
    facts = replace(NOTHING, sms_code=CODE, email_code=CODE, challenge="abc")
    given(*OPEN).when(change(challenges=ALL), facts).then(
        ASKED,
        replace(SMS, code_returned=True),
        replace(MAIL, url_template="https://x"),
        NEXT,
    )


def test_nobody_is_challenged_in_a_session_of_nobody():
    nobody = given(e.SessionAdded(), e.TokenSet(token_id="t1"))
    nobody.when(change(challenges=ALL), NOTHING).refuses(refusals.USER_MISSING)


def test_a_challenge_is_answered_once():
    asked = state_of("session", *OPEN, SMS, MAIL, ASKED)
    assert asked.sent[Factor.OTP_SMS].expires == LATER
    assert asked.challenge.challenge == "abc"
    answered = state_of("session", *OPEN, SMS, MAIL, ASKED, *CHECKED.values())
    assert not answered.sent
    assert answered.challenge is None


WORTH = [
    ([CHECKED[Factor.TOTP]], ("otp",)),
    ([PASSWORD, CHECKED[Factor.TOTP]], ("pwd", "otp", "mfa")),
    ([CHECKED[Factor.TOTP], CHECKED[Factor.OTP_SMS]], ("otp",)),
    ([CHECKED[Factor.RECOVERY_CODE], PASSWORD], ("pwd", "otp", "mfa")),
    ([CHECKED[Factor.WEB_AUTH_N]], ("user",)),
    ([PASSWORD, CHECKED[Factor.WEB_AUTH_N]], ("pwd", "user", "mfa")),
    ([e.WebAuthnChecked(checked_at=NOW, user_verified=True)], ("user", "mfa")),
]


@pytest.mark.parametrize(("events", "amr"), WORTH)
def test_what_was_proved_is_said_in_the_words_of_amr(events, amr):
    assert state_of("session", *OPEN, *events).auth_methods == amr


def test_the_last_proof_is_the_time_of_authentication():
    later = e.TotpChecked(checked_at=LATER)
    assert state_of("session", *OPEN, PASSWORD, later).auth_time == LATER
    assert state_of("session", *OPEN).auth_time is None


def test_codes_are_not_shown_when_checks_are_printed():
    checks = c.Checks(totp="s3cret", otp_sms="s3cret", recovery_code="s3cret", web_auth_n="s3cret")
    assert "s3cret" not in repr(checks)
