"""Authlib does a whole sign-in without knowing anything of ours."""

import httpx2
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet
from personae.actors.domain.project.values import AuthMethod

from tests.aggregates.conftest import ADMIN
from tests.http.oidc.conftest import CALLBACK, query_of

METHODS = {AuthMethod.BASIC: "client_secret_basic", AuthMethod.POST: "client_secret_post"}


async def metadata(stack):
    return (await stack.call("GET", "/.well-known/openid-configuration")).json


@pytest.mark.parametrize("method", METHODS)
async def test_authlib_signs_in_refreshes_and_revokes(stack, verifier, method):
    app, browser, of = (
        await stack.app(auth_method_type=method),
        await stack.browser(),
        await metadata(stack),
    )
    async with AsyncOAuth2Client(
        app.client_id, app.secret, token_endpoint_auth_method=METHODS[method],
        revocation_endpoint_auth_method=METHODS[method],
        scope="openid profile offline_access", redirect_uri=CALLBACK, code_challenge_method="S256",
    ) as client:  # fmt: skip
        url, state = client.create_authorization_url(
            of["authorization_endpoint"], code_verifier=verifier, nonce="n"
        )
        begun = await stack.call("GET", url.removeprefix(stack.issuer))
        request_id = query_of(begun.location)["authRequestID"]
        await stack.link(request_id, browser)
        back = await stack.callback(request_id, browser)
        tokens = await client.fetch_token(
            of["token_endpoint"],
            authorization_response=back.location,
            state=state,
            code_verifier=verifier,
        )
        await check_id_token(stack, of, app, tokens)
        assert (await client.get(of["userinfo_endpoint"])).json()["name"] == "Ada Admin"
        renewed = await client.refresh_token(of["token_endpoint"])
        assert renewed["access_token"] != tokens["access_token"]
        gone = await client.revoke_token(of["revocation_endpoint"], renewed["refresh_token"])
        assert gone.status_code == 200
        assert (await client.get(of["userinfo_endpoint"])).status_code == 401


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


async def test_authlib_gets_client_credentials(stack):
    bot, of = await stack.machine(), await metadata(stack)
    async with AsyncOAuth2Client(bot.name, bot.secret, scope="openid profile") as client:
        await client.fetch_token(of["token_endpoint"], grant_type="client_credentials")
        assert (await client.get(of["userinfo_endpoint"])).json()["sub"] == bot.id
