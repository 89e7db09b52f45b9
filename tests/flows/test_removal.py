"""What a running server does by itself after an organisation was removed."""

import asyncio

import pytest

pytestmark = pytest.mark.flow

PATIENCE_SECONDS = 20


async def test_user_names_of_a_removed_organisation_are_free_again(client):
    gone = (await client.ok("POST", "/v2/organizations", {"name": "Gone"}))["organizationId"]
    person = {
        "username": "first.come",
        "human": {
            "profile": {"givenName": "Gigi", "familyName": "Giraffe"},
            "email": {"email": "gigi@example.com", "isVerified": True},
        },
    }
    await client.ok("POST", "/v2/users/new", person | {"organizationId": gone})
    here = person | {"organizationId": await client.organisation()}
    status, _ = await client.call("POST", "/v2/users/new", here)
    assert status == 409
    await client.ok("DELETE", f"/v2/organizations/{gone}")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await client.call("POST", "/v2/users/new", here))[0] == 409:  # noqa: ASYNC110 — another process works
            await asyncio.sleep(0.05)
    keys = await client.ok("GET", "/v2/web_keys")
    assert len(keys["webKeys"]) == 2
