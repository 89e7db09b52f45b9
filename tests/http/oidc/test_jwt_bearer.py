import pytest
from personae.actors.domain.user.commands import DeactivateUser, RemoveMachineKey

from tests.aggregates.conftest import ADMIN
from tests.http.oidc.assertions import ASSERTION, seconds, signed
from tests.http.oidc.conftest import basic

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture
async def bot(stack):
    return await stack.machine_key(await stack.machine())


def assertion(stack, bot, **changes):
    return signed(bot.id, stack.issuer, bot.key_id, bot.key, seconds(stack), **changes)


async def test_a_machine_gets_tokens_for_what_its_key_signed(stack, bot):
    text = assertion(stack, bot)
    found = await stack.token(GRANT, assertion=text, scope="openid")
    assert found.status == 200
    assert "id_token" in found.json
    assert (await stack.userinfo(found.json["access_token"])).json == {"sub": bot.id}


@pytest.mark.parametrize(
    ("algorithm", "status"), [("RS256", 200), ("PS256", 200), ("PS512", 400), ("RS384", 400)]
)
async def test_a_machine_signs_by_what_is_announced(stack, bot, algorithm, status):
    text = assertion(stack, bot, algorithm=algorithm)
    assert (await stack.token(GRANT, assertion=text, scope="openid")).status == status


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://other.example"}, {"aud": None}, {"sub": ADMIN}, {"iss": ADMIN},
        {"iss": ADMIN, "sub": ADMIN}, {"exp": 1}, {"exp": None}, {"iat": None}, {"iat": 1},
        {"headers": {"kid": "x"}}, {"iss": "nobody", "sub": "nobody"},
    ],
)  # fmt: skip
async def test_a_wrong_assertion_is_invalid_grant(stack, bot, changes):
    found = await stack.token(GRANT, assertion=assertion(stack, bot, **changes))
    assert (found.status, found.error) == (400, "invalid_grant")


@pytest.mark.parametrize("text", ["x", "a.b.c", "e30.e30.", "x" * 20_000])
async def test_what_is_no_jwt_is_invalid_grant(stack, text):
    assert (await stack.token(GRANT, assertion=text)).error == "invalid_grant"


async def test_without_assertion_the_request_is_invalid(stack):
    assert (await stack.token(GRANT)).error == "invalid_request"


async def test_an_expired_key_is_refused_to_the_second(stack, clock):
    until = stack.services.world.now().replace(hour=12, minute=30)
    bot = await stack.machine_key(await stack.machine(), expires=until)
    clock.pass_(minutes=29, seconds=59)
    assert (await stack.token(GRANT, assertion=assertion(stack, bot))).status == 200
    clock.pass_(seconds=1)
    assert (await stack.token(GRANT, assertion=assertion(stack, bot))).error == "invalid_grant"


async def test_a_removed_key_or_a_deactivated_user_gets_nothing(stack, bot):
    second = await stack.machine_key(await stack.machine())
    await stack.send(RemoveMachineKey(user_id=bot.id, key_id=bot.key_id))
    await stack.send(DeactivateUser(user_id=second.id))
    for each in (bot, second):
        found = await stack.token(GRANT, assertion=assertion(stack, each))
        assert found.error == "invalid_grant"


async def test_an_assertion_with_an_id_counts_once(stack, bot):
    text = assertion(stack, bot, jti="once")
    assert (await stack.token(GRANT, assertion=text)).status == 200
    assert (await stack.token(GRANT, assertion=text)).error == "invalid_grant"


async def test_credentials_of_a_client_beside_an_assertion_must_be_right(stack, bot):
    """RFC 7521, 4.1: none are needed, but "the authorization server MUST validate them"."""
    app, other = await stack.app(), await stack.machine()
    wrong = (
        (basic(app.client_id, "wrong"), {}),
        (basic("nobody", "x"), {}),
        ({"Authorization": "Basic %%%"}, {}),
        (None, {"client_id": app.client_id, "client_secret": app.secret}),  # not its method
        (None, {"client_assertion_type": ASSERTION, "client_assertion": "a.b.c"}),
    )
    for header, form in wrong:
        found = await stack.token(GRANT, header, assertion=assertion(stack, bot), **form)
        assert (found.status, found.error) == (401, "invalid_client"), (header, form)
    for header in (app.basic, basic(other.name, other.secret), {"Authorization": "Bearer x"}):
        found = await stack.token(GRANT, header, assertion=assertion(stack, bot))
        assert found.status == 200
    assert (await stack.token(GRANT, assertion=assertion(stack, bot), client_id="x")).status == 200
