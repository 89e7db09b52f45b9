"""Fifty clients show the same thing at once: one wins, whichever process each of them reaches."""

import asyncio
from itertools import cycle, islice

import pytest
from personae.actors.domain.device_auth.commands import ApproveDeviceAuth
from personae.actors.domain.device_auth.state import USER_CODES
from personae.actors.domain.device_auth.user_code import plain
from personae.actors.domain.kit import Caller
from personae.actors.domain.project.values import GrantType
from personae.actors.workers.follower import Follower
from personae.http.oidc.polls import Polls

from tests.aggregates.conftest import INSTANCE

pytestmark = pytest.mark.store

MANY = 50


@pytest.fixture(params=[1, 2], ids=["one process", "two processes"])
def stacks(pair, request):
    return pair[: request.param]


async def at_once(stacks, ask):
    """Let clients ask, in turn at each process; return the answers by status."""
    asked = [ask(each) for each in islice(cycle(stacks), MANY)]
    answers = await asyncio.gather(*asked)
    return [a.json for a in answers if a.status == 200], [a for a in answers if a.status != 200]


async def alive(stacks, token):
    return {(await each.userinfo(token)).status for each in stacks}


async def test_a_code_wins_once_and_the_second_use_ends_its_tokens(stacks):
    """RFC 6749, 4.1.2: used more than once, "SHOULD revoke (when possible) all tokens"."""
    app = await stacks[0].app()
    code = await stacks[0].code(app)
    won, lost = await at_once(stacks, lambda stack: stack.redeem(app, code))
    assert len(won) == 1
    assert {(each.status, each.error) for each in lost} == {(400, "invalid_grant")}
    assert await alive(stacks, won[0]["access_token"]) == {401}
    for each in stacks:
        assert (await each.refresh(app, won[0]["refresh_token"])).error == "invalid_grant"


async def test_a_refresh_token_wins_once_and_the_second_use_ends_the_family(stacks):
    """RFC 9700, 4.14.2: "the authorization server ... revokes the active refresh token"."""
    app = await stacks[0].app()
    token = (await stacks[0].sign_in(app))["refresh_token"]
    won, lost = await at_once(stacks, lambda stack: stack.refresh(app, token))
    assert len(won) == 1
    assert {(each.status, each.error) for each in lost} == {(400, "invalid_grant")}
    assert await alive(stacks, won[0]["access_token"]) == {401}
    for each in stacks:
        assert (await each.refresh(app, won[0]["refresh_token"])).error == "invalid_grant"


@pytest.fixture
def slow(monkeypatch):
    """Processes read what they hear of a while later, as busy ones do."""
    catch_up = Follower._catch_up_with_news

    async def later(self):
        await asyncio.sleep(0.3)
        await catch_up(self)

    monkeypatch.setattr(Follower, "_catch_up_with_news", later)


@pytest.mark.parametrize("grant", ["code", "refresh token"])
async def test_who_is_refused_for_a_second_use_is_answered_when_all_processes_know(
    slow, pair, grant
):
    """The refusal itself has ended the family: it waits like any answer that takes something away."""
    here, there = pair
    app = await here.app()
    code = await here.code(app)
    won = (await here.redeem(app, code)).json
    used, ask = code, here.redeem
    if grant == "refresh token":
        used, ask = won["refresh_token"], here.refresh
        won = (await ask(app, used)).json
    assert (await there.userinfo(won["access_token"])).status == 200
    assert (await ask(app, used)).error == "invalid_grant"
    assert (await there.userinfo(won["access_token"])).status == 401


async def test_a_device_code_wins_once(stacks, monkeypatch):
    """RFC 8628 has no rule for a second use, which a device that lost an answer makes honestly.

    Nobody is told to slow down here, so that all of them get as far as the code itself.
    """
    monkeypatch.setattr(Polls, "too_soon", lambda *_: False)
    first = stacks[0]
    app = await first.app(grant_types=(GrantType.DEVICE_CODE, GrantType.REFRESH_TOKEN))
    asked = (await first.post("/oauth/v2/device_authorization", app.basic, scope="openid")).json
    browser = await first.browser()
    code = plain(asked["user_code"])
    device_id = await first.services.world.log.holder(INSTANCE, USER_CODES, code)
    order = ApproveDeviceAuth(
        device_id=device_id, session_id=browser.held.session_id, presented=browser.held.token_id
    )
    await first.services.send(order, Caller(instance_id=INSTANCE))

    def ask(stack):
        code = asked["device_code"]
        return stack.token(
            "urn:ietf:params:oauth:grant-type:device_code", app.basic, device_code=code
        )

    won, lost = await at_once(stacks, ask)
    assert len(won) == 1
    assert {(each.status, each.error) for each in lost} == {(400, "invalid_grant")}
    assert await alive(stacks, won[0]["access_token"]) == {200}
