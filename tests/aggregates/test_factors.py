"""Guessing and replaying codes at once, in two processes."""

import asyncio

import pytest
from personae.actors.domain.user import factor_commands as c
from personae.actors.domain.user import refusals
from personae.actors.domain.user.values import Status
from pyotp import TOTP

from tests.aggregates.conftest import INSTANCE, caller, human

GIGI = "50"


@pytest.fixture
async def app(dispatch, clock):
    """An authenticator app of Gigi's, set up a minute ago."""
    await dispatch.send(human(GIGI, "gigi"), caller())
    done = await dispatch.send(c.RegisterTotp(user_id=GIGI), caller(GIGI))
    app = TOTP(done.secrets["secret"])
    await dispatch.send(c.VerifyTotp(user_id=GIGI, code=app.at(clock())), caller(GIGI))
    clock.pass_(minutes=1)
    return app


async def sent(code, *doors):
    order = c.CheckTotp(user_id=GIGI, code=code)
    answers = [door.send(order, caller(GIGI)) for door in doors]
    return await asyncio.gather(*answers, return_exceptions=True)


async def test_one_code_counts_once_in_two_processes_at_once(dispatch, elsewhere, app, clock):
    """AV-12."""
    answers = await sent(app.at(clock()), *[dispatch, elsewhere] * 3)
    refused = [each.reason for each in answers if isinstance(each, Exception)]
    assert refused == [refusals.CODE_INVALID] * 5


async def test_wrong_codes_in_two_processes_count_together(dispatch, elsewhere, app, clock):
    answers = await sent("wrong", *[dispatch, elsewhere] * 60)
    assert [each.reason for each in answers].count(refusals.CODE_INVALID) == 100
    user = await dispatch.state(INSTANCE, "user", GIGI)
    assert (user.status, user.human.otp_failures) == (Status.LOCKED, 100)


@pytest.mark.parametrize(
    ("seconds", "counts"), [(-30, True), (30, True), (-60, False), (60, False)]
)
async def test_clocks_may_differ_by_one_step(dispatch, app, clock, seconds, counts):
    now = clock()
    clock.pass_(seconds=600)
    shown = app.at(int(now.timestamp()) + 600 + seconds)
    (answer,) = await sent(shown, dispatch)
    assert isinstance(answer, Exception) is not counts
