"""Metadata of users over the API."""

import pytest

from tests.http.api.conftest import GUEST, OWNER, USER

SET, DELETE = f"{USER}/SetUserMetadata", f"{USER}/DeleteUserMetadata"
LIST, SKIP = f"{USER}/ListUserMetadata", f"{USER}/HumanMFAInitSkipped"
TEAM = {"metadata": [{"key": "team", "value": "Ymx1ZQ=="}]}


async def keys(server, user_id):
    listed = await server.ok(LIST, user_id=user_id)
    return [entry["key"] for entry in listed.get("metadata", [])]


async def test_entries_are_set_listed_and_deleted(server):
    user_id = (await server.human())["id"]
    assert (await server.ok(SET, user_id=user_id, **TEAM))["setDate"]
    assert await keys(server, user_id) == ["team"]
    assert (await server.ok(DELETE, user_id=user_id, keys=["team"]))["deletionDate"]
    assert await keys(server, user_id) == []
    refused = await server.refused(DELETE, user_id=user_id, keys=["team"])
    assert refused == "USER-MetadataNotFound"


async def test_entries_change_with_the_rest_of_a_user(server):
    for user_id in ((await server.human())["id"], GUEST):
        await server.ok(f"{USER}/UpdateUser", user_id=user_id, **TEAM)
        assert await keys(server, user_id) == ["team"]


@pytest.mark.parametrize(("method", "fields"), [(SET, TEAM), (DELETE, {"keys": ["team"]})])
async def test_nobody_writes_own_metadata_or_that_of_others_without_permission(
    server, method, fields
):
    for user in (GUEST, OWNER):
        assert await server.refused(method, user, user_id=GUEST, **fields) == (
            "AUTH-PermissionDenied"
        )
    assert await server.refused(method, user_id="404", **fields) == "USER-NotFound"


async def test_a_second_factor_is_put_off(server):
    user_id = (await server.human())["id"]
    at = (await server.ok(SKIP, user_id=user_id))["details"]["changeDate"]
    got = await server.ok(f"{USER}/GetUserByID", user_id=user_id)
    assert got["user"]["human"]["mfaInitSkipped"] == at
    assert await server.refused(SKIP, user_id=GUEST) == "USER-NotHuman"
    assert await server.refused(SKIP, OWNER, user_id=user_id) == "AUTH-PermissionDenied"
