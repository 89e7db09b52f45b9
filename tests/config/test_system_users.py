"""System users from the settings."""

from datetime import UTC, datetime

import pytest
from personae.config.settings import SystemApiUser
from personae.config.system_users import system_users_of
from pydantic import ValidationError

from tests.http.api import system


class Given:
    external_url = system.AUDIENCE

    def __init__(self, **users):
        self.system_api_users = users


def test_a_key_is_given_as_text_or_as_a_file(tmp_path):
    path = tmp_path / "ops.pem"
    path.write_bytes(system.PUBLIC)
    for user in (SystemApiUser(public_key=system.PUBLIC.decode()), SystemApiUser(path=path)):
        users = system_users_of(Given(ops=user))
        caller = users.caller("1", system.token(), datetime.now(UTC))
        assert (caller.user_id, caller.memberships[0].roles) == ("ops", ("SYSTEM_OWNER",))


def test_a_system_user_is_a_member_of_something():
    with pytest.raises(ValidationError, match="memberships"):
        SystemApiUser(public_key="x", memberships=())


def test_a_system_user_has_a_key():
    with pytest.raises(ValidationError, match="public_key"):
        SystemApiUser()
