"""How clients prove who they are."""

import asyncio
import base64
from dataclasses import replace

import pytest
from personae.actors.domain.project.commands import DeactivateProject, SetClientSecret
from personae.actors.domain.project.values import APIAuthMethod, AuthMethod

from tests.http.oidc.assertions import ASSERTION, seconds, signed
from tests.http.oidc.conftest import basic

METHODS = list(AuthMethod)


def proof(stack, app, method, **changes):
    """Return header and form by which an app proves itself."""
    if method is AuthMethod.BASIC:
        return basic(app.client_id, app.secret or "x" * 64), {}
    if method is AuthMethod.POST:
        return None, {"client_id": app.client_id, "client_secret": app.secret or "x" * 64}
    if method is AuthMethod.NONE:
        return None, {"client_id": app.client_id}
    text = signed(app.client_id, stack.issuer, app.key_id, app.key, seconds(stack), **changes)
    return None, {"client_assertion_type": ASSERTION, "client_assertion": text}


@pytest.mark.parametrize("method", METHODS)
async def test_each_method_redeems_a_code(stack, verifier, method):
    app = await stack.app(auth_method_type=method)
    code = await stack.code(app, verifier=verifier)
    header, form = proof(stack, app, method)
    found = await stack.redeem(app, code, header or {}, code_verifier=verifier, **form)
    assert found.status == 200


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
async def test_an_rsa_key_signs_by_either_algorithm_that_is_announced(stack, algorithm):
    app = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT)
    announced = (await stack.call("GET", "/.well-known/openid-configuration")).json
    assert algorithm in announced["token_endpoint_auth_signing_alg_values_supported"]
    _, form = proof(stack, app, AuthMethod.PRIVATE_KEY_JWT, algorithm=algorithm)
    assert (await stack.post("/oauth/v2/revoke", token="x", **form)).status == 200


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS384", "PS512"])
async def test_and_by_no_other_one(stack, algorithm):
    app = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT)
    _, form = proof(stack, app, AuthMethod.PRIVATE_KEY_JWT, algorithm=algorithm)
    found = await stack.post("/oauth/v2/revoke", token="x", **form)
    assert (found.status, found.error) == (401, "invalid_client")


async def test_ps256_by_a_foreign_key_proves_nobody(stack):
    app, other = [await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT) for _ in range(2)]
    forged = replace(app, key=other.key)
    _, form = proof(stack, forged, AuthMethod.PRIVATE_KEY_JWT, algorithm="PS256")
    found = await stack.post("/oauth/v2/revoke", token="x", **form)
    assert (found.status, found.error) == (401, "invalid_client")


@pytest.mark.parametrize("registered", METHODS)
@pytest.mark.parametrize("used", METHODS)
async def test_only_the_registered_method_counts(stack, verifier, registered, used):
    if registered is used:
        return
    app = await stack.app(auth_method_type=registered)
    code = await stack.code(app, verifier=verifier)
    keyed = app if app.key else await stack.with_key(app)
    header, form = proof(stack, keyed, used)
    found = await stack.redeem(app, code, header or {}, code_verifier=verifier, **form)
    assert (found.status, found.error) == (401, "invalid_client")
    assert found.headers["WWW-Authenticate"].startswith("Basic ")


async def test_two_methods_at_once_are_refused(stack):
    app = await stack.app()
    form = {"client_id": app.client_id, "client_secret": app.secret}
    found = await stack.token("refresh_token", app.basic, refresh_token="x", **form)
    assert (found.status, found.error) == (400, "invalid_request")
    other = await stack.token("refresh_token", app.basic, refresh_token="x", client_id="other")
    assert other.error == "invalid_request"
    two = [("Authorization", value) for value in (*app.basic.values(), "Basic eDp5")]
    for headers in (two, two[::-1]):
        found = await stack.token("refresh_token", headers, refresh_token="x")
        assert (found.status, found.error) == (400, "invalid_request")


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !",
        "Basic " + base64.b64encode(b"no-colon").decode(),
        "Basic /w==",
        "Digest x",
    ],
)
async def test_a_broken_header_is_invalid_client(stack, header):
    form = {"refresh_token": "x"}
    found = await stack.token("refresh_token", {"Authorization": header}, **form)
    assert (found.status, found.error) == (401, "invalid_client")


async def test_no_client_at_all_is_invalid_client(stack):
    assert (await stack.token("refresh_token", refresh_token="x")).error == "invalid_client"


async def test_secrets_in_the_url_do_not_count(stack):
    app = await stack.app(auth_method_type=AuthMethod.POST)
    found = await stack.call(
        "POST", "/oauth/v2/token",
        params={"client_id": app.client_id, "client_secret": app.secret},
        data={"grant_type": "refresh_token", "refresh_token": "x"},
    )  # fmt: skip
    assert found.error == "invalid_client"


async def test_a_replaced_secret_counts_no_more(stack):
    app = await stack.app()
    order = SetClientSecret(project_id=app.project_id, app_id=app.app_id)
    new = (await stack.send(order)).secrets["client_secret"]
    assert (await stack.refresh(app, "x")).error == "invalid_client"
    app.secret = new
    assert (await stack.refresh(app, "x")).error == "invalid_grant"


async def test_clients_of_a_deactivated_project_are_unknown(stack):
    app = await stack.app()
    await stack.send(DeactivateProject(project_id=app.project_id))
    assert (await stack.refresh(app, "x")).error == "invalid_client"


# private_key_jwt, asked at introspection


async def asked(stack, api, **changes):
    form = proof(stack, api, AuthMethod.PRIVATE_KEY_JWT, **changes)[1]
    return await stack.post("/oauth/v2/introspect", token="x", **form)


@pytest.fixture
async def api(stack):
    return await stack.api(auth_method=APIAuthMethod.PRIVATE_KEY_JWT)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example"}, {"aud": None}, {"aud": []}, {"sub": "other"},
        {"sub": None}, {"exp": None}, {"exp": 1}, {"iat": None}, {"iss": "other"},
        {"headers": {"kid": "other"}}, {"headers": {"typ": "at+jwt"}},
    ],
)  # fmt: skip
async def test_an_assertion_with_a_wrong_claim_is_invalid_client(stack, api, changes):
    assert (await asked(stack, api)).json == {"active": False}
    found = await asked(stack, api, **changes)
    assert (found.status, found.error) == (401, "invalid_client")


async def test_an_assertion_for_several_audiences_is_refused(stack, api):
    found = await asked(stack, api, aud=[stack.issuer, "https://other.example"])
    assert found.error == "invalid_client"
    assert (await asked(stack, api, aud=[stack.issuer])).json == {"active": False}


async def test_an_assertion_counts_for_an_hour_at_most(stack, api, clock):
    now = seconds(stack)
    form = proof(stack, api, AuthMethod.PRIVATE_KEY_JWT, exp=int(now) + 90_000)[1]
    clock.pass_(minutes=59)
    assert (await stack.post("/oauth/v2/introspect", token="x", **form)).status == 200
    clock.pass_(minutes=2)
    assert (await stack.post("/oauth/v2/introspect", token="x", **form)).error == "invalid_client"


async def test_an_assertion_with_an_id_counts_once(stack, api):
    form = proof(stack, api, AuthMethod.PRIVATE_KEY_JWT, jti="once")[1]
    posts = (stack.post("/oauth/v2/introspect", token="x", **form) for _ in range(50))
    answers = await asyncio.gather(*posts)
    assert sorted(each.status for each in answers) == [200, *[401] * 49]


async def test_an_expired_or_foreign_key_is_invalid_client(stack, api, clock):
    until = stack.services.world.now().replace(hour=13)
    short = await stack.with_key(api, expires=until)
    assert (await asked(stack, short)).status == 200
    clock.pass_(hours=1)
    assert (await asked(stack, short)).error == "invalid_client"
    other = await stack.api(auth_method=APIAuthMethod.PRIVATE_KEY_JWT)
    other.client_id = api.client_id
    assert (await asked(stack, other)).error == "invalid_client"


async def test_a_known_assertion_counts_until_it_or_its_key_ends(stack, api, clock):
    form = proof(stack, api, AuthMethod.PRIVATE_KEY_JWT)[1]
    for _ in range(2):
        assert (await stack.post("/oauth/v2/introspect", token="x", **form)).status == 200
    clock.pass_(seconds=121)
    assert (await stack.post("/oauth/v2/introspect", token="x", **form)).error == "invalid_client"


async def test_a_known_assertion_ends_with_the_end_of_its_key(stack, api, clock):
    until = stack.services.world.now().replace(second=30)
    form = proof(stack, await stack.with_key(api, expires=until), AuthMethod.PRIVATE_KEY_JWT)[1]
    assert (await stack.post("/oauth/v2/introspect", token="x", **form)).status == 200
    clock.pass_(seconds=30)
    assert (await stack.post("/oauth/v2/introspect", token="x", **form)).error == "invalid_client"


async def test_a_known_assertion_is_of_use_to_its_own_client_only(stack, api):
    form = proof(stack, api, AuthMethod.PRIVATE_KEY_JWT)[1]
    assert (await stack.post("/oauth/v2/introspect", token="x", **form)).status == 200
    other = await stack.api(auth_method=APIAuthMethod.PRIVATE_KEY_JWT)
    mixed = await stack.post("/oauth/v2/introspect", token="x", client_id=other.client_id, **form)
    assert mixed.error == "invalid_request"
