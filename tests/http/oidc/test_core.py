"""OpenID Connect Core where no other test of this folder says it."""

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from personae.actors.domain.user.commands import AddPersonalAccessToken
from personae.http.identity.opaque import TokenKind

from tests.aggregates.conftest import ADMIN, INSTANCE, human
from tests.http.oidc.conftest import query_of


async def claims_of(stack, text):
    keys = KeySet.import_key_set((await stack.call("GET", "/oauth/v2/keys")).json)
    return jwt.decode(text, keys, algorithms=["ES256"]).claims


async def test_a_refreshed_id_token_says_the_same_of_the_same_sign_in(stack, clock):
    """Section 12.2."""
    app = await stack.app()
    first = await stack.sign_in(app)
    before = await claims_of(stack, first["id_token"])
    clock.pass_(minutes=10)
    renewed = (await stack.refresh(app, first["refresh_token"])).json
    after = await claims_of(stack, renewed["id_token"])
    assert after["iat"] == before["iat"] + 600
    for name in ("iss", "sub", "aud", "azp", "auth_time", "sid", "amr"):
        assert after[name] == before[name]
    assert ("nonce" in before, "nonce" in after) == (True, False)
    assert after["at_hash"] != before["at_hash"]


async def test_when_somebody_signed_in_is_told_with_max_age(stack, clock):
    """Section 2: auth_time is required then; the code came later."""
    app, browser = await stack.app(), await stack.browser()
    signed_in = int(stack.services.world.now().timestamp())
    clock.pass_(seconds=30)
    tokens = await stack.sign_in(app, browser, max_age="60")
    assert (await claims_of(stack, tokens["id_token"]))["auth_time"] == signed_in


async def test_a_hint_at_somebody_else_is_login_required(stack):
    """Section 3.1.2.1: the session of another user does not answer it."""
    app = await stack.app()
    await stack.send(human("77"))
    other, own = await stack.browser("77"), await stack.browser()
    hint = (await stack.sign_in(app, other))["id_token"]
    for browser, answered in ((other, True), (own, False)):
        found = await stack.authorize(
            app, prompt="none", id_token_hint=hint, headers=browser.cookie
        )
        told = query_of(found.location)
        assert ("code" in told, told.get("error")) == (
            answered,
            None if answered else "login_required",
        )


async def test_a_subject_is_short_plain_and_the_same_everywhere(stack):
    """Sections 2, 5.3.2 and 5.7."""
    app, other = await stack.app(), await stack.app()
    tokens = [await stack.sign_in(each) for each in (app, other)]
    subjects = {(await claims_of(stack, each["id_token"]))["sub"] for each in tokens}
    subjects |= {(await stack.userinfo(each["access_token"])).json["sub"] for each in tokens}
    assert subjects == {ADMIN}
    assert len(ADMIN) <= 255


async def test_the_discovery_document_has_what_is_required_and_no_empty_list(stack):
    """Discovery 1.0, sections 3 and 4.2; RFC 8414, 2."""
    found = await stack.call("GET", "/.well-known/openid-configuration")
    assert found.headers["Content-Type"].startswith("application/json")
    required = {
        "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint",
        "response_types_supported", "subject_types_supported",
        "id_token_signing_alg_values_supported",
    }  # fmt: skip
    assert required <= found.json.keys()
    assert "RS256" in found.json["id_token_signing_alg_values_supported"]
    assert [name for name, value in found.json.items() if value == []] == []
    for name, value in found.json.items():
        if name.endswith("_alg_values_supported"):
            assert not {"none", "HS256", "HS384", "HS512"} & set(value), name


async def test_a_token_in_header_and_form_at_once_is_an_invalid_request(stack):
    """RFC 6750, 2 and 3.1."""
    token = (await stack.sign_in(await stack.app()))["access_token"]
    header = {"Authorization": f"Bearer {token}"}
    found = await stack.post("/oidc/v1/userinfo", header, access_token=token)
    assert (found.status, found.error) == (400, "invalid_request")


async def test_what_a_bearer_is_told_is_one_challenge_per_scheme(stack):
    """RFC 6750, 3: realm and error once each, in the characters that are allowed."""
    twice = {"data": [("access_token", "x"), ("access_token", "x")]}
    both = {"data": {"access_token": "x"}, "headers": {"Authorization": "Bearer x"}}
    for error, how in (
        ("invalid_token", {"data": {"access_token": "x"}}),
        *(("invalid_request", each) for each in (twice, both)),
    ):
        found = await stack.call("POST", "/oidc/v1/userinfo", **how)
        assert (found.status, found.error) == (401 if error == "invalid_token" else 400, error)
        offered = found.headers.getall("WWW-Authenticate")
        assert [each.partition(" ")[0] for each in offered] == ["Bearer", "DPoP"]
        for each in offered:
            for name in ("realm=", "error=", "error_description="):
                assert each.count(name) == 1
            assert f'realm="{stack.issuer}"' in each
            assert f'error="{error}"' in each
            assert all(" " <= character <= "~" for character in each)


@pytest.mark.parametrize("shown", [{}, {"Authorization": "Basic YTpi"}], ids=["nothing", "Basic"])
async def test_who_shows_no_token_is_told_the_schemes_alone(stack, shown):
    """RFC 6750, 3.1: "SHOULD NOT include an error code or other error information"."""
    found = await stack.call("GET", "/oidc/v1/userinfo", headers=shown)
    bearer, dpop = found.headers.getall("WWW-Authenticate")
    assert (found.status, found.error) == (401, "invalid_token")
    assert bearer == f'Bearer realm="{stack.issuer}"'
    assert dpop.startswith(f'DPoP realm="{stack.issuer}", algs=')


async def test_a_personal_access_token_is_not_said_to_be_revoked(stack):
    """RFC 7009, 2.2.1: 200 would claim that it is dead."""
    bot = await stack.machine()
    await stack.send(AddPersonalAccessToken(user_id=bot.id, token_id="t1"))
    text = stack.services.tokens.issue(TokenKind.PERSONAL, INSTANCE, bot.id, "t1")
    form = {"client_id": bot.name, "client_secret": bot.secret}
    found = await stack.post("/oauth/v2/revoke", token=text, **form)
    assert (found.status, found.error) == (400, "unsupported_token_type")
    assert (await stack.userinfo(text)).status == 200


@pytest.mark.parametrize("name", ["subject_token", "actor_token"])
async def test_a_token_that_is_none_is_an_invalid_request_to_exchange(stack, name):
    """RFC 8693, 2.2.2: the error of an invalid subject or actor is always this one."""
    from tests.http.oidc.test_token_exchange import ACCESS, ALL, exchange

    app = await stack.app(grant_types=ALL)
    token = (await stack.sign_in(app))["access_token"]
    tokens = {"subject_token": token, "actor_token": token, name: "x"}
    found = await exchange(
        stack, app, tokens["subject_token"], scope="openid",
        actor_token=tokens["actor_token"], actor_token_type=ACCESS,
    )  # fmt: skip
    assert (found.status, found.error) == (400, "invalid_request")
