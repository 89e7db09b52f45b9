"""Guessing and replaying codes at once, in two processes."""

import asyncio
from dataclasses import replace

import pytest
from personae.actors.domain.kit import Refusal
from personae.actors.domain.user import code_commands as codes
from personae.actors.domain.user import factor_commands as c
from personae.actors.domain.user import refusals
from personae.actors.domain.user.commands import UpdateHuman
from personae.actors.domain.user.values import NewPassword, Status
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


async def won(doors, order):
    """Give one order through all doors at once; return how many were not refused."""
    answers = [door.send(order, caller(GIGI)) for door in doors]
    done = await asyncio.gather(*answers, return_exceptions=True)
    assert all(isinstance(each, Refusal) for each in done if isinstance(each, Exception)), done
    return sum(not isinstance(each, Exception) for each in done)


async def test_a_recovery_code_counts_once_in_two_processes_at_once(dispatch, elsewhere, app):
    made = await dispatch.send(c.GenerateRecoveryCodes(user_id=GIGI, count=2), caller())
    one, two = made.secrets["codes"].split()
    doors = [dispatch, elsewhere] * 10
    assert await won(doors, c.CheckRecoveryCode(user_id=GIGI, code=one)) == 1
    assert await won(doors, c.CheckRecoveryCode(user_id=GIGI, code=one)) == 0
    assert await won(doors, c.CheckRecoveryCode(user_id=GIGI, code=two)) == 1


@pytest.mark.parametrize(
    ("make", "use"),
    [
        (codes.ResetPassword, lambda code: UpdateHuman(
            user_id=GIGI, password=NewPassword(plain="Other-Horse-2"), password_code=code)),
        (codes.LinkPasskeyRegistration, lambda code: c.RegisterAuthenticator(
            user_id=GIGI, token_id="k", passkey=True, rp_id="x.test", code_id="7", code=code)),
    ],
)  # fmt: skip
async def test_a_sent_code_counts_once_in_two_processes_at_once(
    dispatch, elsewhere, app, make, use
):
    more = {"code_id": "7"} if make is codes.LinkPasskeyRegistration else {}
    made = await dispatch.send(make(user_id=GIGI, return_code=True, **more), caller())
    order = use(made.secrets["code"])
    assert await won([dispatch, elsewhere] * 10, order) == 1


async def test_wrong_sent_codes_in_two_processes_count_together(dispatch, elsewhere, app):
    made = await dispatch.send(codes.ResetPassword(user_id=GIGI, return_code=True), caller())
    new = NewPassword(plain="Other-Horse-2")
    wrong = UpdateHuman(user_id=GIGI, password=new, password_code="WRONG1")
    assert await won([dispatch, elsewhere] * 10, wrong) == 0
    right = UpdateHuman(user_id=GIGI, password=new, password_code=made.secrets["code"])
    assert await won([dispatch], right) == 0


@pytest.mark.parametrize("before", ["tried", "used", "replaced"])
async def test_a_code_that_was_over_stays_over_when_the_clock_goes_back(
    dispatch, elsewhere, app, clock, before
):
    """ZA-46: on every process, and for whoever reads the log anew."""
    made = await dispatch.send(codes.ResetPassword(user_id=GIGI, return_code=True), caller())
    new = NewPassword(plain="Other-Horse-2")
    order = UpdateHuman(user_id=GIGI, password=new, password_code=made.secrets["code"])
    if before == "tried":
        clock.pass_(hours=2)
    if before == "replaced":
        await dispatch.send(codes.ResetPassword(user_id=GIGI, return_code=True), caller())
    assert await won([dispatch], order) == (before == "used")
    clock.pass_(hours=-3)
    other = replace(order, password=NewPassword(plain="Third-Horse-3"))
    assert await won([dispatch, elsewhere], other) == 0
    dispatch.world.forget()
    assert await won([dispatch, elsewhere], other) == 0
