"""Bad input gets the protocol's own clear error with a stable id; never a 500 or a stack trace."""

import asyncio
import io

import pytest

pytestmark = pytest.mark.flow
JSON = {"Content-Type": "application/json"}
USERS = "/v2/users/human"

BAD = {
    "malformed JSON": (USERS, JSON, b'{"username": ', 400),
    "JSON of another shape": (USERS, JSON, b"[1, 2]", 400),
    "a number for a text": (USERS, JSON, b'{"username": {"a": 1}}', 400),
    "a required field missing": (USERS, JSON, b'{"username": "x"}', 400),
    "NUL in a text": (USERS, JSON, b'{"username": "a\\u0000b"}', 400),
    "deep nesting": (USERS, JSON, b'{"a":' * 3000 + b"1" + b"}" * 3000, 400),
    "a body over the limit": (USERS, JSON, b'{"username": "' + b"x" * (1 << 20) + b'"}', 413),
    "another content type": (USERS, {"Content-Type": "text/plain"}, b"x", 415),
    "malformed protobuf": (
        "/zitadel.user.v2.UserService/AddHumanUser",
        {"Content-Type": "application/proto"},
        b"\xff\xff\xff",
        400,
    ),
    "an unknown route": ("/v2/nothing/here", JSON, b"{}", 404),
    "an unknown method": ("/zitadel.user.v2.UserService/Nothing", JSON, b"{}", 404),
}


@pytest.mark.parametrize("what", BAD)
async def test_bad_input_is_refused_with_a_stable_id(client, what):
    path, headers, body, status = BAD[what]
    headers = {**client.as_owner, **headers}
    async with client.http.post(path, data=io.BytesIO(body), headers=headers) as answer:
        text = await answer.text()
    assert answer.status == status, text
    assert "Traceback" not in text
    assert "-" in text
    assert "message" in text


async def test_a_wrong_verb_is_told_which_are_right(client):
    async with client.http.put(USERS, json={}, headers=client.as_owner) as answer:
        assert answer.status == 405
        assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])
async def test_a_token_that_is_none_is_answered_with_401(client, token):
    headers = {"Authorization": f"Bearer {token}"}
    async with client.http.get("/v2/users/1", headers=headers) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="api"')


async def test_an_over_long_field_is_named(client):
    body = {"username": "x" * 201, "profile": {"givenName": "a", "familyName": "b"}}
    status, answer = await client.call("POST", USERS, body)
    assert status == 400
    assert "username" in answer["message"]


async def test_an_unknown_host_is_told_what_was_seen_and_what_to_set(client):
    headers = {"Host": "evil.example", "Accept": "text/html"}
    async with client.http.get("/ui/login/login", headers=headers) as answer:
        page = await answer.text()
    assert answer.status == 404
    assert "evil.example" in page
    assert "PERSONAE_EXTERNAL_DOMAIN" in page


async def test_an_unknown_host_is_told_in_json_to_programs(client):
    headers = {"Host": "evil.example", **client.as_owner}
    async with client.http.get("/v2/users/1", headers=headers) as answer:
        assert answer.status == 404
        assert "INSTANCE-NotFound" in await answer.text()


async def test_a_redirect_uri_that_is_not_registered_gets_a_page_never_a_redirect(client):
    query = {"client_id": "nobody", "redirect_uri": "https://evil.example", "response_type": "code"}
    async with client.http.get(
        "/oauth/v2/authorize", params=query, allow_redirects=False
    ) as answer:
        assert answer.status == 400
        assert "Location" not in answer.headers


async def test_nothing_was_half_written(client, running):
    await asyncio.sleep(0)
    found = await client.ok(
        "POST", "/v2/users", {"queries": [{"userNameQuery": {"userName": "x"}}]}
    )
    assert found["details"].get("totalResult", "0") == "0"
