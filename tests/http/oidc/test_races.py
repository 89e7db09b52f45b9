"""Fifty clients show the same thing at once: one wins, whichever process each of them reaches."""

import asyncio
from itertools import cycle, islice

import pytest
from personae.actors.domain.device_auth.commands import ApproveDeviceAuth
from personae.actors.domain.device_auth.state import USER_CODES
from personae.actors.domain.device_auth.user_code import plain
from personae.actors.domain.kit import Caller
from personae.actors.domain.project.values import GrantType
from personae.http.oidc.polls import Polls

from tests.aggregates.conftest import INSTANCE
from tests.cluster import eventually

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


async def ended_everywhere(stacks, won):
    """Say whether the family of a winner ends on every process, within what word takes there."""

    async def ended():
        return await alive(stacks, won["access_token"]) == {401}

    return await eventually(ended)


async def test_a_code_wins_once_and_the_second_use_ends_its_tokens(stacks):
    """RFC 6749, 4.1.2: used more than once, "SHOULD revoke (when possible) all tokens"."""
    app = await stacks[0].app()
    code = await stacks[0].code(app)
    won, lost = await at_once(stacks, lambda stack: stack.redeem(app, code))
    assert len(won) == 1
    assert {(each.status, each.error) for each in lost} == {(400, "invalid_grant")}
    assert await ended_everywhere(stacks, won[0])
    for each in stacks:
        assert (await each.refresh(app, won[0]["refresh_token"])).error == "invalid_grant"


async def test_a_refresh_token_wins_once_and_the_second_use_ends_the_family(stacks):
    """RFC 9700, 4.14.2: "the authorization server ... revokes the active refresh token"."""
    app = await stacks[0].app()
    token = (await stacks[0].sign_in(app))["refresh_token"]
    won, lost = await at_once(stacks, lambda stack: stack.refresh(app, token))
    assert len(won) == 1
    assert {(each.status, each.error) for each in lost} == {(400, "invalid_grant")}
    assert await ended_everywhere(stacks, won[0])
    for each in stacks:
        assert (await each.refresh(app, won[0]["refresh_token"])).error == "invalid_grant"


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
