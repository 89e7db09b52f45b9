import httpx2
import pytest
from authlib.oidc.core import ImplicitIDToken
from joserfc import jwt
from joserfc.jwk import KeySet
from personae.actors.domain.auth_request.commands import FailAuthRequest
from personae.actors.domain.project.values import (
    ApplicationType,
    AuthMethod,
    GrantType,
    ResponseType,
)

from tests.aggregates.conftest import ADMIN
from tests.http.oidc.conftest import CALLBACK, challenge_of, query_of, serving

BOTH = (ResponseType.ID_TOKEN, ResponseType.ID_TOKEN_TOKEN)


async def spa(stack, **changes):
    wanted = {
        "response_types": BOTH, "grant_types": (GrantType.IMPLICIT,),
        "auth_method_type": AuthMethod.NONE, **changes,
    }  # fmt: skip
    return await stack.app(**wanted)


async def answered(stack, app, **params):
    browser = await stack.browser()
    asked = await stack.authorize(app, **params)
    request_id = query_of(asked.location)["authRequestID"]
    await stack.link(request_id, browser)
    return await stack.callback(request_id, browser), request_id, browser


async def id_token(stack, app, found):
    async with httpx2.AsyncClient() as http:
        keys = KeySet.import_key_set((await http.get(f"{stack.issuer}/oauth/v2/keys")).json())
    decoded = jwt.decode(found["id_token"], keys, algorithms=["ES256"])
    token = ImplicitIDToken(
        decoded.claims, decoded.header,
        {"iss": {"value": stack.issuer}, "aud": {"value": app.client_id}},
        {"nonce": "n-1", "client_id": app.client_id, "access_token": found.get("access_token")},
    )  # fmt: skip
    token.validate(now=int(stack.services.world.now().timestamp()))
    return token


async def test_tokens_come_in_the_fragment_and_authlib_believes_them(stack):
    app = await spa(stack, grant_types=(GrantType.IMPLICIT, GrantType.REFRESH_TOKEN))
    back, request_id, browser = await answered(stack, app, response_type="token id_token")
    assert back.location.startswith(f"{CALLBACK}#access_token=")
    found = query_of(back.location)
    assert (await id_token(stack, app, found))["sub"] == ADMIN
    assert (found["state"], found["iss"], found["token_type"]) == ("s&t", stack.issuer, "Bearer")
    assert "refresh_token" not in found
    assert found["scope"] == "openid profile email"  # and no offline_access (section 11)
    assert "code" not in found
    assert (await stack.userinfo(found["access_token"])).status == 200
    assert (await stack.callback(request_id, browser)).status == 400


async def test_an_id_token_alone_tells_what_userinfo_would(stack):
    app = await spa(stack)
    back, _, _ = await answered(stack, app, response_type="id_token", response_mode="form_post")
    text = back.text.split('name="id_token" value="')[1].split('"')[0]
    token = await id_token(stack, app, {"id_token": text})
    assert (token["name"], token["email"]) == ("Ada Admin", "admin@acme.localhost")
    assert "at_hash" not in token
    assert "access_token" not in back.text


@pytest.mark.parametrize(
    ("app", "params", "error"),
    [
        ({}, {"nonce": None}, "invalid_request"),
        ({}, {"response_mode": "query"}, "invalid_request"),
        ({"response_types": (ResponseType.CODE,)}, {}, "unsupported_response_type"),
        ({"grant_types": (GrantType.AUTHORIZATION_CODE,)}, {}, "unauthorized_client"),
        ({}, {"response_type": "token"}, "unsupported_response_type"),
        ({}, {"response_type": "code id_token"}, "unsupported_response_type"),
    ],
)
async def test_what_is_not_registered_or_not_safe_is_refused(stack, app, params, error):
    params = {"response_type": "id_token token", **params}
    found = await stack.authorize(await spa(stack, **app), **params)
    assert query_of(found.location)["error"] == error


async def test_errors_come_in_the_fragment_where_tokens_would(stack):
    """Section 3.2.2.6, also when the person refuses, and for response types we do not have."""
    app = await spa(stack)
    bad = await stack.authorize(app, response_type="id_token", nonce=None)
    asked = await stack.authorize(app, response_type="id_token")
    request_id = query_of(asked.location)["authRequestID"]
    await stack.send(FailAuthRequest(request_id=request_id, reason="access_denied"))
    denied = await stack.callback(request_id)
    every = [(bad, "invalid_request"), (denied, "access_denied")]
    for unknown in ("token", "code token", "code id_token"):
        found = await stack.authorize(app, response_type=unknown)
        every.append((found, "unsupported_response_type"))
    for found, error in every:
        assert found.location.startswith(f"{CALLBACK}#")
        told = query_of(found.location)
        assert (told["error"], told["state"], told["iss"]) == (error, "s&t", stack.issuer)


@pytest.mark.parametrize(
    ("kind", "dev_mode", "status"),
    [
        (ApplicationType.NATIVE, False, 302), (ApplicationType.WEB, False, 400),
        (ApplicationType.USER_AGENT, False, 400), (ApplicationType.WEB, True, 302),
    ],
)  # fmt: skip
async def test_tokens_go_over_http_to_native_applications_only(stack, kind, dev_mode, status):
    """Section 3.2.2.1; a code of theirs is worth nothing without its proof."""
    uri = "http://localhost/cb"
    flows = {
        "response_types": (*BOTH, ResponseType.CODE),
        "grant_types": (GrantType.IMPLICIT, GrantType.AUTHORIZATION_CODE),
    }
    about = {"redirect_uris": (uri,), "application_type": kind, "dev_mode": dev_mode}
    app = await spa(stack, **flows, **about)
    found = await stack.authorize(app, redirect_uri=uri, response_type="id_token token")
    assert (found.status, bool(found.location)) == (status, status == 302)
    pkce = {"code_challenge": challenge_of("v" * 43), "code_challenge_method": "S256"}
    assert (await stack.authorize(app, redirect_uri=uri, **pkce)).status == 302


@pytest.mark.parametrize("error", [{}, {"nonce": None}], ids=["tokens", "an error"])
async def test_nothing_leaves_for_an_address_that_is_not_registered(stack, error):
    """RFC 6749, 4.2.1 and 4.2.2.1."""
    asked = {"response_type": "id_token token", "redirect_uri": "https://evil.example/", **error}
    found = await stack.authorize(await spa(stack), **asked)
    assert (found.status, found.location) == (400, "")


async def test_the_implicit_flow_can_be_switched_off(dispatch):
    async with serving(dispatch, implicit=False) as stack:
        found = await stack.authorize(await spa(stack), response_type="id_token")
        about = (await stack.call("GET", "/.well-known/openid-configuration")).json
    assert query_of(found.location)["error"] == "unsupported_response_type"
    assert about["response_types_supported"] == ["code"]
    assert "implicit" not in about["grant_types_supported"]


async def test_a_code_comes_in_the_fragment_where_that_is_asked(stack):
    back, _, _ = await answered(stack, await stack.app(), response_mode="fragment")
    assert back.location.startswith(f"{CALLBACK}#code=")
