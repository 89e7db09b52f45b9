"""What was created is read and listed at once, by a client that never waits; ``make bench`` does 1,000."""

import pytest

from tests.aggregates.conftest import ORG
from tests.http.api.conftest import USER
from tests.http.api.wires import WIRES

MANY = 100


@pytest.mark.parametrize("wire", ["REST", "gRPC"])
async def test_every_created_user_is_read_and_listed_at_once(server, wire):
    async def ask(method, **fields):
        return await WIRES[wire](server, f"{USER}/{method}", server.headers(), fields)

    for number in range(MANY):
        name = f"bot-{number}"
        machine = {"organization_id": ORG, "username": name, "machine": {"name": name}}
        made = await ask("CreateUser", **machine)
        shown = await ask("GetUserByID", user_id=made["id"])
        assert shown["user"]["username"] == name
        listed = await ask("ListUsers", queries=[{"user_name_query": {"user_name": name}}])
        assert [one["userId"] for one in listed["result"]] == [made["id"]]
