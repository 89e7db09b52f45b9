"""Creating, reading and listing users."""

from tests.aggregates.conftest import ORG
from tests.http.api.conftest import USER

GET, LIST, ADD = f"{USER}/GetUserByID", f"{USER}/ListUsers", f"{USER}/AddHumanUser"


async def test_a_created_human_is_read_at_once_as_it_was_given(server):
    created = await server.human("gigi")
    got = (await server.ok(GET, user_id=created["id"]))["user"]
    assert got["human"]["profile"]["displayName"] == "Gigi Giraffe"
    assert got["human"]["email"] == {"email": "gigi@example.com", "isVerified": True}
    assert got["human"]["passwordChanged"] == created["creationDate"]
    assert got["state"] == "USER_STATE_ACTIVE"
    assert got["loginNames"] == ["gigi"]
    assert got["preferredLoginName"] == got["username"] == "gigi"
    assert got["details"]["resourceOwner"] == ORG


async def test_a_human_without_a_user_name_is_called_by_the_address(server):
    created = await server.human("gigi", username=None)
    got = await server.ok(GET, user_id=created["id"])
    assert got["user"]["username"] == "gigi@example.com"


async def test_a_machine_without_a_user_name_is_called_by_its_id(server):
    fields = {"organization_id": ORG, "user_id": "m1", "machine": {"name": "Bot"}}
    assert (await server.ok(f"{USER}/CreateUser", **fields))["id"] == "m1"
    got = (await server.ok(GET, user_id="m1"))["user"]
    assert got["username"] == "m1"
    assert got["machine"] == {"name": "Bot"}
