import pytest
from personae.actors.domain.kit import Claim
from personae.actors.domain.user import events as e
from personae.actors.domain.user import refusals
from personae.actors.domain.user.code_events import EmailCodeAdded, PhoneCodeAdded
from personae.actors.domain.user.commands import AddHuman, AddMachine
from personae.actors.domain.user.values import USERNAMES, NewContact, NewPassword, Profile
from personae.actors.domain.values import UNREADABLE

from tests.domain.language import MADE, given, human_facts, naming

GIGI = Profile(first_name="Gigi", last_name="Giraffe")
ADDED = e.HumanAdded(user_name="gigi")


def add(**changes):
    usual = {
        "user_id": "20",
        "org_id": "10",
        "user_name": "Gigi",
        "profile": GIGI,
        "email": NewContact(value="gigi@x.test", verified=True),
    }
    return AddHuman(**usual | changes)


def machine(**changes):
    usual = {"user_id": "20", "org_id": "10", "user_name": "robot", "name": "Robot"}
    return AddMachine(**usual | changes)


def test_adding_a_human_claims_the_name_and_says_all_that_is_known():
    given().when(add(), human_facts(password_hash="")).then(
        Claim(USERNAMES, "gigi", refusals.NAME_TAKEN),
        e.HumanAdded(
            user_name="Gigi",
            first_name="Gigi",
            last_name="Giraffe",
            display_name="Gigi Giraffe",
            email="gigi@x.test",
        ),
        e.EmailVerified(),
    )


@pytest.mark.parametrize("id_", ["\u00fc1", "a\tb", "a\n", "x" * 256, ""])
def test_an_id_that_could_be_no_subject_is_refused(id_):
    given().when(add(user_id=id_), human_facts()).refuses(refusals.ID_INVALID)
    given().when(machine(user_id=id_), naming()).refuses(refusals.ID_INVALID)
    given().when(machine(user_id="~" * 255), naming()).includes(
        Claim(USERNAMES, "robot", refusals.NAME_TAKEN)
    )


def test_names_of_organisations_that_keep_their_own_are_claimed_within_them():
    claim = Claim(USERNAMES, "robot:10", refusals.NAME_TAKEN)
    given().when(machine(), naming(scoped=True)).includes(claim)


def test_an_unverified_address_gets_a_code():
    email = NewContact(value="gigi@x.test", url_template="https://x.test/{{.Code}}")
    given().when(add(email=email), human_facts()).includes(
        EmailCodeAdded(url_template="https://x.test/{{.Code}}", **MADE)
    )


def test_an_address_without_code_stays_unverified():
    story = given().when(add(email=NewContact(value="a@x.test")), human_facts(email_code=None))
    assert not any(isinstance(each, e.EmailVerified) for each in story.decisions)


@pytest.mark.parametrize(
    "value", ["", "gigi", "@x.test", "gigi@", "a b@x.test", "a@b@c", "a@" + "x" * 200]
)
def test_what_cannot_be_an_address_is_refused(value):
    email = NewContact(value=value, verified=True)
    given().when(add(email=email), human_facts()).refuses(refusals.EMAIL_INVALID)


def test_a_phone_number_is_verified_or_gets_a_code():
    phone = NewContact(value="+491", return_code=True)
    code = PhoneCodeAdded(code_returned=True, **MADE)
    given().when(add(phone=phone), human_facts()).includes(code)
    verified = NewContact(value="+491", verified=True)
    given().when(add(phone=verified), human_facts()).includes(e.PhoneVerified())


def test_a_phone_number_without_code_stays_unverified():
    story = given().when(add(phone=NewContact(value="+491")), human_facts(phone_code=None))
    assert story.decisions[-1] == e.EmailVerified()


def test_an_empty_phone_number_is_none():
    story = given().when(add(phone=NewContact(value="")), human_facts())
    assert story.decisions[-1] == e.EmailVerified()


def test_metadata_comes_with_the_user():
    pairs = (("a", b"1"), ("b", b"2"))
    wanted = [e.MetadataSet(key=key, value=value) for key, value in pairs]
    given().when(add(metadata=pairs), human_facts()).includes(*wanted)
    given().when(machine(metadata=pairs), naming()).includes(*wanted)


def test_a_password_to_change_is_said_to_be_so():
    order = add(password=NewPassword(plain="long enough", change_required=True))
    added = given().when(order, human_facts()).decisions[1]
    assert (added.encoded_hash, added.change_required) == ("$hash$", True)


def test_a_weak_password_is_refused():
    order = add(password=NewPassword(plain="short"))
    given().when(order, human_facts()).refuses(refusals.PASSWORD_SHORT)


@pytest.mark.parametrize("event", [ADDED, e.MachineAdded(user_name="x"), e.UserRemoved()])
def test_an_id_is_never_used_twice(event):
    given(event).when(add(), human_facts()).refuses(refusals.ALREADY_EXISTS)
    given(event).when(machine(), naming()).refuses(refusals.ALREADY_EXISTS)


def test_a_name_that_is_nothing_is_refused():
    given().when(add(user_name="  "), human_facts()).refuses(refusals.NAME_INVALID)


def test_a_name_with_hidden_characters_is_refused():
    given().when(add(user_name="gi\u200bgi"), human_facts()).refuses(UNREADABLE)


def test_a_name_in_somebody_elses_domain_is_refused():
    facts = human_facts(domain_reserved=True)
    given().when(add(user_name="gigi@other.test"), facts).refuses(refusals.NAME_RESERVED)


@pytest.mark.parametrize(
    "profile", [Profile(first_name="", last_name="x"), Profile(first_name="x", last_name="")]
)
def test_people_have_two_names(profile):
    given().when(add(profile=profile), human_facts()).refuses(refusals.PROFILE_INCOMPLETE)
