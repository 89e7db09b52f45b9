import pytest
from personae.actors.domain.kit import Claim, Release
from personae.actors.domain.policies import LockoutPolicy
from personae.actors.domain.user import events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.code_events import EmailCodeAdded, PhoneCodeAdded
from personae.actors.domain.user.commands import UpdateHuman, UpdateMachine
from personae.actors.domain.user.values import (
    USERNAMES,
    AccessTokenType,
    Gender,
    NewContact,
    NewPassword,
    ProfileChange,
)

from tests.domain.language import MADE, NOW, given, human_facts, naming, state_of

ADDED = e.HumanAdded(
    user_name="gigi", first_name="Gigi", last_name="Giraffe", email="gigi@x.test", phone="+491"
)
ROBOT = e.MachineAdded(user_name="robot", name="Robot")
VERIFIED = (ADDED, e.EmailVerified(), e.PhoneVerified())
CODE_ADDED = EmailCodeAdded(**MADE)
PHONE_CODE = PhoneCodeAdded(**MADE)


def update(**changes):
    return UpdateHuman(user_id="20", **changes)


def email(value, **changes):
    return update(email=NewContact(value=value, **changes))


def phone(value, **changes):
    return update(phone=NewContact(value=value, **changes))


def test_asking_for_nothing_changes_nothing():
    given(ADDED).when(update(), human_facts()).then_nothing()
    same = ProfileChange(first_name="Gigi", gender=Gender.UNSPECIFIED)
    given(ADDED).when(update(profile=same, user_name="gigi"), human_facts()).then_nothing()


def test_renaming_moves_the_claim():
    given(ADDED).when(update(user_name=" Lola "), human_facts()).then(
        Release(USERNAMES, "gigi"),
        Claim(USERNAMES, "lola", refusals.NAME_TAKEN),
        e.UsernameChanged(user_name="Lola"),
    )


def test_another_spelling_of_the_same_name_keeps_its_claim():
    given(ADDED).when(update(user_name="GIGI"), human_facts()).then(
        e.UsernameChanged(user_name="GIGI")
    )


def test_only_what_differs_in_a_profile_is_changed():
    change = ProfileChange(first_name="Gigi", last_name="Elephant", nick_name="")
    given(ADDED).when(update(profile=change), human_facts()).then(
        e.ProfileChanged(last_name="Elephant")
    )


@pytest.mark.parametrize("change", [ProfileChange(first_name=""), ProfileChange(last_name="")])
def test_nobody_loses_a_name(change):
    given(ADDED).when(update(profile=change), human_facts()).refuses(refusals.PROFILE_INCOMPLETE)


def test_another_address_must_be_proved():
    given(*VERIFIED).when(email("new@x.test"), human_facts()).then(
        e.EmailChanged(email="new@x.test"), CODE_ADDED
    )


def test_the_same_proved_address_needs_no_code():
    given(*VERIFIED).when(email("gigi@x.test"), human_facts()).then_nothing()
    given(*VERIFIED).when(email("gigi@x.test", verified=True), human_facts()).then_nothing()


def test_the_same_unproved_address_gets_another_code_or_is_proved():
    given(ADDED).when(email("gigi@x.test"), human_facts()).then(CODE_ADDED)
    given(ADDED).when(email("gigi@x.test", verified=True), human_facts()).then(e.EmailVerified())


def test_an_address_cannot_be_taken_away():
    given(*VERIFIED).when(email(""), human_facts()).refuses(refusals.EMAIL_INVALID)


def test_another_number_must_be_proved():
    given(*VERIFIED).when(phone("+492"), human_facts()).then(
        e.PhoneChanged(phone="+492"), PHONE_CODE
    )


def test_the_same_proved_number_needs_no_code():
    given(*VERIFIED).when(phone("+491"), human_facts()).then_nothing()


def test_the_same_unproved_number_may_be_proved():
    given(ADDED).when(phone("+491", verified=True), human_facts()).then(e.PhoneVerified())


def test_an_empty_number_removes_the_number_once():
    given(ADDED).when(phone(""), human_facts()).then(e.PhoneRemoved())
    given(ADDED, e.PhoneRemoved()).when(phone(""), human_facts()).then_nothing()


def test_another_password_is_kept_as_its_hash():
    order = update(password=NewPassword(plain="long enough", change_required=True))
    given(ADDED).when(order, human_facts()).then(
        e.PasswordChanged(encoded_hash="$hash$", change_required=True, changed_at=NOW)
    )


def test_the_same_password_again_is_refused():
    order = update(password=NewPassword(plain="long enough"))
    given(ADDED).when(order, human_facts(password_same=True)).refuses(refusals.PASSWORD_SAME)


def test_without_the_current_password_nobody_sets_a_new_one():
    order = update(password=NewPassword(plain="long enough"))
    given(ADDED).when(order, human_facts(password_proved=False)).refuses(refusals.PASSWORD_WRONG)


def test_a_wrong_current_password_counts_although_it_is_refused():
    """ZA-30: whichever way a password is guessed."""
    order = update(password=NewPassword(plain="long enough"), current_password="guess")
    facts = human_facts(wrong_guess=LockoutPolicy(max_password_attempts=2))
    failed = e.PasswordCheckFailed()
    given(ADDED).when(order, facts).refuses(refusals.PASSWORD_WRONG, after=(failed,))
    given(ADDED, failed).when(order, facts).refuses(
        refusals.PASSWORD_WRONG, after=(failed, e.UserLocked())
    )


def test_a_machine_changes_only_what_differs():
    order = UpdateMachine(
        user_id="20", name="Robot", description="d", access_token_type=AccessTokenType.JWT
    )
    changed = e.MachineChanged(description="d", access_token_type=AccessTokenType.JWT)
    given(ROBOT).when(order, naming()).then(changed)
    given(ROBOT, changed).when(order, naming()).then_nothing()


def test_a_machine_is_renamed_like_everybody():
    order = UpdateMachine(user_id="20", user_name="r2")
    given(ROBOT).when(order, naming()).includes(e.UsernameChanged(user_name="r2"))


def test_each_kind_of_user_has_its_own_order():
    given(ROBOT).when(update(), human_facts()).refuses(refusals.NOT_HUMAN)
    given(ADDED).when(UpdateMachine(user_id="20"), naming()).refuses(refusals.NOT_MACHINE)


def test_nobody_is_not_updated():
    given().when(update(), human_facts()).refuses(refusals.NOT_FOUND)
    given().when(UpdateMachine(user_id="20"), naming()).refuses(refusals.NOT_FOUND)


def test_state_after_changes():
    user = state_of(
        "user",
        ADDED,
        e.EmailChanged(email="new@x.test"),
        e.EmailVerified(),
        e.PhoneChanged(phone="+492"),
        e.PhoneVerified(),
        e.ProfileChanged(nick_name="G"),
        e.UsernameChanged(user_name="lola"),
    )
    assert (user.human.email.value, user.human.email.verified) == ("new@x.test", True)
    assert (user.human.phone.value, user.human.phone.verified) == ("+492", True)
    assert (user.human.profile.nick_name, user.user_name) == ("G", "lola")


@pytest.mark.parametrize(
    "event",
    [
        e.ProfileChanged(nick_name="x"),
        e.EmailChanged(email="x"),
        e.EmailVerified(),
        e.PhoneChanged(phone="x"),
        e.PhoneRemoved(),
        e.PhoneVerified(),
        e.PasswordChanged(encoded_hash="x"),
        e.PasswordHashUpdated(encoded_hash="x"),
        e.PasswordCheckSucceeded(),
        e.PasswordCheckFailed(),
    ],
)
def test_what_happens_to_people_changes_no_machine(event):
    """A history made elsewhere may hold anything: it folds."""
    assert state_of("user", ROBOT, event) == state_of("user", ROBOT)


@pytest.mark.parametrize(
    "event",
    [
        e.MachineChanged(name="x"),
        e.MachineSecretSet(hashed_secret="x"),
        e.MachineSecretRemoved(),
        e.MachineKeyAdded(key_id="1"),
        e.MachineKeyRemoved(key_id="1"),
        e.PersonalAccessTokenAdded(token_id="1"),
        e.PersonalAccessTokenRemoved(token_id="1"),
    ],
)
def test_what_happens_to_machines_changes_no_human(event):
    assert state_of("user", ADDED, event) == state_of("user", ADDED)
