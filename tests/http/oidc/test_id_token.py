import base64
import hashlib

import pytest
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidClaimError
from joserfc.jwk import KeySet
from personae.actors.domain.project.values import GrantType, TokenType
from personae.actors.domain.user.values import AccessTokenType
from personae.actors.domain.web_key.commands import ActivateWebKey, AddWebKey, RemoveWebKey

from tests.aggregates.conftest import ADMIN, INSTANCE
from tests.http.oidc.conftest import BOTH
from tests.http.oidc.test_token_exchange import exchange

ALGORITHMS = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA")
"""All that an instance may sign by."""


async def decoded(stack, text):
    keys = KeySet.import_key_set((await stack.call("GET", "/oauth/v2/keys")).json)
    return jwt.decode(text, keys, algorithms=ALGORITHMS)


async def test_an_id_token_says_who_signed_in_when_how_and_for_whom(stack):
    app, browser = await stack.app(), await stack.browser()
    tokens = await stack.sign_in(app, browser, nonce="n-2")
    found = await decoded(stack, tokens["id_token"])
    now = int(stack.services.world.now().timestamp())
    assert found.header == {"alg": "ES256", "kid": "k1", "typ": "JWT"}
    digest = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert found.claims == {
        "iss": stack.issuer, "sub": ADMIN, "aud": [app.client_id, app.project_id],
        "azp": app.client_id, "client_id": app.client_id, "nonce": "n-2",
        "iat": now, "exp": now + 3600, "auth_time": now, "amr": ["pwd"],
        "sid": browser.held.session_id,
        "at_hash": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
    }  # fmt: skip


async def test_profile_claims_are_in_the_id_token_only_if_the_app_wants_them(stack):
    tokens = await stack.sign_in(await stack.app(id_token_userinfo_assertion=True))
    claims = (await decoded(stack, tokens["id_token"])).claims
    assert (claims["name"], claims["email_verified"]) == ("Ada Admin", True)


async def test_the_clock_skew_of_a_client_widens_its_tokens(stack):
    tokens = await stack.sign_in(await stack.app(clock_skew=5 * 10**9))
    claims = (await decoded(stack, tokens["id_token"])).claims
    assert claims["exp"] - claims["iat"] == 3610


def check_at_hash(found, access_token):
    """Have Authlib, which verifies the whole ID token, say whether it is of this access token."""
    claims = found.claims
    wanted = {name: {"value": claims[name]} for name in ("iss", "aud")}
    params = {"client_id": claims["client_id"], "access_token": access_token}
    CodeIDToken(claims, found.header, wanted, params).validate(now=claims["iat"])


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_new_key_signs_and_the_old_one_still_verifies(stack, algorithm):
    app = await stack.app(access_token_type=TokenType.JWT)
    old = await stack.sign_in(app)
    await stack.send(AddWebKey(key_id="k2", instance_id=INSTANCE, algorithm=algorithm))
    await stack.send(ActivateWebKey(key_id="k2", previous="k1"))
    stack.services.keys.forget(INSTANCE)
    new = await stack.sign_in(app)
    assert (await decoded(stack, old["id_token"])).header["kid"] == "k1"
    found = await decoded(stack, new["id_token"])
    assert (found.header["kid"], found.header["alg"]) == ("k2", algorithm)
    check_at_hash(found, new["access_token"])
    with pytest.raises(InvalidClaimError):
        check_at_hash(found, old["access_token"])
    for tokens in (old, new):
        assert (await stack.userinfo(tokens["access_token"])).status == 200
    await stack.send(RemoveWebKey(key_id="k1"))
    stack.services.keys.forget(INSTANCE)
    assert (await stack.userinfo(old["access_token"])).status == 401


async def test_jwt_access_tokens_follow_rfc_9068(stack):
    app = await stack.app(access_token_type=TokenType.JWT)
    text = (await stack.sign_in(app, scope="openid email what-nobody-knows"))["access_token"]
    found = await decoded(stack, text)
    assert found.header["typ"] == "at+jwt"
    assert {"iss", "exp", "aud", "sub", "client_id", "iat", "jti", "scope"} <= found.claims.keys()
    assert found.claims["aud"] == [app.client_id, app.project_id]
    assert found.claims["scope"] == "openid email"
    asked = await stack.introspect(app, text)
    same = ("iss", "sub", "aud", "exp", "iat", "jti", "client_id", "scope", "auth_time", "amr")
    assert {name: asked[name] for name in same} == {name: found.claims[name] for name in same}


async def test_what_access_tokens_say_of_the_sign_in_stays_the_same(stack, clock):
    """RFC 9068, 2.2.1: refreshed or exchanged, they derive from one authorization."""
    grants = (*BOTH, GrantType.TOKEN_EXCHANGE)
    app = await stack.app(access_token_type=TokenType.JWT, grant_types=grants)
    first = await stack.sign_in(app)
    clock.pass_(minutes=10)
    renewed = (await stack.refresh(app, first["refresh_token"])).json
    exchanged = (await exchange(stack, app, renewed["access_token"])).json
    said = [
        (await decoded(stack, each["access_token"])).claims for each in (first, renewed, exchanged)
    ]
    assert said[0]["iat"] == said[1]["iat"] - 600 == said[2]["iat"] - 600
    assert {(each["auth_time"], *each["amr"]) for each in said} == {(said[0]["iat"], "pwd")}


async def test_a_machines_access_token_is_for_the_issuer_unless_more_is_asked(stack):
    """RFC 9068, 2.2 and 3: its own subject and client, and a default audience."""
    bot = await stack.machine(access_token_type=AccessTokenType.JWT)
    form = {"client_id": bot.name, "client_secret": bot.secret}
    text = (await stack.token("client_credentials", **form)).json["access_token"]
    found = (await decoded(stack, text)).claims
    assert (found["sub"], found["client_id"], found["aud"]) == (bot.id, bot.id, [stack.issuer])


async def test_an_id_token_is_no_access_token_and_an_access_token_no_hint(stack):
    app = await stack.app(access_token_type=TokenType.JWT)
    tokens = await stack.sign_in(app)
    assert (await stack.userinfo(tokens["id_token"])).status == 401
    assert await stack.introspect(app, tokens["id_token"]) == {"active": False}
    found = await stack.call(
        "GET", "/oidc/v1/end_session", params={"id_token_hint": tokens["access_token"]}
    )
    assert (found.status, found.location) == (400, "")
    assert (await stack.userinfo(tokens["access_token"])).status == 200
