"""How long tokens live is a setting of the instance; what was issued keeps its time."""

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from personae.actors.domain.instance.commands import ChangePolicy
from personae.actors.domain.policies import OIDCSettings

from tests.aggregates.conftest import HOUR, INSTANCE

MINUTE = HOUR // 60


async def set_to(stack, **minutes):
    policy = OIDCSettings(**{name: value * MINUTE for name, value in minutes.items()})
    await stack.send(ChangePolicy(instance_id=INSTANCE, policy=policy))


@pytest.fixture
async def short(stack):
    await set_to(
        stack,
        access_token_lifetime=10,
        id_token_lifetime=20,
        refresh_token_idle_expiration=30,
        refresh_token_expiration=50,
    )
    return stack


async def test_access_and_id_tokens_live_as_long_as_the_settings_say(short, clock):
    app = await short.app()
    found = await short.sign_in(app)
    assert found["expires_in"] == 600
    keys = KeySet.import_key_set((await short.call("GET", "/oauth/v2/keys")).json)
    claims = jwt.decode(found["id_token"], keys, algorithms=["ES256"]).claims
    assert claims["exp"] - claims["iat"] == 1200
    live = await short.introspect(app, found["access_token"])
    assert live["exp"] - live["iat"] == 600
    clock.pass_(seconds=599)
    assert (await short.userinfo(found["access_token"])).status == 200
    clock.pass_(seconds=1)
    assert (await short.userinfo(found["access_token"])).status == 401
    assert await short.introspect(app, found["access_token"]) == {"active": False}


@pytest.mark.parametrize(("minutes", "status"), [((29,), 200), ((30,), 400), ((29, 20), 200),
                                                 ((29, 21), 400)])  # fmt: skip
async def test_refresh_tokens_end_unused_and_at_last(short, clock, minutes, status):
    app = await short.app()
    token = (await short.sign_in(app))["refresh_token"]
    for each in minutes:
        clock.pass_(minutes=each)
        found = await short.refresh(app, token)
        token = found.json.get("refresh_token", "")
    assert found.status == status


async def test_what_was_issued_before_keeps_its_time(short, clock):
    app = await short.app()
    found = await short.sign_in(app)
    await set_to(
        short,
        access_token_lifetime=1,
        id_token_lifetime=1,
        refresh_token_idle_expiration=1,
        refresh_token_expiration=1,
    )
    clock.pass_(minutes=9)
    assert (await short.userinfo(found["access_token"])).status == 200
    renewed = (await short.refresh(app, found["refresh_token"])).json
    assert renewed["expires_in"] == 60
