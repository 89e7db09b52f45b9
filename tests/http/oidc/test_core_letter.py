"""The letter of OpenID Connect Core and Discovery where no other test of this folder says it."""

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from personae.actors.domain.project.values import AuthMethod
from personae.actors.domain.web_key.commands import ActivateWebKey, AddWebKey
from personae.http.oidc import paths

from tests.aggregates.conftest import INSTANCE
from tests.http.oidc.assertions import ASSERTION, seconds, signed
from tests.http.oidc.conftest import CALLBACK, query_of

PUBLIC = {"kty", "kid", "alg", "use", "n", "e", "crv", "x", "y"}
"""Members of public keys (RFC 7517, 4; RFC 7518, 6); all others are refused here."""

NOT_NORMAL = "e\u0301 \ufb01 \u212b"
"""Text that every Unicode normalization would change."""


@pytest.mark.parametrize("blank", ["\t", "\n", "\u00a0", "\u3000", "\u2028", "\x1c"])
async def test_lists_are_delimited_by_spaces_and_nothing_else(stack, blank):
    """Core, 14."""
    app, browser = await stack.app(), await stack.browser()
    for asked, error in (
        ({"scope": f"openid{blank}profile"}, "invalid_scope"),
        ({"prompt": f"login{blank}consent"}, "invalid_request"),
        ({"response_type": f"id_token{blank}token"}, "unsupported_response_type"),
    ):
        assert (await stack.authorize(app, **asked)).error == error
    tokens = await stack.sign_in(app, browser)
    found = await stack.refresh(app, tokens["refresh_token"], scope=f"openid{blank}profile")
    assert found.error == "invalid_scope"
    again = await stack.refresh(app, tokens["refresh_token"], scope=" openid  profile ")
    assert again.json["scope"] == "openid profile"


async def test_text_is_compared_and_given_back_code_point_by_code_point(stack):
    """Core, 2 (``nonce``), 3.1.2.6 (``state``) and 14: nothing is normalized."""
    app = await stack.app(redirect_uris=(f"{CALLBACK}&x=\u212b",))
    for uri in (f"{CALLBACK}&x=\u00c5", f"{CALLBACK}&x=A\u030a"):
        assert (await stack.authorize(app, redirect_uri=uri)).status == 400
    asked = {"redirect_uri": f"{CALLBACK}&x=\u212b", "state": NOT_NORMAL}
    bad = await stack.authorize(app, scope="\uff4fpenid", **asked)
    assert (bad.error, query_of(bad.location)["state"]) == ("invalid_scope", NOT_NORMAL)
    plain = await stack.app()
    tokens = await stack.sign_in(plain, nonce=NOT_NORMAL)
    keys = KeySet.import_key_set((await stack.call("GET", paths.KEYS)).json)
    assert jwt.decode(tokens["id_token"], keys, algorithms=["ES256"]).claims["nonce"] == NOT_NORMAL


@pytest.mark.parametrize("scope", ["openid", "openid profile email phone address"])
async def test_userinfo_is_a_json_object_with_sub_and_without_empty_members(stack, scope):
    """Core, 5.3.2 and 13.3."""
    token = (await stack.sign_in(await stack.app(), scope=scope))["access_token"]
    for method in ("GET", "POST"):
        headers = {"Authorization": f"Bearer {token}"}
        found = await stack.call(method, paths.USERINFO, headers=headers)
        assert (found.status, found.headers["Content-Type"]) == (200, "application/json")
        assert found.json["sub"]
        assert [name for name, value in found.json.items() if value in {None, ""}] == []


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("algorithm", ["RS256", "ES512", "EdDSA"])
async def test_published_keys_are_bare_and_public(stack, algorithm):
    """Discovery, 3 (``jwks_uri``): "MUST NOT contain private or symmetric key values"; Core, 15.2."""
    await stack.send(AddWebKey(key_id="k2", instance_id=INSTANCE, algorithm=algorithm))
    await stack.send(ActivateWebKey(key_id="k2", previous="k1"))
    stack.services.keys.forget(INSTANCE)
    keys = (await stack.call("GET", paths.KEYS)).json["keys"]
    assert {each["kid"] for each in keys} == {"k1", "k2"}
    for key in keys:
        assert key.keys() <= PUBLIC
        assert key["use"] == "sig"
        assert key["kty"] in {"RSA", "EC", "OKP"}


async def test_what_dynamic_clients_may_rely_on_is_announced(stack):
    """Discovery, 3; Core, 8 and 15.2."""
    found = (await stack.call("GET", paths.DISCOVERY)).json
    assert found["subject_types_supported"] == ["public"]
    assert {"openid", "profile", "email", "phone", "offline_access"} <= {*found["scopes_supported"]}
    assert {"code", "id_token", "id_token token"} <= {*found["response_types_supported"]}
    assert {"authorization_code", "implicit"} <= {*found["grant_types_supported"]}
    assert {"client_secret_basic", "private_key_jwt"} <= {
        *found["token_endpoint_auth_methods_supported"]
    }
    for name, value in found.items():
        if name.endswith(("_endpoint", "_uri")):
            assert value.startswith(found["issuer"] + "/")
    # What is left out would mean that it is supported.
    assert found["request_uri_parameter_supported"] is False


@pytest.mark.parametrize("kind", ["", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"])
async def test_an_assertion_of_another_type_proves_nobody(stack, kind):
    """Core, 9: the type "MUST be" that of JWTs."""
    app = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT)
    text = signed(app.client_id, stack.issuer, app.key_id, app.key, seconds(stack))
    for found in (kind, ASSERTION):
        form = {"client_assertion": text, "client_assertion_type": found}
        answer = await stack.token("refresh_token", refresh_token="x", **form)
        assert answer.error == ("invalid_grant" if found == ASSERTION else "invalid_client")
