from personae.http.oidc.grants import GRANTS

from tests.http.oidc.conftest import Stack


async def test_the_document_names_this_issuer_and_only_endpoints_that_are_there(stack):
    found = await stack.call("GET", "/.well-known/openid-configuration")
    assert found.json["issuer"] == stack.issuer
    endpoints = [name for name in found.json if name.endswith(("_endpoint", "_uri"))]
    assert len(endpoints) == 9
    for name in endpoints:
        path = found.json[name].removeprefix(stack.issuer)
        method = "GET" if name in {"jwks_uri", "end_session_endpoint"} else "POST"
        assert (await stack.call(method, path)).status not in {404, 405}


async def test_the_metadata_of_oauth_is_the_same_document(stack):
    """RFC 8414."""
    found = await stack.call("GET", "/.well-known/oauth-authorization-server")
    assert found.json == (await stack.call("GET", "/.well-known/openid-configuration")).json
    assert found.json["dpop_signing_alg_values_supported"]
    assert not {"none", "HS256"} & set(found.json["request_object_signing_alg_values_supported"])


async def test_only_s256_is_announced_and_no_password_grant(stack):
    found = (await stack.call("GET", "/.well-known/openid-configuration")).json
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert found["response_types_supported"] == ["code", "id_token", "id_token token"]
    assert set(found["grant_types_supported"]) == {*GRANTS, "implicit"}
    assert "password" not in GRANTS


async def test_keys_are_public_and_cached_for_five_minutes(stack):
    found = await stack.call("GET", "/oauth/v2/keys")
    assert found.headers["Cache-Control"] == "max-age=300, must-revalidate"
    (key,) = found.json["keys"]
    assert (key["kid"], key["alg"], key["use"]) == ("k1", "ES256", "sig")
    assert "d" not in key


async def test_a_host_that_is_no_instance_has_no_provider(stack: Stack):
    async with stack.http.get(
        f"http://127.0.0.1:{stack.server.port}/.well-known/openid-configuration"
    ) as found:
        assert found.status == 404
        assert "issuer" not in await found.text()


async def test_pages_of_other_origins_may_ask_but_not_authorize(stack):
    origin = {"Origin": "https://spa.example"}
    for path in ("/.well-known/openid-configuration", "/oauth/v2/keys", "/oidc/v1/userinfo"):
        found = await stack.call("GET", path, headers=origin)
        assert found.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in found.headers
    allowed = await stack.call("OPTIONS", "/oauth/v2/token", headers=origin)
    assert "Authorization" in allowed.headers["Access-Control-Allow-Headers"]
    app = await stack.app()
    found = await stack.authorize(app, headers=origin)
    assert "Access-Control-Allow-Origin" not in found.headers
    assert (await stack.call("OPTIONS", "/oauth/v2/authorize", headers=origin)).status == 405
