import pytest
from personae.actors.domain.policies import PasswordComplexityPolicy
from personae.actors.domain.user import events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.commands import CheckPassword
from personae.actors.domain.user.decide.password import check_complexity
from personae.actors.domain.user.values import NewPassword, Status

from tests.domain.language import compared, given, refuses, state_of

ADDED = e.HumanAdded(user_name="gigi", encoded_hash="$h$")
CHECK = CheckPassword(user_id="20", password="x")
WRONG, RIGHT = compared(right=False), compared(right=True)
FAILED = e.PasswordCheckFailed()
STRICT = PasswordComplexityPolicy(
    min_length=8, has_lowercase=True, has_uppercase=True, has_number=True, has_symbol=True
)


def test_a_right_password_is_noted():
    given(ADDED).when(CHECK, RIGHT).then(e.PasswordCheckSucceeded())


def test_a_wrong_password_is_noted():
    given(ADDED).when(CHECK, WRONG).then(FAILED)


def test_a_hash_of_older_make_is_replaced_when_the_password_was_right():
    facts = compared(right=True, rehash="$new$")
    given(ADDED).when(CHECK, facts).then(
        e.PasswordCheckSucceeded(), e.PasswordHashUpdated(encoded_hash="$new$")
    )


def test_the_last_wrong_password_locks():
    given(ADDED, *[FAILED] * 4).when(CHECK, WRONG).then(FAILED, e.UserLocked())


def test_a_right_password_begins_the_count_anew():
    history = [FAILED] * 4 + [e.PasswordCheckSucceeded()] + [FAILED] * 3
    given(ADDED, *history).when(CHECK, WRONG).then(FAILED)


@pytest.mark.parametrize("most", [0, 1000])
def test_no_policy_allows_more_than_100_wrong_passwords(most):
    """ZA-30, NIST SP 800-63B-4 3.2.2."""
    facts = compared(right=False, most=most)
    given(ADDED, *[FAILED] * 98).when(CHECK, facts).then(FAILED)
    given(ADDED, *[FAILED] * 99).when(CHECK, facts).then(FAILED, e.UserLocked())


def test_unlocking_and_a_new_password_begin_the_count_anew():
    for event in (e.UserUnlocked(), e.PasswordChanged(encoded_hash="$n$")):
        assert state_of("user", ADDED, FAILED, event).human.password_failures == 0


def test_who_is_reactivated_with_failures_on_record_locks_at_the_next_one():
    history = (*[FAILED] * 5, e.UserLocked(), e.UserDeactivated(), e.UserReactivated())
    given(ADDED, *history).when(CHECK, WRONG).then(FAILED, e.UserLocked())


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        ([], refusals.NOT_FOUND),
        ([ADDED, e.UserRemoved()], refusals.NOT_FOUND),
        ([ADDED, e.UserLocked()], refusals.LOCKED),
        ([ADDED, e.UserDeactivated()], refusals.NOT_ACTIVE),
        ([e.MachineAdded(user_name="r")], refusals.NOT_HUMAN),
        ([e.HumanAdded(user_name="gigi")], refusals.PASSWORD_MISSING),
    ],
)
def test_nothing_is_compared_for_who_cannot_sign_in(history, reason):
    given(*history).when(CHECK, RIGHT).refuses(reason)


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        ("", refusals.PASSWORD_EMPTY),
        ("x" * 201, refusals.PASSWORD_LONG),
        ("aA1-567", refusals.PASSWORD_SHORT),
        ("AAAA111-", refusals.PASSWORD_LOWER),
        ("aaaa111-", refusals.PASSWORD_UPPER),
        ("aaaaAAA-", refusals.PASSWORD_NUMBER),
        ("aaaaAAA1", refusals.PASSWORD_SYMBOL),
    ],
)
def test_a_password_that_breaks_the_policy_is_refused(plain, reason):
    with refuses(reason):
        check_complexity(NewPassword(plain=plain), STRICT)


@pytest.mark.parametrize("plain", ["aaaAAA1-", "\u00e9\u00c9\u0661aaaa-", "aA1 aaaa"])
def test_letters_digits_and_symbols_of_all_scripts_count(plain):
    check_complexity(NewPassword(plain=plain), STRICT)


def test_what_no_policy_asks_for_is_not_needed():
    check_complexity(NewPassword(plain="a"), PasswordComplexityPolicy())


def test_a_hash_made_elsewhere_cannot_be_checked_and_is_not():
    check_complexity(NewPassword(encoded_hash="$2b$…"), STRICT)


def test_outer_blanks_are_part_of_a_password():
    """AV-05: nothing trimmed."""
    with refuses(refusals.PASSWORD_SHORT):
        check_complexity(NewPassword(plain=" Pa1-"), STRICT)
    check_complexity(NewPassword(plain=" aaaPa1-"), STRICT)


def test_a_locked_user_may_not_sign_in_until_unlocked():
    locked = state_of("user", ADDED, e.UserLocked())
    assert (locked.status, locked.may_sign_in) == (Status.LOCKED, False)
    assert state_of("user", ADDED, e.UserLocked(), e.UserUnlocked()).may_sign_in
