import pytest
from personae.actors.domain.project.values import AuthMethod, TokenType


async def revoke(stack, app, token, **form):
    return await stack.post("/oauth/v2/revoke", app.basic, token=token, **form)


@pytest.mark.parametrize("kind", TokenType)
async def test_a_revoked_access_token_is_dead_but_the_family_lives(stack, kind):
    app = await stack.app(access_token_type=kind)
    tokens = await stack.sign_in(app)
    hint = {"token_type_hint": "refresh_token"}
    assert (await revoke(stack, app, tokens["access_token"], **hint)).status == 200
    assert (await stack.userinfo(tokens["access_token"])).status == 401
    assert (await stack.refresh(app, tokens["refresh_token"])).status == 200


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "unheard_of"])
async def test_a_hint_that_is_wrong_saves_no_token(stack, hint):
    """RFC 7009, 2.1 and 2.2: an invalid hint "does not influence the revocation response"."""
    app = await stack.app()
    for kind in ("access_token", "refresh_token"):
        tokens = await stack.sign_in(app)
        assert (await revoke(stack, app, tokens[kind], token_type_hint=hint)).status == 200
        assert (await stack.userinfo(tokens["access_token"])).status == 401


async def test_a_revoked_refresh_token_takes_the_family_with_it(stack):
    app = await stack.app()
    tokens = await stack.sign_in(app)
    assert (await revoke(stack, app, tokens["refresh_token"])).status == 200
    assert (await stack.userinfo(tokens["access_token"])).status == 401
    assert (await stack.refresh(app, tokens["refresh_token"])).error == "invalid_grant"
    assert (await revoke(stack, app, tokens["refresh_token"])).status == 200


async def test_a_token_nobody_knows_counts_as_revoked(stack):
    app = await stack.app()
    for text in ("x", "a.b.c", "x" * 5000):
        assert (await revoke(stack, app, text)).status == 200


async def test_tokens_of_others_stay(stack):
    app, other = await stack.app(), await stack.app()
    tokens = await stack.sign_in(app)
    for kind in ("access_token", "refresh_token"):
        assert (await revoke(stack, other, tokens[kind])).error == "invalid_client"
    assert (await stack.userinfo(tokens["access_token"])).status == 200


async def test_a_public_client_revokes_by_its_name_a_confidential_one_does_not(stack, verifier):
    app = await stack.app(auth_method_type=AuthMethod.NONE)
    code = await stack.code(app, verifier=verifier)
    token = (await stack.redeem(app, code, code_verifier=verifier)).json["access_token"]
    done = await stack.post("/oauth/v2/revoke", client_id=app.client_id, token=token)
    assert (done.status, (await stack.userinfo(token)).status) == (200, 401)
    secret = await stack.app()
    found = await stack.post("/oauth/v2/revoke", client_id=secret.client_id, token="x")
    assert found.error == "invalid_client"


async def test_a_machine_gives_its_own_token_back(stack):
    bot, other = await stack.machine(), await stack.machine()
    form = {"client_id": bot.name, "client_secret": bot.secret}
    token = (await stack.token("client_credentials", **form)).json["access_token"]
    theirs = {"client_id": other.name, "client_secret": other.secret}
    assert (await stack.post("/oauth/v2/revoke", token=token, **theirs)).error == "invalid_client"
    assert (await stack.userinfo(token)).status == 200
    assert (await stack.post("/oauth/v2/revoke", token=token, **form)).status == 200
    assert (await stack.userinfo(token)).status == 401
