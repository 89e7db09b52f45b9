"""People who come by plain OAuth, or with a signed token in a header."""

import orjson
import pytest
from personae.actors.domain.idp.values import IdpKind
from personae.http.identity.jose import PrivateKey
from personae.http.identity.jwt import Signer

from tests.http.federation.conftest import FAILURE, SUCCESS, parameters

HEADER = "x-auth-token"


@pytest.fixture
async def oauth(us, theirs):
    """Another Personae, used as if it were no OpenID provider."""
    from personae.actors.domain.project.values import AuthMethod

    app = await theirs.app(
        redirect_uris=(us.back,), post_logout_redirect_uris=(), dev_mode=True,
        auth_method_type=AuthMethod.BASIC,
    )  # fmt: skip
    return await us.idp(
        IdpKind.OAUTH, client_id=app.client_id, secret=app.secret, use_pkce=True,
        scopes=("openid", "profile", "email"), id_attribute="sub",
        authorization_endpoint=f"{theirs.issuer}/oauth/v2/authorize",
        token_endpoint=f"{theirs.issuer}/oauth/v2/token",
        user_endpoint=f"{theirs.issuer}/oidc/v1/userinfo",
    )  # fmt: skip


async def test_somebody_comes_by_oauth(us, theirs, oauth):
    started = await us.start(oauth, hint="admin@acme.localhost")
    asked = parameters(started.url)
    assert ("nonce" in asked, asked["login_hint"]) == (False, "admin@acme.localhost")
    browser = await theirs.browser()
    at = await theirs.call("GET", f"/oauth/v2/authorize?{started.url.partition('?')[2]}")
    request_id = parameters(at.location)["authRequestID"]
    await theirs.link(request_id, browser)
    back = parameters((await theirs.callback(request_id, browser)).location)
    got = await us.answer(**back)
    assert got.to == SUCCESS
    intent = await us.state(started.intent_id)
    assert (intent.idp_user_id, intent.id_token) == ("20", None)
    assert orjson.loads(intent.idp_user)["email"] == "admin@acme.localhost"


async def test_an_answer_from_another_place_is_refused(us, oauth):
    state = parameters((await us.start(oauth)).url)["state"]
    got = await us.answer(state=state, code="c", iss="https://evil.test")
    assert (got.to, got.said["error"]) == (FAILURE.partition("?")[0], "IDP-Untrusted")


async def test_somebody_without_an_id_is_nobody(us, elsewhere):
    idp = await us.idp(
        IdpKind.OAUTH, client_id="us", id_attribute="missing",
        authorization_endpoint=f"{elsewhere.issuer}/authorize",
        token_endpoint=f"{elsewhere.issuer}/token", user_endpoint=f"{elsewhere.issuer}/user",
    )  # fmt: skip
    state = parameters((await us.start(idp)).url)["state"]
    assert (await us.answer(state=state, code="c")).said["error"] == "IDP-Untrusted"


@pytest.fixture
async def jwt(us, elsewhere):
    return await us.idp(
        IdpKind.JWT, issuer=elsewhere.issuer, jwt_endpoint="https://proxy.test/login?a=b",
        keys_endpoint=f"{elsewhere.issuer}/keys", header_name=HEADER,
    )  # fmt: skip


async def brought(us, jwt, token, header=HEADER):
    """Walk to the proxy and back with what it put into the header."""
    started = await us.start(jwt)
    asked = parameters(started.url)
    assert started.url.startswith("https://proxy.test/login?a=b&authRequestID=")
    got = await us.stack.call(
        "GET", "/idps/jwt", params={"authRequestID": asked["authRequestID"]},
        headers={header: token},
    )  # fmt: skip
    return started, got


def said(us, elsewhere, **claims):
    usual = {"aud": us.stack.issuer, "nonce": None, "email_verified": True}
    return elsewhere.said(**{**usual, **claims})


async def test_somebody_comes_with_a_token(us, elsewhere, jwt):
    token = elsewhere.key.sign(said(us, elsewhere), "JWT")
    started, got = await brought(us, jwt, f"Bearer {token}")
    assert got.location.startswith(SUCCESS)
    assert (await us.state(started.intent_id)).idp_user_id == "ext"
    _, again = await brought(us, jwt, token)
    assert parameters(again.location)["error"] == "IDP-Untrusted"  # it counts once


BAD = {
    "another audience": {"aud": "https://other.test"},  # ZA-52
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://other.test"},
    "expired": {"exp": 1},  # ZA-53
    "no end": {"exp": None},
    "no beginning": {"iat": None},
    "of the future": {"iat": 9_999_999_999, "exp": 9_999_999_999},
    "too old": {"iat": 1_700_000_000},
    "too long": {"exp": 9_999_999_999},
    "nobody": {"sub": None},
}


@pytest.mark.parametrize("claims", BAD.values(), ids=BAD)
async def test_a_token_that_is_not_for_us_now_is_refused(us, elsewhere, jwt, claims):
    token = elsewhere.key.sign(said(us, elsewhere, **claims), "JWT")
    _, got = await brought(us, jwt, token)
    assert parameters(got.location)["error"] == "IDP-Untrusted"


async def test_a_token_of_another_key_or_in_another_header_is_refused(us, elsewhere, jwt):
    claims = said(us, elsewhere)
    forged = Signer("k1", "ES256", PrivateKey.generate("ES256")).sign(claims, "JWT")
    for token, header in (
        (forged, HEADER),
        ("", HEADER),
        ("x.y.z", HEADER),
        (elsewhere.key.sign(claims, "JWT"), "other"),
    ):
        _, got = await brought(us, jwt, token, header)
        assert parameters(got.location)["error"] == "IDP-Untrusted"


async def test_the_two_ways_back_do_not_mix(us, elsewhere, jwt):
    started = await us.start(jwt)
    state = parameters(started.url)["authRequestID"]
    assert (await us.answer(state=state, code="c")).status == 400
    oidc = await us.idp(issuer=elsewhere.issuer, client_id="us")
    state = parameters((await us.start(oidc)).url)["state"]
    token = elsewhere.key.sign(said(us, elsewhere), "JWT")
    got = await us.stack.call(
        "GET", "/idps/jwt", params={"authRequestID": state}, headers={HEADER: token}
    )
    assert got.status == 400


async def test_keys_that_changed_are_found(us, elsewhere, jwt, clock):
    token = elsewhere.key.sign(said(us, elsewhere), "JWT")
    _, got = await brought(us, jwt, token)
    assert got.location.startswith(SUCCESS)
    elsewhere.key = Signer("k2", "ES256", PrivateKey.generate("ES256"))
    clock.pass_(minutes=2)
    _, got = await brought(us, jwt, elsewhere.key.sign(said(us, elsewhere), "JWT"))
    assert got.location.startswith(SUCCESS)
