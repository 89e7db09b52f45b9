"""A call with an idempotency key is carried out once, whatever wire it comes by again."""

import uuid

import pytest

pytestmark = pytest.mark.flow

ADD_SECRET = "zitadel.user.v2.UserService/AddSecret"


async def create(client, name, key):
    body = {
        "username": name,
        "organization": {"orgId": await client.organisation()},
        "profile": {"givenName": "Gigi", "familyName": "Giraffe"},
        "email": {"email": f"{name}@example.com", "isVerified": True},
    }
    return await client.call("POST", "/v2/users/human", body, headers={"Idempotency-Key": key})


async def test_a_repeated_call_gets_the_first_answer(client):
    name, key = f"once-{uuid.uuid4().hex}", uuid.uuid4().hex
    first = await create(client, name, key)
    assert first[0] == 200
    assert await create(client, name, key) == first
    status, refused = await create(client, name, key + "-other")
    assert (status, refused["code"]) == (409, 6)


async def test_another_request_under_the_same_key_is_refused(client):
    key = uuid.uuid4().hex
    await create(client, f"once-{uuid.uuid4().hex}", key)
    status, refused = await create(client, f"once-{uuid.uuid4().hex}", key)
    assert status == 400
    assert "IDEMPOTENCY-KeyReused" in refused["message"]


async def test_a_secret_is_told_again_over_grpc(client):
    owner = await client.ok("POST", "/v2/users", {"queries": [{"typeQuery": {"type": 2}}]})
    user_id = owner["result"][0]["userId"]
    metadata = [("authorization", f"Bearer {client.server.pat}"), ("idempotency-key", "secret-1")]
    first = await client.grpc(ADD_SECRET, metadata, user_id=user_id)
    again = await client.grpc(ADD_SECRET, metadata, user_id=user_id)
    assert first.client_secret
    assert first == again
