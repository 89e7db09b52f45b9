import pytest
from personae.actors.domain.user.commands import DeactivateUser
from personae.actors.domain.user.values import AccessTokenType

from tests.aggregates.conftest import PROJECT
from tests.http.oidc.conftest import basic

OURS = "urn:zitadel:iam:org:project:id:zitadel:aud"


async def test_a_machine_gets_a_token_for_its_secret(stack):
    bot = await stack.machine()
    found = await stack.token(
        "client_credentials", basic(bot.name, bot.secret), scope=f"openid profile {OURS} x"
    )
    assert found.status == 200
    assert found.headers["Cache-Control"] == "no-store"
    assert found.json["token_type"] == "Bearer"
    assert found.json["expires_in"] == 3600
    assert found.json["scope"] == f"openid profile {OURS}"
    assert "refresh_token" not in found.json
    about = (await stack.userinfo(found.json["access_token"])).json
    assert (about["sub"], about["preferred_username"]) == (bot.id, bot.name)


async def test_a_machine_is_known_by_id_and_by_name_and_in_the_form_too(stack):
    bot = await stack.machine()
    for name in (bot.id, bot.name, bot.name.upper()):
        found = await stack.token("client_credentials", client_id=name, client_secret=bot.secret)
        assert found.status == 200


async def test_a_wrong_secret_is_invalid_client(stack):
    bot = await stack.machine()
    for name, secret in ((bot.name, "x" * 64), ("nobody", bot.secret), ("\u202e", bot.secret)):
        found = await stack.token("client_credentials", basic(name, secret))
        assert (found.status, found.error) == (401, "invalid_client")
        assert found.headers["WWW-Authenticate"].startswith("Basic ")


async def test_the_audience_is_what_scopes_name(stack):
    bot, api = await stack.machine(), await stack.api()
    scope = f"urn:zitadel:iam:org:project:id:{api.project_id}:aud {OURS}"
    token = (
        await stack.token(
            "client_credentials", client_id=bot.id, client_secret=bot.secret, scope=scope
        )
    ).json["access_token"]
    found = await stack.introspect(api, token)
    assert found["active"] is True
    assert found["aud"] == [api.project_id, PROJECT]
    assert (await stack.introspect(await stack.api(), token)) == {"active": False}


@pytest.mark.parametrize("kind", AccessTokenType)
async def test_a_deactivated_machine_gets_nothing_and_its_tokens_die(stack, kind):
    bot = await stack.machine(access_token_type=kind)
    form = {"client_id": bot.id, "client_secret": bot.secret}
    token = (await stack.token("client_credentials", **form)).json["access_token"]
    assert (token.count(".") == 2) is (kind is AccessTokenType.JWT)
    assert (await stack.userinfo(token)).status == 200
    await stack.send(DeactivateUser(user_id=bot.id))
    assert (await stack.userinfo(token)).status == 401
    assert (await stack.token("client_credentials", **form)).error == "invalid_client"
