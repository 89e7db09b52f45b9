"""Codes that verify, invite and reset: made, entered, used up."""

from dataclasses import replace
from datetime import timedelta

import pytest
from personae.actors.domain.user import code_commands as c
from personae.actors.domain.user import code_events as e
from personae.actors.domain.user import events, refusals
from personae.actors.domain.user.code_facts import EnteredFacts, NewCodeFacts
from personae.actors.domain.user.codes import TRIES, CodeKind
from personae.actors.domain.user.commands import UpdateHuman
from personae.actors.domain.user.values import NewPassword

from tests.domain.language import CODE, EARLIER, LATER, MADE, NOW, given, human_facts, state_of

ADDED = events.HumanAdded(user_name="gigi", email="gigi@x.test", phone="+491")
ROBOT = events.MachineAdded(user_name="robot")
MAIL, PHONE = e.EmailCodeAdded(**MADE), e.PhoneCodeAdded(**MADE)
RESET, INVITE = e.PasswordCodeAdded(**MADE), e.InviteCodeAdded(**MADE)
NEW = NewCodeFacts(now=NOW, code=CODE)
RIGHT, WRONG = EnteredFacts(now=NOW, right=True), EnteredFacts(now=NOW, right=False)
VERIFY_EMAIL = c.VerifyEmail(user_id="20", code="AAAAAA")
VERIFY_PHONE = c.VerifyPhone(user_id="20", code="AAAAAA")
VERIFY_INVITE = c.VerifyInvite(user_id="20", code="AAAAAA")
MAKING = [
    c.SendEmailCode(user_id="20"),
    c.SendPhoneCode(user_id="20"),
    c.ResetPassword(user_id="20"),
    c.Invite(user_id="20"),
    c.InviteAgain(user_id="20"),
    c.LinkPasskeyRegistration(user_id="20", code_id="7"),
]
ENTERING = [
    (VERIFY_EMAIL, MAIL, e.EmailVerificationFailed()),
    (VERIFY_PHONE, PHONE, e.PhoneVerificationFailed()),
    (VERIFY_INVITE, INVITE, e.InviteCheckFailed()),
]


@pytest.mark.parametrize("command", [*MAKING, VERIFY_EMAIL], ids=lambda c: type(c).__name__)
def test_codes_are_for_people_who_exist(command):
    given().when(command, NEW).refuses(refusals.NOT_FOUND)
    given(ROBOT).when(command, NEW).refuses(refusals.NOT_HUMAN)


def test_a_code_for_the_address_is_made_until_it_is_verified():
    send = c.SendEmailCode(user_id="20", url_template="https://x", return_code=True)
    made = e.EmailCodeAdded(url_template="https://x", code_returned=True, **MADE)
    given(ADDED).when(send, NEW).then(made)
    verified = given(ADDED, events.EmailVerified())
    verified.when(send, NEW).refuses(refusals.EMAIL_ALREADY_VERIFIED)


def test_a_code_is_sent_again_only_in_place_of_another():
    again = c.SendEmailCode(user_id="20", again=True)
    given(ADDED).when(again, NEW).refuses(refusals.CODE_MISSING)
    given(ADDED, MAIL).when(again, NEW).then(MAIL)


def test_a_code_for_the_phone_needs_an_unverified_number():
    send = c.SendPhoneCode(user_id="20")
    given(ADDED).when(send, NEW).then(PHONE)
    given(ADDED, events.PhoneRemoved()).when(send, NEW).refuses(refusals.PHONE_MISSING)
    verified = given(ADDED, events.PhoneVerified())
    verified.when(send, NEW).refuses(refusals.PHONE_ALREADY_VERIFIED)


def test_a_password_is_reset_by_mail_or_by_sms():
    by_sms = c.ResetPassword(user_id="20", by_sms=True)
    given(ADDED).when(c.ResetPassword(user_id="20"), NEW).then(RESET)
    given(ADDED).when(by_sms, NEW).then(replace(RESET, notification_type=1))
    given(ADDED, events.PhoneRemoved()).when(by_sms, NEW).refuses(refusals.PHONE_MISSING)


@pytest.mark.parametrize(("command", "added", "failed"), ENTERING)
def test_a_wrong_code_counts(command, added, failed):
    given(ADDED, added).when(command, WRONG).refuses(refusals.CODE_INVALID, after=(failed,))


@pytest.mark.parametrize(("command", "added", "failed"), ENTERING)
def test_after_five_wrong_entries_the_right_code_is_refused(command, added, failed):
    before = given(ADDED, added, *[failed] * TRIES)
    before.when(command, RIGHT).refuses(refusals.CODE_INVALID)


@pytest.mark.parametrize(("command", "added", "failed"), ENTERING)
def test_a_code_that_never_was_is_refused_like_a_wrong_one(command, added, failed):
    given(ADDED).when(command, WRONG).refuses(refusals.CODE_INVALID)
    given(ADDED, failed).when(command, WRONG).refuses(refusals.CODE_INVALID)


@pytest.mark.parametrize(("command", "added", "failed"), ENTERING)
def test_an_expired_code_is_refused_and_ends(command, added, failed):
    over = replace(failed, expired=True)
    story = given(ADDED, added).when(command, EnteredFacts(now=LATER, right=True))
    story.refuses(refusals.CODE_INVALID, after=(over,))
    given(ADDED, added, over).when(command, RIGHT).refuses(refusals.CODE_INVALID)


def test_a_code_counts_until_its_last_moment():
    in_time = EnteredFacts(now=LATER - timedelta(microseconds=1), right=True)
    given(ADDED, MAIL).when(VERIFY_EMAIL, in_time).then(events.EmailVerified())


def test_a_code_of_an_older_history_counts_as_over():
    old, over = replace(MAIL, expires_at=None), e.EmailVerificationFailed(expired=True)
    story = given(ADDED, old).when(VERIFY_EMAIL, RIGHT)
    story.refuses(refusals.CODE_INVALID, after=(over,))


def test_a_right_code_verifies_once():
    given(ADDED, MAIL).when(VERIFY_EMAIL, RIGHT).then(events.EmailVerified())
    used = given(ADDED, MAIL, events.EmailVerified())
    used.when(VERIFY_EMAIL, RIGHT).refuses(refusals.CODE_INVALID)
    given(ADDED, PHONE).when(VERIFY_PHONE, RIGHT).then(events.PhoneVerified())
    used = given(ADDED, PHONE, events.PhoneVerified())
    used.when(VERIFY_PHONE, RIGHT).refuses(refusals.CODE_INVALID)


def test_another_code_gives_new_tries():
    tired = [e.EmailVerificationFailed()] * TRIES
    given(ADDED, MAIL, *tired, MAIL).when(VERIFY_EMAIL, RIGHT).then(events.EmailVerified())


def test_another_address_or_number_ends_codes_sent_to_the_old_one():
    codes = (MAIL, PHONE, RESET, INVITE)
    moved = state_of("user", ADDED, *codes, events.EmailChanged(email="b@x.test"))
    assert set(moved.codes) == {CodeKind.PHONE}
    called = state_of("user", ADDED, *codes, events.PhoneChanged(phone="+492"))
    assert set(called.codes) == {CodeKind.EMAIL, CodeKind.INVITE}
    silent = state_of("user", ADDED, *codes, events.PhoneRemoved())
    assert set(silent.codes) == {CodeKind.EMAIL, CodeKind.INVITE}


def test_machines_have_no_codes_whatever_a_history_says():
    state = state_of("user", ROBOT, MAIL, e.EmailVerificationFailed(), e.InviteCheckSucceeded())
    assert not state.codes
    assert state == state_of("user", ROBOT, events.EmailVerified(), events.PhoneVerified())


PASSWORD = NewPassword(plain="New-Password-1")
BY_CODE = UpdateHuman(user_id="20", password=PASSWORD, password_code="AAAAAA")


def test_a_password_is_set_by_its_code_once():
    changed = events.PasswordChanged(encoded_hash="$hash$", changed_at=NOW)
    facts = human_facts(code_right=True)
    given(ADDED, RESET).when(BY_CODE, facts).then(changed)
    given(ADDED, RESET, changed).when(BY_CODE, facts).refuses(refusals.CODE_INVALID)


def test_a_wrong_code_for_a_password_counts():
    story = given(ADDED, RESET).when(BY_CODE, human_facts(code_right=False))
    story.refuses(refusals.CODE_INVALID, after=(e.PasswordCodeCheckFailed(),))
    tired = given(ADDED, RESET, *[e.PasswordCodeCheckFailed()] * TRIES)
    tired.when(BY_CODE, human_facts(code_right=True)).refuses(refusals.CODE_INVALID)


def test_who_cannot_sign_in_yet_is_invited():
    asked = c.Invite(user_id="20", application_name="Shop", url_template="https://x")
    made = e.InviteCodeAdded(application_name="Shop", url_template="https://x", **MADE)
    given(ADDED).when(asked, NEW).then(made)
    given(ADDED, made).when(c.InviteAgain(user_id="20"), NEW).then(made)


def test_who_can_sign_in_is_not_invited():
    known = replace(ADDED, encoded_hash="$hash$")
    given(known).when(c.Invite(user_id="20"), NEW).refuses(refusals.INVITE_NEEDLESS)
    again = c.InviteAgain(user_id="20")
    given(ADDED).when(again, NEW).refuses(refusals.CODE_MISSING)
    set_up = given(ADDED, INVITE, events.PasswordChanged(encoded_hash="$hash$"))
    set_up.when(again, NEW).refuses(refusals.INVITE_NEEDLESS)


def test_an_accepted_invitation_verifies_the_address():
    accepted = e.InviteCheckSucceeded()
    given(ADDED, INVITE).when(VERIFY_INVITE, RIGHT).then(accepted, events.EmailVerified())
    verified = given(ADDED, events.EmailVerified(), INVITE)
    verified.when(VERIFY_INVITE, RIGHT).then(accepted)
    given(ADDED, INVITE, accepted).when(VERIFY_INVITE, RIGHT).refuses(refusals.CODE_INVALID)


def test_a_code_for_a_passkey_is_returned_or_sent():
    returned = c.LinkPasskeyRegistration(user_id="20", code_id="7", return_code=True)
    given(ADDED).when(returned, NEW).then(e.PasskeyCodeAdded(code_id="7", **MADE))
    sent = c.LinkPasskeyRegistration(user_id="20", code_id="7", url_template="https://x")
    requested = e.PasskeyCodeRequested(code_id="7", url_template="https://x", **MADE)
    given(ADDED).when(sent, NEW).then(requested)
    assert state_of("user", ADDED, requested).codes[CodeKind.PASSKEY].id == "7"


def test_a_code_never_comes_back_to_life():
    """ZA-46: not even when the clock steps back."""
    early = EnteredFacts(now=EARLIER, right=True)
    for end in (events.EmailVerified(), e.EmailVerificationFailed(expired=True)):
        ended = given(ADDED, MAIL, end)
        ended.when(VERIFY_EMAIL, early).refuses(refusals.CODE_INVALID)
