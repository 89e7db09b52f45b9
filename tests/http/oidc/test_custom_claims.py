"""Where others add claims: bounded in time and size, and never in the provider's own words."""

import asyncio

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from personae.actors.domain.auth_request.refusals import NO_GRANT
from personae.actors.domain.project.values import TokenType
from personae.http.oidc import custom_claims

from tests.aggregates.conftest import ADMIN, INSTANCE
from tests.http.oidc.conftest import serving


@pytest.fixture
async def adding(dispatch):
    """A provider with one source of claims, which tests give its answer and ask what it heard."""
    heard, answer = [], {}

    async def source(about):
        heard.append(about)
        found = answer[about.function]
        return await found() if callable(found) else found

    answer.update(preuserinfo={}, preaccesstoken={})
    async with serving(dispatch, sources=(source,)) as stack:
        yield stack, answer, heard


async def claims_of(stack, token):
    keys = KeySet.import_key_set((await stack.call("GET", "/oauth/v2/keys")).json)
    return jwt.decode(token, keys, algorithms=["ES256"]).claims


async def test_each_function_adds_to_its_own_answers(adding):
    stack, answer, heard = adding
    answer.update(preuserinfo={"shoe_size": 38}, preaccesstoken={"tier": "gold"})
    app = await stack.app(access_token_type=TokenType.JWT)
    tokens = await stack.sign_in(app, scope="openid email")
    shown = await claims_of(stack, tokens["access_token"])
    assert shown["tier"] == "gold"
    assert "shoe_size" not in shown
    for found in (
        await claims_of(stack, tokens["id_token"]),
        (await stack.userinfo(tokens["access_token"])).json,
        await stack.introspect(app, tokens["access_token"]),
    ):
        assert found["shoe_size"] == 38
        assert "tier" not in found
    (about,) = [each for each in heard if each.function == "preaccesstoken"]
    assert (about.instance_id, about.user_id, about.client_id) == (INSTANCE, ADMIN, app.client_id)
    assert about.scope == ("openid", "email")


async def test_nothing_said_already_and_no_word_of_the_provider_is_replaced(adding):
    stack, answer, _ = adding
    bad = {"sub": "evil", "email": "evil@x", "active": False, "cnf": {"jkt": "x"}, "act": {},
           "urn:zitadel:iam:org:project:roles": {"admin": {}}, "iss": "x", "aud": "x", "exp": 1,
           "nonce": "x", "acr": "gold", "auth_time": 1, "scope": "all"}  # fmt: skip
    answer.update(preuserinfo={**bad, "good": [1]}, preaccesstoken={**bad, "good": [1]})
    app = await stack.app(access_token_type=TokenType.JWT)
    tokens = await stack.sign_in(app, scope="openid email")
    for found in (
        await claims_of(stack, tokens["access_token"]),
        await claims_of(stack, tokens["id_token"]),
        (await stack.userinfo(tokens["access_token"])).json,
        await stack.introspect(app, tokens["access_token"]),
    ):
        assert found["good"] == [1]
        assert found["sub"] == ADMIN
        assert {name for name in bad if found.get(name) == bad[name]} - {"email"} == set()
    assert (await stack.userinfo(tokens["access_token"])).json["email"] == "admin@acme.localhost"


async def fails():
    raise RuntimeError("no such thing")


async def sleeps():
    await asyncio.sleep(60)


@pytest.mark.parametrize(
    "bad", [fails, sleeps, [1], {"x": object()}, {"x": "x" * 20_000}, {1: 2}, None]
)
async def test_a_source_that_fails_adds_nothing_and_stops_nothing(adding, monkeypatch, bad):
    stack, answer, _ = adding
    monkeypatch.setattr(custom_claims, "SECONDS", 0.05)
    answer.update(preuserinfo=bad, preaccesstoken=bad)
    tokens = await stack.sign_in(await stack.app(), scope="openid")
    assert (await stack.userinfo(tokens["access_token"])).json == {"sub": ADMIN}


async def test_a_source_that_refuses_ends_the_request(adding):
    stack, answer, _ = adding

    async def refuses():
        raise NO_GRANT()

    tokens = await stack.sign_in(await stack.app(), scope="openid")
    answer["preuserinfo"] = refuses
    found = await stack.userinfo(tokens["access_token"])
    assert (found.status, found.error) == (403, "access_denied")
