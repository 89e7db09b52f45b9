"""Authlib does a whole sign-in without knowing anything of ours."""

from contextlib import contextmanager
from datetime import UTC, datetime

import httpx2
import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncAssertionClient, AsyncOAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from personae.actors.domain.project.values import AuthMethod, GrantType

from tests.aggregates.conftest import ADMIN
from tests.http.oidc.conftest import CALLBACK, query_of
from tests.http.oidc.relying_party import METHOD_NAMES

GRANTS = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.TOKEN_EXCHANGE)
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS = "urn:ietf:params:oauth:token-type:access_token"
PROVED = [each for each in AuthMethod if each is not AuthMethod.NONE]


@pytest.fixture(autouse=True)
def now(clock):
    """Authlib dates what it signs by the machine's clock."""
    clock.time = datetime.now(UTC)


@contextmanager
def refused(error):
    with pytest.raises(OAuthError) as told:
        yield
    assert told.value.error == error


async def metadata(stack):
    return (await stack.call("GET", "/.well-known/openid-configuration")).json


def party(stack, app, method, **changes):
    """Authlib as a client that authenticates in one way."""
    name = METHOD_NAMES[method]
    client = AsyncOAuth2Client(
        app.client_id, app.key or app.secret, token_endpoint_auth_method=name,
        revocation_endpoint_auth_method=name, redirect_uri=CALLBACK, code_challenge_method="S256",
        scope="openid profile offline_access", **changes,
    )  # fmt: skip
    client.register_client_auth_method(PrivateKeyJWT(stack.issuer, headers={"kid": app.key_id}))
    return client


async def signed_in(stack, client, of, verifier, browser=None):
    """Walk through sign-in; return the address the browser came back to, and the tokens."""
    browser = browser or await stack.browser()
    url, state = client.create_authorization_url(
        of["authorization_endpoint"], code_verifier=verifier, nonce="n"
    )
    begun = await stack.call("GET", url.removeprefix(stack.issuer))
    request_id = query_of(begun.location)["authRequestID"]
    await stack.link(request_id, browser)
    back = (await stack.callback(request_id, browser)).location
    shown = {"authorization_response": back, "state": state, "code_verifier": verifier}
    return shown, await client.fetch_token(of["token_endpoint"], **shown)


@pytest.mark.parametrize("method", AuthMethod)
async def test_authlib_signs_in_refreshes_and_revokes(stack, verifier, method):
    app, of = await stack.app(auth_method_type=method), await metadata(stack)
    async with party(stack, app, method) as client:
        shown, tokens = await signed_in(stack, client, of, verifier)
        await check_id_token(stack, of, app, tokens)
        assert (await client.get(of["userinfo_endpoint"])).json()["name"] == "Ada Admin"
        renewed = await client.refresh_token(of["token_endpoint"])
        assert renewed["access_token"] != tokens["access_token"]
        gone = await client.revoke_token(of["revocation_endpoint"], renewed["refresh_token"])
        assert gone.status_code == 200
        assert (await client.get(of["userinfo_endpoint"])).status_code == 401
        with refused("invalid_grant"):
            await client.fetch_token(of["token_endpoint"], **shown)


@pytest.mark.parametrize("method", PROVED)
async def test_authlib_is_refused_with_the_credential_of_another(stack, verifier, method):
    app, of = await stack.app(auth_method_type=method), await metadata(stack)
    app.secret, app.key = "x" * 64, (await stack.with_key(await stack.app())).key
    async with party(stack, app, method) as client:
        with refused("invalid_client"):
            await signed_in(stack, client, of, verifier)


async def test_authlib_gets_tokens_for_what_a_machine_signed(stack):
    bot, of = await stack.machine_key(await stack.machine()), await metadata(stack)
    about = {
        "token_endpoint": of["token_endpoint"], "issuer": bot.id, "subject": bot.id,
        "key": RSAKey.import_key(bot.key), "header": {"alg": "RS256", "kid": bot.key_id},
        "scope": "openid",
    }  # fmt: skip
    async with AsyncAssertionClient(**about, audience=of["issuer"]) as client:
        assert (await client.get(of["userinfo_endpoint"])).json() == {"sub": bot.id}
    async with AsyncAssertionClient(**about, audience="https://elsewhere.example") as client:
        with refused("invalid_grant"):
            await client.get(of["userinfo_endpoint"])


@pytest.mark.parametrize("method", PROVED)
async def test_authlib_exchanges_a_token(stack, verifier, method):
    app = await stack.app(grant_types=GRANTS, auth_method_type=method)
    of = await metadata(stack)
    async with party(stack, app, method) as client:
        _, tokens = await signed_in(stack, client, of, verifier)
        shown = {"subject_token": tokens["access_token"], "subject_token_type": ACCESS}
        found = await client.fetch_token(
            of["token_endpoint"], grant_type=EXCHANGE, **shown, scope="openid"
        )
        assert (found["issued_token_type"], found["scope"]) == (ACCESS, "openid")
        with refused("invalid_scope"):
            await client.fetch_token(
                of["token_endpoint"], grant_type=EXCHANGE, **shown, scope="openid phone"
            )


async def check_id_token(stack, of, app, tokens):
    async with httpx2.AsyncClient() as http:
        keys = KeySet.import_key_set((await http.get(of["jwks_uri"])).json())
    decoded = jwt.decode(tokens["id_token"], keys, algorithms=["ES256"])
    token = CodeIDToken(
        decoded.claims, decoded.header,
        {"iss": {"value": of["issuer"]}, "aud": {"value": app.client_id}},
        {"nonce": "n", "client_id": app.client_id, "access_token": tokens["access_token"]},
    )  # fmt: skip
    token.validate(now=int(stack.services.world.now().timestamp()))
    assert token["sub"] == ADMIN


@pytest.mark.parametrize("method", [AuthMethod.BASIC, AuthMethod.POST])
async def test_authlib_gets_client_credentials_for_the_right_secret_only(stack, method):
    bot, of = await stack.machine(), await metadata(stack)
    how = {"scope": "openid profile", "token_endpoint_auth_method": METHOD_NAMES[method]}
    ask = {"url": of["token_endpoint"], "grant_type": "client_credentials"}
    async with AsyncOAuth2Client(bot.name, bot.secret, **how) as client:
        await client.fetch_token(**ask)
        assert (await client.get(of["userinfo_endpoint"])).json()["sub"] == bot.id
    async with AsyncOAuth2Client(bot.name, (await stack.machine()).secret, **how) as client:
        with refused("invalid_client"):
            await client.fetch_token(**ask)
