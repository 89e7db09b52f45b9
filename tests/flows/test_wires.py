"""The same call over gRPC (grpcio), gRPC-web, Connect and REST: same answer, same refusal."""

import pytest

from tests.http.wire.test_four_wires import GET, each_wire

pytestmark = pytest.mark.flow


@pytest.fixture
async def owner(client):
    """The id of the machine user whose token we hold."""
    found = await client.ok(
        "POST", "/v2/users", {"queries": [{"typeQuery": {"type": "TYPE_MACHINE"}}]}
    )
    return found["result"][0]["userId"]


@each_wire
async def test_a_user_is_the_same_on_every_wire(client, owner, wire_call):
    expected = await client.ok("GET", f"/v2/users/{owner}")
    assert await wire_call(client, GET, client.as_owner, {"user_id": owner}) == expected
    assert expected["user"]["machine"]["name"]


@each_wire
async def test_a_missing_user_is_refused_alike_on_every_wire(client, wire_call):
    got = await wire_call(client, GET, client.as_owner, {"user_id": "404"})
    assert (got["code"], got["id"]) == (5, "USER-NotFound")


@each_wire
async def test_a_call_without_a_token_is_refused_alike_on_every_wire(client, owner, wire_call):
    got = await wire_call(client, GET, {}, {"user_id": owner})
    assert (got["code"], got["id"]) == (16, "AUTH-Unauthenticated")
