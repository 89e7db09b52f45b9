"""Second factors by code, their common lockout, and accounts elsewhere."""

from dataclasses import replace

import pytest
from personae.actors.domain.kit import Claim, Release
from personae.actors.domain.policies import LockoutPolicy
from personae.actors.domain.user import events, refusals
from personae.actors.domain.user import factor_commands as c
from personae.actors.domain.user import factor_events as e
from personae.actors.domain.user.commands import AddHuman, RemoveUser
from personae.actors.domain.user.factor_facts import (
    OtpFacts,
    RecoveryCodesFacts,
    RecoveryFacts,
    TotpFacts,
    TotpSecretFacts,
)
from personae.actors.domain.user.factors import EXTERNAL_IDPS, Channel, IdpLink
from personae.actors.domain.user.values import NewContact, Profile, Status
from personae.actors.domain.values import Sealed

from tests.domain.language import EARLIER, LATER, NOW, given, human_facts, naming, state_of

ADDED = events.HumanAdded(user_name="gigi", email="gigi@x.test", phone="+491")
VERIFIED = (ADDED, events.EmailVerified(), events.PhoneVerified())
ROBOT = events.MachineAdded(user_name="robot")
SEALED = Sealed("1", "c2VhbGVk")
THREE = LockoutPolicy(max_otp_attempts=3)
TOTP_ADDED = e.TotpAdded(otp_secret=SEALED)
TOTP = (ADDED, TOTP_ADDED, e.TotpVerified(step=7))
REGISTER, REMOVE = c.RegisterTotp(user_id="20"), c.RemoveTotp(user_id="20")
VERIFY = c.VerifyTotp(user_id="20", code="123456")
CHECK = c.CheckTotp(user_id="20", code="123456")
SECRET = TotpSecretFacts(now=NOW, secret=SEALED)
CODES = e.RecoveryCodesAdded(codes=("h1", "h2"))
LINK = IdpLink("1", "ext", "Gigi elsewhere")
LINKED = e.IdpLinkAdded(idp_id="1", user_id="ext", display_name="Gigi elsewhere")


def stepped(step, lockout=THREE):
    return TotpFacts(now=NOW, step=step, lockout=lockout)


def sent(channel=Channel.SMS, expires=LATER):
    return c.CheckOtp(user_id="20", channel=channel, entered="1", code=SEALED, expires=expires)


def otp(*, right):
    return OtpFacts(now=NOW, right=right, lockout=THREE)


def recovered(matched):
    return RecoveryFacts(now=NOW, matched=matched, lockout=THREE)


@pytest.mark.parametrize(
    ("command", "facts"), [(REGISTER, SECRET), (VERIFY, stepped(8)), (CHECK, stepped(8))]
)
def test_factors_are_for_people_who_exist(command, facts):
    given().when(command, facts).refuses(refusals.NOT_FOUND)
    given(ROBOT).when(command, facts).refuses(refusals.NOT_HUMAN)


@pytest.mark.parametrize("command", [VERIFY, CHECK])
def test_nobody_locked_or_inactive_is_asked(command):
    locked, inactive = events.UserLocked(), events.UserDeactivated()
    given(*TOTP, locked).when(command, stepped(8)).refuses(refusals.LOCKED)
    given(*TOTP, inactive).when(command, stepped(8)).refuses(refusals.NOT_ACTIVE)


def test_an_authenticator_app_counts_once_it_has_shown_a_code():
    given(ADDED).when(REGISTER, SECRET).then(TOTP_ADDED)
    given(ADDED, TOTP_ADDED).when(REGISTER, SECRET).then(TOTP_ADDED)
    given(ADDED, TOTP_ADDED).when(CHECK, stepped(8)).refuses(refusals.FACTOR_MISSING)
    given(ADDED, TOTP_ADDED).when(VERIFY, stepped(7)).then(e.TotpVerified(step=7))


def test_an_authenticator_app_is_verified_once():
    given(*TOTP).when(REGISTER, SECRET).refuses(refusals.FACTOR_EXISTS)
    given(*TOTP).when(VERIFY, stepped(8)).refuses(refusals.FACTOR_EXISTS)
    given(ADDED).when(VERIFY, stepped(8)).refuses(refusals.FACTOR_MISSING)


def test_a_wrong_first_code_counts():
    story = given(ADDED, TOTP_ADDED).when(VERIFY, stepped(0))
    story.refuses(refusals.CODE_INVALID, after=(e.TotpCheckFailed(),))


@pytest.mark.parametrize("step", [0, 6, 7])
def test_a_code_counts_once_and_none_before_it(step):
    """AV-12."""
    story = given(*TOTP).when(CHECK, stepped(step))
    story.refuses(refusals.CODE_INVALID, after=(e.TotpCheckFailed(),))


def test_a_later_code_counts():
    used = e.TotpCheckSucceeded(step=8)
    given(*TOTP).when(CHECK, stepped(8)).then(used)
    given(*TOTP, used).when(CHECK, stepped(8)).refuses(
        refusals.CODE_INVALID, after=(e.TotpCheckFailed(),)
    )


def test_an_authenticator_app_is_removed():
    given(*TOTP).when(REMOVE).then(e.TotpRemoved())
    given(*TOTP, e.TotpRemoved()).when(REMOVE).refuses(refusals.FACTOR_MISSING)


@pytest.mark.parametrize(
    ("channel", "added", "removed"),
    [
        (Channel.SMS, e.OtpSmsAdded(), e.OtpSmsRemoved()),
        (Channel.EMAIL, e.OtpEmailAdded(), e.OtpEmailRemoved()),
    ],
)
def test_codes_are_sent_where_their_receiver_is_proved(channel, added, removed):
    add = c.AddOtp(user_id="20", channel=channel)
    remove = c.RemoveOtp(user_id="20", channel=channel)
    given(ADDED).when(add).refuses(refusals.CONTACT_UNVERIFIED)
    given(*VERIFIED).when(add).then(added)
    given(*VERIFIED, added).when(add).refuses(refusals.FACTOR_EXISTS)
    given(*VERIFIED, added).when(remove).then(removed)
    given(*VERIFIED, added, removed).when(remove).refuses(refusals.FACTOR_MISSING)


def test_no_codes_go_to_a_number_that_was_removed():
    state = state_of("user", *VERIFIED, e.OtpSmsAdded(), events.PhoneRemoved())
    assert not state.human.otp_sms


def test_a_sent_code_is_right_or_counts():
    ready = given(*VERIFIED, e.OtpSmsAdded(), e.OtpEmailAdded())
    ready.when(sent(), otp(right=True)).then(e.OtpSmsCheckSucceeded())
    by_mail = sent(Channel.EMAIL)
    ready.when(by_mail, otp(right=True)).then(e.OtpEmailCheckSucceeded())
    ready.when(by_mail, otp(right=False)).refuses(
        refusals.CODE_INVALID, after=(e.OtpEmailCheckFailed(),)
    )
    given(*VERIFIED).when(sent(), otp(right=True)).refuses(refusals.FACTOR_MISSING)


@pytest.mark.parametrize("expires", [None, NOW, EARLIER])
def test_a_sent_code_that_is_over_counts_as_wrong(expires):
    story = given(*VERIFIED, e.OtpSmsAdded()).when(sent(expires=expires), otp(right=True))
    story.refuses(refusals.CODE_INVALID, after=(e.OtpSmsCheckFailed(),))


def test_wrong_codes_of_all_kinds_lock_together():
    """ZA-11."""
    failures = (e.TotpCheckFailed(), e.OtpEmailCheckFailed())
    story = given(*TOTP, *failures).when(CHECK, stepped(0))
    story.refuses(refusals.CODE_INVALID, after=(e.TotpCheckFailed(), events.UserLocked()))


def test_a_right_code_of_any_kind_begins_the_count_anew():
    right = e.OtpSmsCheckSucceeded()
    failures = (e.TotpCheckFailed(), e.RecoveryCodeCheckFailed())
    assert state_of("user", *TOTP, *failures, right).human.otp_failures == 0
    unlocked = state_of("user", *TOTP, *failures, events.UserLocked(), events.UserUnlocked())
    assert (unlocked.status, unlocked.human.otp_failures) == (Status.ACTIVE, 0)


@pytest.mark.parametrize("most", [0, 1000])
def test_no_policy_allows_more_than_a_hundred_wrong_codes(most):
    """ZA-30."""
    facts = stepped(0, LockoutPolicy(max_otp_attempts=most))
    failed = e.TotpCheckFailed()
    given(*TOTP, *[failed] * 98).when(CHECK, facts).refuses(refusals.CODE_INVALID, after=(failed,))
    given(*TOTP, *[failed] * 99).when(CHECK, facts).refuses(
        refusals.CODE_INVALID, after=(failed, events.UserLocked())
    )


def test_recovery_codes_replace_earlier_ones():
    make = c.GenerateRecoveryCodes(user_id="20", count=2)
    given(ADDED).when(make, RecoveryCodesFacts(now=NOW, hashes=("h1", "h2"))).then(CODES)
    others = e.RecoveryCodesAdded(codes=("h3",))
    assert state_of("user", ADDED, CODES, others).human.recovery_codes == ("h3",)


def test_a_recovery_code_counts_once():
    check, used = c.CheckRecoveryCode(user_id="20", code="A"), e.RecoveryCodeCheckSucceeded
    given(ADDED, CODES).when(check, recovered("h1")).then(used(code="h1"))
    once = given(ADDED, CODES, used(code="h1"))
    once.when(check, recovered("h1")).refuses(
        refusals.CODE_INVALID, after=(e.RecoveryCodeCheckFailed(),)
    )
    once.when(check, recovered("h2")).then(used(code="h2"))
    given(ADDED).when(check, recovered("")).refuses(refusals.FACTOR_MISSING)


def test_recovery_codes_are_removed():
    remove, removed = c.RemoveRecoveryCodes(user_id="20"), e.RecoveryCodesRemoved()
    given(ADDED, CODES).when(remove).then(removed)
    given(ADDED, CODES, removed).when(remove).refuses(refusals.FACTOR_MISSING)


def test_an_account_elsewhere_belongs_to_one_user():
    claim = Claim(EXTERNAL_IDPS, "1:ext", refusals.LINK_TAKEN)
    add = c.AddIdpLink(user_id="20", link=LINK)
    given(ADDED).when(add).then(claim, LINKED)
    given(ADDED, LINKED).when(add).refuses(refusals.LINK_TAKEN)
    other = c.AddIdpLink(user_id="20", link=replace(LINK, user_id="other"))
    given(ADDED, LINKED).when(other).includes(replace(LINKED, user_id="other"))


def test_a_link_is_given_back_when_it_or_its_user_goes():
    release = Release(EXTERNAL_IDPS, "1:ext")
    remove = c.RemoveIdpLink(user_id="20", idp_id="1", linked_user_id="ext")
    removed = e.IdpLinkRemoved(idp_id="1", user_id="ext")
    given(ADDED, LINKED).when(remove).then(release, removed)
    given(ADDED, LINKED, removed).when(remove).refuses(refusals.LINK_NOT_FOUND)
    given(ADDED, LINKED).when(RemoveUser(user_id="20"), naming()).includes(release)


def test_a_new_user_comes_with_links_and_an_authenticator_app():
    order = AddHuman(
        user_id="20",
        org_id="10",
        user_name="gigi",
        profile=Profile(first_name="Gigi", last_name="Giraffe"),
        email=NewContact(value="gigi@x.test"),
        links=(LINK,),
        totp_secret="A",
    )
    story = given().when(order, human_facts(totp_secret=SEALED))
    story.includes(LINKED, TOTP_ADDED, e.TotpVerified())


FOREIGN = [
    e.TotpVerified(),
    e.TotpCheckSucceeded(step=1),
    e.TotpCheckFailed(),
    e.OtpSmsAdded(),
    CODES,
    LINKED,
    e.U2fAdded(token_id="1"),
    e.U2fVerified(token_id="1"),
    e.U2fRemoved(token_id="1"),
    e.U2fSignCountChanged(token_id="1"),
    events.PasswordCheckFailed(),
]


def test_machines_have_no_factors_whatever_a_history_says():
    assert state_of("user", ROBOT, *FOREIGN) == state_of("user", ROBOT)


def test_what_a_history_says_about_an_app_that_is_not_there_is_left_alone():
    state = state_of("user", ADDED, e.TotpVerified(step=1), e.TotpCheckSucceeded(step=2))
    assert state == state_of("user", ADDED)
