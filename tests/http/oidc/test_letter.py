"""The letter of specifications where no other test of this folder says it."""

import aiohttp
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from personae.http.oidc import paths

from tests.http.oidc.conftest import CALLBACK, basic, query_of


async def test_issuer_and_endpoints_have_neither_query_nor_fragment(stack):
    """RFC 6749, 3.1 and 3.2; RFC 8414, 2; RFC 9207, 2 and 3."""
    found = (await stack.call("GET", paths.DISCOVERY)).json
    addresses = [found["issuer"], found["jwks_uri"]]
    addresses += [value for name, value in found.items() if name.endswith("_endpoint")]
    assert len(addresses) == 10
    assert [each for each in addresses if "?" in each or "#" in each] == []
    assert found["authorization_response_iss_parameter_supported"] is True


@pytest.mark.parametrize("uri", [None, "", CALLBACK, "https://evil.example/"])
async def test_who_registered_no_redirect_uri_is_sent_nowhere(stack, uri):
    """RFC 6749, 3.1.2.2 and 3.1.2.4."""
    app = await stack.app(redirect_uris=())
    found = await stack.authorize(app, redirect_uri=uri)
    assert (found.status, found.location) == (400, "")
    pushed = await stack.post(
        paths.PUSH, app.basic, response_type="code", scope="openid", redirect_uri=uri or ""
    )
    assert (pushed.status, pushed.error) == (400, "invalid_request")


async def test_an_answer_with_tokens_has_what_is_required(stack):
    """RFC 6749, 5.1: every parameter at the top, texts as texts, numbers as numbers."""
    app, bot = await stack.app(), await stack.machine()
    machine = await stack.token("client_credentials", basic(bot.name, bot.secret), scope="openid")
    person = await stack.redeem(app, await stack.code(app))
    for found, more in ((machine, set()), (person, {"refresh_token", "id_token"})):
        assert found.headers["Content-Type"].startswith("application/json")
        assert found.json.keys() == {"access_token", "token_type", "expires_in", "scope"} | more
        assert type(found.json["expires_in"]) is int
        assert found.json["expires_in"] > 0
        texts = [value for name, value in found.json.items() if name != "expires_in"]
        assert all(isinstance(each, str) and each.isascii() for each in texts)


async def test_errors_are_told_in_the_characters_that_are_allowed(stack):
    """RFC 6749, 4.1.2.1 and 5.2; RFC 6750, 3: ASCII without quotes and backslashes."""
    app, name = await stack.app(), 'n\u00e4m"e\\'
    asked = {"client_id": app.client_id, "redirect_uri": CALLBACK, "response_type": "code"}
    pairs = [*asked.items(), ("scope", "openid"), (name, "1"), (name, "2")]
    found = await stack.call("GET", paths.AUTHORIZE, params=pairs)
    direct = await stack.call("POST", paths.TOKEN, data=[(name, "1"), (name, "2")])
    for told in (query_of(found.location), direct.json):
        assert told["error"] == "invalid_request"
        assert "n?m?e?" in told["error_description"]
        for text in (told["error"], told["error_description"]):
            assert all(" " <= each <= "~" and each not in '"\\' for each in text)


async def test_nothing_is_granted_before_somebody_signed_in(stack):
    """RFC 6749, 3.1: "MUST first verify the identity of the resource owner"."""
    app, browser = await stack.app(), await stack.browser()
    begun = await stack.authorize(app, headers=browser.cookie)
    request_id = query_of(begun.location)["authRequestID"]
    early = await stack.callback(request_id, browser)
    assert early.location.startswith("/ui/login/login?")
    await stack.link(request_id, browser)
    assert query_of((await stack.callback(request_id, browser)).location)["code"]


def bodies(token):
    """Yield what carries a token, and is no form (RFC 6750, 2.2), by name."""
    yield "json", {"json": {"access_token": token}}
    parts = aiohttp.FormData(default_to_multipart=True)
    parts.add_field("access_token", token)
    yield "multipart", {"data": parts}
    plain = {"Content-Type": "text/plain"}
    yield "plain", {"data": f"access_token={token}", "headers": plain}


async def test_a_token_in_a_body_that_is_no_form_does_not_count(stack):
    token = (await stack.sign_in(await stack.app()))["access_token"]
    for name, body in bodies(token):
        found = await stack.call("POST", paths.USERINFO, **body)
        assert found.status in {400, 401}, name
        assert found.error in {"invalid_token", "invalid_request"}, name
    form = {"access_token": token}
    assert (await stack.call("GET", paths.USERINFO, data=form)).status == 401
    assert (await stack.call("POST", paths.USERINFO, data=form)).status == 200


@pytest.mark.parametrize("path", [paths.REVOKE, paths.INTROSPECT])
async def test_revoking_and_introspecting_need_a_token(stack, path):
    """RFC 7009, 2.1; RFC 7662, 2.1."""
    app = await stack.app()
    for form in ({}, {"token": ""}, {"token_type_hint": "access_token"}):
        found = await stack.post(path, app.basic, **form)
        assert (found.status, found.error) == (400, "invalid_request")


async def test_a_nonce_of_64_characters_comes_back_whole(stack):
    """FAPI 2.0 Security Profile, 5.3.2.2, 14; OIDC Core, 2."""
    nonce = "n" * 63 + "!"
    app = await stack.app()
    tokens = await stack.sign_in(app, nonce=nonce)
    keys = KeySet.import_key_set((await stack.call("GET", paths.KEYS)).json)
    assert jwt.decode(tokens["id_token"], keys, algorithms=["ES256"]).claims["nonce"] == nonce


async def test_a_state_of_a_thousand_characters_comes_back_whole(stack):
    """RFC 6749, 4.1.2; FAPI 2.0 Security Profile, 5.3.2.2, note 4."""
    app, browser, state = await stack.app(), await stack.browser(), "s" * 1000 + "=&%+ "
    begun = await stack.authorize(app, state=state)
    request_id = query_of(begun.location)["authRequestID"]
    await stack.link(request_id, browser)
    assert query_of((await stack.callback(request_id, browser)).location)["state"] == state
