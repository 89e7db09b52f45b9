from datetime import UTC, datetime

import pytest
from personae.actors.domain.user.values import Status
from personae.actors.domain.values import Sealed
from personae.config.commands.printing import MASK, masked


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("human.password_hash", "$argon2id$…"),
        ("machine.hashed_secret", "$2b$…"),
        ("payload.encodedHash", "$argon2id$…"),
        ("key.private_key", Sealed("1", "AAAA")),
        ("public_key", b"bytes"),
        ("codes.email.crypted", "AAAA"),
    ],
)
def test_secrets_are_masked_by_their_path(path, value):
    assert masked(value, path) == MASK


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("human.password_change_required", True, True),
        ("human.password_failures", 3, 3),
        ("user_name", "gigi", "gigi"),
        ("status", Status.LOCKED, "LOCKED"),
        ("human.password_hash", "", ""),
        ("roles", ("A", "B"), ["A", "B"]),
    ],
)
def test_what_is_no_secret_is_shown(path, value, shown):
    assert masked(value, path) == shown


def test_secrets_inside_are_masked_too():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    value = {"name": "a", "secret": {"hash": "b"}, "at": at, "list": [Sealed("1", "c")]}
    assert masked(value) == {"name": "a", "secret": {"hash": MASK}, "at": at, "list": [MASK]}
