"""What is kept on record of messages that were sent, and user names that a domain is taken from."""

import pytest
from personae.actors.domain.kit import Claim, Release
from personae.actors.domain.session import events as s
from personae.actors.domain.session.commands import NoteOtpSent
from personae.actors.domain.session.values import Factor
from personae.actors.domain.user import code_commands as c
from personae.actors.domain.user import code_events as e
from personae.actors.domain.user import events, refusals
from personae.actors.domain.user.codes import CodeKind
from personae.actors.domain.user.commands import GiveUpDomain
from personae.actors.domain.user.values import USERNAMES
from personae.actors.domain.values import Sealed

from tests.domain.language import CODE, MADE, NOW, given, naming, state_of

ADDED = events.HumanAdded(user_name="gigi@shop.test", email="gigi@x.test", phone="+491")
ROBOT = events.MachineAdded(user_name="robot@shop.test")
OTHER = Sealed("1", "b3RoZXI")
SENT = {
    CodeKind.EMAIL: (e.EmailCodeAdded(**MADE), e.EmailCodeSent()),
    CodeKind.PHONE: (e.PhoneCodeAdded(**MADE), e.PhoneCodeSent()),
    CodeKind.PASSWORD: (e.PasswordCodeAdded(**MADE), e.PasswordCodeSent()),
    CodeKind.INVITE: (e.InviteCodeAdded(**MADE), e.InviteCodeSent()),
    CodeKind.PASSKEY: (
        e.PasskeyCodeRequested(code_id="7", **MADE),
        e.PasskeyCodeSent(code_id="7"),
    ),
}
SHOP = GiveUpDomain(user_id="20", domain="shop.test", user_name="1@temporary.localhost")


@pytest.mark.parametrize("kind", SENT)
def test_a_code_is_sent_once_and_only_the_one_that_waits(kind):
    made, sent = SENT[kind]
    note = c.NoteCodeSent(user_id="20", kind=kind, code=CODE.code)
    given(ADDED, made).when(note).then(sent)
    given(ADDED, made, sent).when(note).then_nothing()
    given(ADDED).when(note).then_nothing()
    later = c.NoteCodeSent(user_id="20", kind=kind, code=OTHER)
    given(ADDED, made).when(later).then_nothing()


def test_what_was_sent_without_a_code_that_waits_changes_nothing():
    assert state_of("user", ADDED, e.EmailCodeSent()) == state_of("user", ADDED)


def test_a_new_code_was_not_sent_yet():
    codes = state_of("user", ADDED, *SENT[CodeKind.EMAIL], SENT[CodeKind.EMAIL][0]).codes
    assert not codes[CodeKind.EMAIL].sent


def test_a_code_handed_to_the_caller_is_not_to_be_sent():
    handed = e.PasskeyCodeAdded(code_id="7", **MADE)
    assert state_of("user", ADDED, handed).codes[CodeKind.PASSKEY].returned


def test_a_changed_password_is_told_of_once():
    changed, note = events.PasswordChanged(encoded_hash="x"), c.NotePasswordChangeSent(user_id="20")
    given(ADDED, changed).when(note).then(e.PasswordChangeSent())
    given(ADDED, changed, e.PasswordChangeSent()).when(note).then_nothing()
    given(ROBOT).when(note).then_nothing()


@pytest.mark.parametrize(
    ("factor", "asked", "sent"),
    [
        (Factor.OTP_SMS, s.OtpSmsChallenged(**MADE), s.OtpSmsSent()),
        (Factor.OTP_EMAIL, s.OtpEmailChallenged(**MADE), s.OtpEmailSent()),
    ],
)
def test_a_code_of_a_session_is_sent_once(factor, asked, sent):
    note = NoteOtpSent(session_id="s", factor=factor, code=CODE.code)
    begun = given(s.SessionAdded(), asked)
    begun.when(note).then(sent)
    begun.when(NoteOtpSent(session_id="s", factor=factor, code=OTHER)).then_nothing()
    given(s.SessionAdded(), asked, sent).when(note).then_nothing()
    given(s.SessionAdded(), sent).when(note).then_nothing()


def test_a_name_in_a_domain_of_others_is_given_up_and_told_of_once():
    facts, claimed = naming(domain_reserved=True), events.DomainClaimed(user_name=SHOP.user_name)
    given(ADDED).when(SHOP, facts).then(
        Release(USERNAMES, "gigi@shop.test"),
        Claim(USERNAMES, SHOP.user_name, refusals.NAME_TAKEN),
        claimed,
    )
    given(ADDED, claimed).when(SHOP, facts).then_nothing()
    given(ADDED).when(SHOP, naming()).then_nothing()
    given().when(SHOP, facts).then_nothing()
    assert state_of("user", ADDED, claimed).human.claimed_domain == "shop.test"
    assert state_of("user", ROBOT, claimed).user_name == SHOP.user_name
    note = c.NoteDomainClaimedSent(user_id="20")
    given(ADDED, claimed).when(note).then(e.DomainClaimedSent())
    given(ADDED, claimed, e.DomainClaimedSent()).when(note).then_nothing()


def test_the_time_of_a_new_password_and_of_a_put_off_factor_is_known():
    changed = events.PasswordChanged(encoded_hash="x", changed_at=NOW)
    human = state_of("user", ADDED, changed, events.MfaSetupSkipped(skipped_at=NOW)).human
    assert (human.password_changed_at, human.mfa_skipped_at) == (NOW, NOW)
