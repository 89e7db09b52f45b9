import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from personae.actors.domain.project.values import APIAuthMethod, AuthMethod

from tests.aggregates.conftest import ADMIN
from tests.http.oidc.conftest import basic


async def test_an_api_of_the_project_learns_all_about_a_token(stack):
    project = await stack.project()
    app, api = await stack.app(project), await stack.api(project)
    token = (await stack.sign_in(app, scope="openid email"))["access_token"]
    found = await stack.introspect(api, token)
    now = int(stack.services.world.now().timestamp())
    assert found.pop("jti").startswith("V2_")
    assert found == {
        "active": True, "iss": stack.issuer, "sub": ADMIN, "username": "admin@acme.localhost",
        "token_type": "Bearer", "client_id": app.client_id, "scope": "openid email",
        "aud": [app.client_id, api.client_id, project], "exp": now + 3600, "iat": now, "nbf": now,
        "auth_time": now, "amr": ["pwd"], "email": "admin@acme.localhost", "email_verified": True,
    }  # fmt: skip


async def test_an_api_of_another_project_learns_nothing(stack):
    token = (await stack.sign_in(await stack.app()))["access_token"]
    assert await stack.introspect(await stack.api(), token) == {"active": False}


async def test_a_hint_that_is_wrong_hides_no_token(stack):
    """RFC 7662, 2.1: "it MUST extend its search across all of its supported token types"."""
    project = await stack.project()
    app, api = await stack.app(project), await stack.api(project)
    tokens = await stack.sign_in(app)
    for hint in ("access_token", "refresh_token", "unheard_of"):
        form = {"token": tokens["access_token"], "token_type_hint": hint}
        found = await stack.post("/oauth/v2/introspect", api.basic, **form)
        assert found.json["active"] is True, hint
        # Refresh tokens are no business of an API.
        form["token"] = tokens["refresh_token"]
        found = await stack.post("/oauth/v2/introspect", api.basic, **form)
        assert found.json == {"active": False}, hint


async def test_what_is_no_token_is_inactive(stack):
    api = await stack.api()
    for text in ("x", "a.b.c", "V2_1-at_2", "x" * 5000):
        assert await stack.introspect(api, text) == {"active": False}


@pytest.mark.parametrize("secret", ["", "x" * 64])
async def test_without_client_authentication_there_is_no_answer(stack, secret):
    api = await stack.api()
    found = await stack.post("/oauth/v2/introspect", basic(api.client_id, secret), token="x")
    assert (found.status, found.error) == (401, "invalid_client")


async def test_public_clients_may_not_introspect(stack):
    app = await stack.app(auth_method_type=AuthMethod.NONE)
    found = await stack.post("/oauth/v2/introspect", client_id=app.client_id, token="x")
    assert found.error == "invalid_client"


async def test_a_key_api_does_not_pass_with_a_secret(stack):
    api = await stack.api(auth_method=APIAuthMethod.PRIVATE_KEY_JWT)
    form = {"client_id": api.client_id, "client_secret": "x" * 64, "token": "x"}
    assert (await stack.post("/oauth/v2/introspect", **form)).error == "invalid_client"


async def test_the_answer_is_signed_for_an_api_that_accepts_that(stack):
    """RFC 9701."""
    project = await stack.project()
    app, api = await stack.app(project), await stack.api(project)
    token = (await stack.sign_in(app, scope="openid"))["access_token"]
    kind = "application/token-introspection+jwt"
    keys = KeySet.import_key_set((await stack.call("GET", "/oauth/v2/keys")).json)
    for text, active in ((token, True), ("x", False)):
        headers = {**api.basic, "Accept": kind}
        found = await stack.post("/oauth/v2/introspect", headers, token=text)
        assert found.headers["Content-Type"] == kind
        signed = jwt.decode(found.text, keys, algorithms=["ES256"])
        assert signed.header["typ"] == "token-introspection+jwt"
        assert (signed.claims["iss"], signed.claims["aud"]) == (stack.issuer, api.client_id)
        assert signed.claims["token_introspection"]["active"] is active
        assert not {"sub", "exp"} & signed.claims.keys()
        assert (await stack.userinfo(found.text)).status == 401
