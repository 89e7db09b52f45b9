"""What events make of the rows of users and their metadata."""

import pytest
from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.org.events import OrgRemoved
from personae.actors.domain.user import events as e
from personae.actors.domain.user.values import Gender, Status
from personae.projections.machine_credentials import ACCESS_TOKENS, MACHINE_KEYS
from personae.projections.user_metadata import USER_METADATA
from personae.projections.users import USERS, Type

from tests.projections.folding import INSTANCE, ORG, at, folded

ADDED = e.HumanAdded(
    user_name="gigi", first_name="Gigi", last_name="G", email="g@example.com", phone="+41",
    gender=Gender.FEMALE, encoded_hash="$x", change_required=True,
)  # fmt: skip
MACHINE = e.MachineAdded(user_name="bot", name="Bot", description="Tests")


def user(*events, added=ADDED):
    rows = folded(USERS, *(("user", "u1", event) for event in (added, *events)))
    return rows.get("u1")


def test_a_human_is_kept_as_created():
    row = user()
    assert (row.type, row.state, row.user_name) == (Type.HUMAN, Status.ACTIVE, "gigi")
    assert (row.first_name, row.email, row.phone, row.gender) == ("Gigi", "g@example.com", "+41", 1)
    assert (row.password_changed, row.password_change_required) == (at(1), True)
    assert (row.resource_owner, row.creation_date, row.sequence) == (ORG, at(1), 1)


def test_a_human_without_a_password_never_changed_it():
    assert user(added=e.HumanRegistered(user_name="gigi")).password_changed is None


def test_a_machine_is_kept_as_created_and_changed():
    row = user(e.MachineChanged(name="Robby"), added=MACHINE)
    assert (row.type, row.name, row.description) == (Type.MACHINE, "Robby", "Tests")
    assert (row.change_date, row.sequence) == (at(2), 2)


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (e.UserLocked(), Status.LOCKED),
        (e.UserUnlocked(), Status.ACTIVE),
        (e.UserDeactivated(), Status.INACTIVE),
        (e.UserReactivated(), Status.ACTIVE),
    ],
)
def test_lives_change_the_state(event, state):
    assert user(event).state == state


CHANGES = [
    (e.UsernameChanged(user_name="gina"), {"user_name": "gina"}),
    (e.ProfileChanged(first_name="Gina"), {"first_name": "Gina", "last_name": "G"}),
    (e.ProfileChanged(gender=Gender.DIVERSE), {"gender": 3}),
    (e.EmailVerified(), {"email_verified": True}),
    (e.EmailChanged(email="n@example.com"), {"email": "n@example.com", "email_verified": False}),
    (e.PhoneVerified(), {"phone_verified": True}),
    (e.PhoneChanged(phone="+49"), {"phone": "+49", "phone_verified": False}),
    (
        e.PhoneChanged(phone="+41 (0)79 123 45 67"),
        {"phone": "+41 (0)79 123 45 67", "phone_normal": "+41791234567"},
    ),
    (e.PhoneRemoved(), {"phone": "", "phone_verified": False}),
    (e.PasswordChanged(encoded_hash="$y"), {"password_changed": at(4)}),
    (e.PasswordChanged(encoded_hash="$y"), {"password_change_required": False}),
    (e.MachineSecretSet(hashed_secret="x"), {"has_secret": True}),
    (e.MachineSecretRemoved(), {"has_secret": False}),
]


@pytest.mark.parametrize(("event", "values"), CHANGES)
def test_each_change_is_kept(event, values):
    row = user(e.EmailVerified(), e.PhoneVerified(), event)
    assert {name: getattr(row, name) for name in values} == values


def test_what_users_do_does_not_touch_their_row():
    assert user(e.PasswordCheckSucceeded()).sequence == 1


@pytest.mark.parametrize(
    "end",
    [("user", "u1", e.UserRemoved()), ("org", ORG, OrgRemoved()),
     ("instance", INSTANCE, InstanceRemoved())],
)  # fmt: skip
def test_users_and_their_metadata_end_with_what_they_belong_to(end):
    set_ = e.MetadataSet(key="colour", value=b"blue")
    history = [("user", "u1", ADDED), ("user", "u1", set_), end]
    assert folded(USERS, *history) == folded(USER_METADATA, *history) == {}


def test_metadata_is_kept_by_key_until_it_is_removed():
    blue, red = (e.MetadataSet(key="colour", value=value) for value in (b"blue", b"red"))
    other = e.MetadataSet(key="size", value=b"2")
    history = [("user", "u1", one) for one in (blue, other, red)]
    values = {key: row.value for key, row in folded(USER_METADATA, *history).items()}
    assert values == {("u1", "colour"): b"red", ("u1", "size"): b"2"}
    removed = ("user", "u1", e.MetadataRemoved(key="colour"))
    assert list(folded(USER_METADATA, *history, removed)) == [("u1", "size")]


def test_keys_and_tokens_are_kept_until_they_or_their_user_are_removed():
    history = [
        ("user", "u1", e.MachineKeyAdded(key_id="k", expiration_date=at(9), public_key=b"x")),
        ("user", "u1", e.PersonalAccessTokenAdded(token_id="t")),
    ]
    keys, tokens = (folded(table, *history) for table in (MACHINE_KEYS, ACCESS_TOKENS))
    assert keys["u1", "k"].expires == at(9)
    assert tokens["u1", "t"].expires is None
    removed = [e.MachineKeyRemoved(key_id="k"), e.PersonalAccessTokenRemoved(token_id="t")]
    for end in ([("user", "u1", one) for one in removed], [("user", "u1", e.UserRemoved())]):
        for table in (MACHINE_KEYS, ACCESS_TOKENS):
            assert folded(table, *history, *end) == {}
