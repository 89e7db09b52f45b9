"""Guessing at passwords and codes over the API: twenty wrong ones a minute, of one account."""

from datetime import timedelta

import pytest

from tests.http.api.conftest import ROOT, SESSION, USER

CREATE, SET = f"{SESSION}/CreateSession", f"{SESSION}/SetSession"
WRONG, OFTEN = {"USER-PasswordWrong", "USER-CodeInvalid"}, "USER-TooManyGuesses"
RIGHT = {"password": {"password": "Secret-Word-1"}}
NEW = {"password": "Secret-Word-2"}


@pytest.fixture
async def gigi(server):
    user_id = (await server.human())["id"]
    await server.ok(f"{USER}/SetPhone", user_id=user_id, phone="+491", return_code={})
    await server.ok(f"{USER}/GenerateRecoveryCodes", user_id=user_id, count=1)
    await server.token_of(user_id)
    await server.ok(f"{USER}/RegisterTOTP", user_id, user_id=user_id)
    return user_id


async def guesses(server, user_id):
    """Return one wrong guess of every kind, as (method, caller, fields)."""
    by_id, by_name = {"user_id": user_id}, {"login_name": "gigi"}
    made = await server.ok(CREATE, checks={"user": by_id})
    old = {"new_password": NEW, "current_password": "no"}
    link = {"code": {"id": "1", "code": "no"}, "domain": "example.com"}
    return [
        (CREATE, ROOT, {"checks": {"user": by_id, "password": {"password": "no"}}}),
        (CREATE, ROOT, {"checks": {"user": by_name, "recovery_code": {"code": "no"}}}),
        (
            SET,
            ROOT,
            {"session_id": made["sessionId"], "checks": {"password": {"password": "no"}}},
        ),
        (f"{USER}/VerifyPhone", user_id, {**by_id, "verification_code": "no"}),
        (f"{USER}/VerifyTOTPRegistration", user_id, {**by_id, "code": "no"}),
        (f"{USER}/SetPassword", user_id, {**by_id, **old}),
        (f"{USER}/UpdateHumanUser", user_id, {**by_id, "password": {"password": NEW, **old}}),
        (f"{USER}/RegisterPasskey", user_id, {**by_id, **link}),
    ]


async def test_wrong_guesses_of_all_kinds_are_counted_together(server, gigi, clock):
    every = await guesses(server, gigi)
    told = []
    one_of_each_then_a_code = every + [every[1]] * (20 - len(every))
    for method, caller, fields in one_of_each_then_a_code:
        told.append(await server.refused(method, caller, **fields))
    assert set(told) == WRONG, told
    for method, caller, fields in every:
        assert await server.refused(method, caller, **fields) == OFTEN, method
    checks = {"user": {"user_id": gigi}, **RIGHT}
    assert await server.refused(CREATE, checks=checks) == OFTEN
    clock.pass_(timedelta(minutes=1))
    assert (await server.ok(CREATE, checks=checks))["sessionId"]


async def test_others_and_calls_without_a_guess_go_on(server, gigi):
    await server.human("lucy")
    wrong = {"user": {"user_id": gigi}, "recovery_code": {"code": "no"}}
    for _ in range(20):
        await server.refused(CREATE, checks=wrong)
    assert await server.refused(CREATE, checks=wrong) == OFTEN
    assert await server.ok(CREATE, checks={"user": {"login_name": "lucy"}, **RIGHT})
    assert await server.ok(CREATE, checks={"user": {"user_id": gigi}})
    assert await server.ok(f"{USER}/SetPassword", user_id=gigi, new_password=NEW)


async def test_right_ones_do_not_count(server, gigi):
    checks = {"user": {"user_id": gigi}, **RIGHT}
    for _ in range(25):
        assert await server.ok(CREATE, checks=checks)


async def test_rest_says_429_and_when_to_come_again(server, gigi):
    checks = {"user": {"userId": gigi}, "recoveryCode": {"code": "no"}}
    for _ in range(20):
        await server.refused(CREATE, checks=checks)
    headers = server.headers()
    async with server.http.post("/v2/sessions", json={"checks": checks}, headers=headers) as got:
        assert got.status == 429
        assert got.headers["Retry-After"]
        assert (await got.json())["details"][0]["id"] == OFTEN


class Clock:
    """The world's clock, which can be put on."""

    def __init__(self, now):
        self._now, self._on = now, timedelta()

    def __call__(self):
        return self._now() + self._on

    def pass_(self, time):
        self._on += time


@pytest.fixture
def clock(server):
    world = server.services.world
    world.now = Clock(world.now)
    return world.now
