"""Paths, queries and bodies become messages; answers carry what HTTP expects."""

import asyncio
import gzip

import pytest
from yarl import URL

from tests.http.wire.conftest import AS_ROOT
from tests.http.wire.users_api import SESSION, USER

METHOD_TYPES = "/v2/users/7/authentication_methods"


async def ask(server, verb, path, **options):
    options.setdefault("headers", AS_ROOT)
    async with server.http.request(verb, path, **options) as answer:
        return answer.status, await answer.json(), answer.headers


async def test_a_created_session_answers_201(server):
    status, body, headers = await ask(server, "POST", "/v2/sessions", json={"lifetime": "1.5s"})
    assert (status, body) == (201, {"sessionId": "1.5", "sessionToken": "t"})
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Type"] == "application/json"


async def test_an_empty_body_is_an_empty_message(server):
    status, body, _ = await ask(server, "POST", "/v2/sessions")
    assert (status, body["sessionId"]) == (201, "0.0")


async def test_a_query_reaches_fields_of_messages_inside(server):
    path = "/v2/users/7/authentication_methods?domain_query.includeWithoutDomain=true"
    status, body, _ = await ask(server, "GET", path + "&domainQuery.domain=a")
    assert status == 200
    assert body["details"] == {"totalResult": "1"}
    names = ["AUTHENTICATION_METHOD_TYPE_PASSWORD", "AUTHENTICATION_METHOD_TYPE_PASSKEY"]
    assert body["authMethodTypes"] == names


async def test_a_repeated_parameter_fills_a_list(server):
    path = "/v2/users/7/metadata?keys=a&keys=b%20c&unknown=1"
    status, _, _ = await ask(server, "DELETE", path)
    assert (status, server.directory.users["keys"]) == (200, ["a", "b c"])


async def test_a_path_wins_over_the_body(server):
    await ask(server, "POST", "/v2/users/a%2Fb/lock", json={"userId": "6"})
    assert server.directory.users["locked"] == "a/b"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("domain_query.include_without_domain=maybe", "domain_query.include_without_domain"),
        ("domain_query.domain=a&domain_query.domain=b", "domain_query.domain"),
        ("domain_query=x", "domain_query"),
        ("domain_query.domain.more=x", "domain_query.domain"),
        ("domain_query.domain=%zz", "query"),
        ("domain_query.domain=%ff", "query"),
        ("&".join(["a=1"] * 201), "query"),
    ],
)
async def test_a_bad_query_is_refused_with_its_field(server, query, field):
    status, body, _ = await ask(server, "GET", URL(f"{METHOD_TYPES}?{query}", encoded=True))
    assert status == 400
    assert f"field {field}, rule" in body["message"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b'{"lifetime":', b"[" * 5000])
async def test_a_malformed_body_is_refused(server, body):
    headers = AS_ROOT | {"Content-Type": "application/json"}
    status, answer, _ = await ask(server, "POST", "/v2/sessions", data=body, headers=headers)
    assert (status, answer["code"]) == (400, 3)


async def test_a_body_that_is_not_json_is_refused(server):
    status, body, _ = await ask(server, "POST", "/v2/sessions", data={"a": "b"})
    assert (status, body["details"][0]["id"]) == (415, "REQUEST-WrongType")


async def test_a_body_too_large_is_refused(server):
    status, body, _ = await ask(server, "POST", "/v2/sessions", json={"x": "y" * 100_000})
    assert (status, body["details"][0]["id"]) == (413, "REQUEST-TooLarge")


async def test_an_unknown_path_is_not_found_in_json(server):
    status, body, _ = await ask(server, "GET", "/v2/nothing/here")
    assert (status, body["code"], body["details"][0]["id"]) == (404, 5, "REQUEST-NoRoute")


async def test_a_wrong_verb_names_the_right_ones(server):
    status, body, headers = await ask(server, "PUT", "/v2/sessions")
    assert (status, body["details"][0]["id"]) == (405, "REQUEST-WrongVerb")
    assert headers["Allow"] == "POST"


async def test_paths_that_are_not_ours_are_left_alone(server):
    async with server.http.get("/ui/login") as answer:
        assert (answer.status, answer.content_type) == (404, "text/plain")


@pytest.mark.parametrize(
    ("method", "token", "status", "error"),
    [
        ("GET", "", 401, ""),
        ("GET", "late", 401, ', error="invalid_token"'),
        ("POST", "guest", 403, ', error="insufficient_scope"'),
    ],
)
async def test_who_has_no_access_learns_how_to_get_it(server, method, token, status, error):
    """RFC 6750, 3: the scheme and one parameter at least; no error for who shows no token."""
    shown = {"Authorization": f"Bearer {token}"} if token else {}
    human = {"username": "g", "profile": {"givenName": "G", "familyName": "M"}}
    body = {"json": {**human, "email": {"email": "g@example.com"}}} if method == "POST" else {}
    path = "/v2/users/human" if body else "/v2/users/7"
    found, _, headers = await ask(server, method, path, headers=shown, **body)
    assert found == status
    assert headers.getall("WWW-Authenticate") == [f'Bearer realm="api"{error}']


async def test_the_unavailable_say_when_to_come_again(server):
    status, _, headers = await ask(server, "POST", "/v2/users/7/unlock")
    assert (status, headers["Retry-After"]) == (503, "1")


async def test_an_unknown_host_is_refused(server):
    headers = AS_ROOT | {"Host": "elsewhere.example"}
    status, body, _ = await ask(server, "GET", "/v2/users/7", headers=headers)
    assert (status, body["details"][0]["id"]) == (404, "INSTANCE-NotFound")


async def test_a_page_of_any_origin_may_ask_and_read(server):
    asked = {"Origin": "https://app.example", "Access-Control-Request-Headers": "authorization"}
    for path in ("/v2/users/7", f"/{USER}/GetUserByID"):
        async with server.http.options(path, headers=asked) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Headers"] == "authorization"
    _, _, headers = await ask(server, "GET", "/v2/users/7", headers=AS_ROOT | asked)
    assert headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert headers["Access-Control-Allow-Credentials"] == "true"


async def test_connect_refuses_other_encodings_and_late_answers(server):
    path = f"/{USER}/DeactivateUser"
    status, body, _ = await ask(server, "POST", path, data=b"x")
    assert (status, body["code"]) == (415, "invalid_argument")
    headers = AS_ROOT | {"Connect-Timeout-Ms": "50"}
    status, body, _ = await ask(server, "POST", path, json={"userId": "1"}, headers=headers)
    assert (status, body["code"]) == (504, "deadline_exceeded")


async def test_connect_refuses_what_it_cannot_read(server):
    headers = AS_ROOT | {"Content-Type": "application/proto"}
    path = f"/{SESSION}/CreateSession"
    status, body, _ = await ask(server, "POST", path, data=b"\xff\xff", headers=headers)
    assert (status, body["code"]) == (400, "invalid_argument")
    headers = AS_ROOT | {"Connect-Timeout-Ms": "soon"}
    status, body, _ = await ask(server, "POST", path, json={}, headers=headers)
    assert (status, body["code"]) == (400, "invalid_argument")


async def test_an_unknown_method_of_connect_is_not_found(server):
    status, body, _ = await ask(server, "POST", f"/{USER}/Nothing", json={})
    assert (status, body["code"]) == (404, "not_found")


async def test_a_body_that_does_not_unpack_is_refused(server):
    headers = AS_ROOT | {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    status, body, _ = await ask(server, "POST", "/v2/sessions", data=b"no gzip", headers=headers)
    assert (status, body["code"]) == (400, 3)


async def test_a_body_that_is_packed_in_a_strange_way_is_refused(server):
    headers = AS_ROOT | {"Content-Type": "application/json", "Content-Encoding": "snappy"}
    status, body, _ = await ask(server, "POST", "/v2/sessions", data=b"{}", headers=headers)
    assert (status, body["details"][0]["id"]) == (415, "REQUEST-Compressed")
    path = f"/{SESSION}/CreateSession"
    status, body, _ = await ask(server, "POST", path, data=b"{}", headers=headers)
    assert (status, body["code"]) == (415, "unimplemented")


async def test_a_body_that_unpacks_to_too_much_is_refused(server):
    packed = gzip.compress(b" " * 5_000_000)
    headers = AS_ROOT | {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    status, body, _ = await ask(server, "POST", "/v2/sessions", data=packed, headers=headers)
    assert (status, body["details"][0]["id"]) == (413, "REQUEST-TooLarge")


async def test_a_body_that_trickles_in_is_given_up(server):
    async def trickle():
        yield b"{"
        await asyncio.sleep(5)

    headers = AS_ROOT | {"Content-Type": "application/json", "Connect-Timeout-Ms": "100"}
    path = f"/{SESSION}/CreateSession"
    status, body, _ = await ask(server, "POST", path, data=trickle(), headers=headers)
    assert (status, body["code"]) == (504, "deadline_exceeded")


async def test_long_answers_are_packed_for_those_who_take_it(server):
    for path in ("/v2/sessions", "/zitadel.session.v2.SessionService/CreateSession"):
        long = gzip.compress(b'{"sessionToken": "%s"}' % (b"x" * 2000))
        headers = AS_ROOT | {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        headers |= {"Accept-Encoding": "gzip"}
        async with server.http.post(path, data=long, headers=headers) as answer:
            assert answer.status in {200, 201}
    headers = AS_ROOT | {"Accept-Encoding": "gzip"}
    async with server.http.get("/openapi.json", headers=headers) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert (await answer.json())["openapi"] == "3.1.0"
    async with server.http.get("/openapi.json", headers={"Accept-Encoding": "br"}) as answer:
        assert "Content-Encoding" not in answer.headers
