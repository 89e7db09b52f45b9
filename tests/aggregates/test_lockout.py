"""Guessing passwords: however many guess at once, and through whatever door."""

import asyncio

import pytest
from personae.actors.domain.kit.refusal import PERMISSION_DENIED
from personae.actors.domain.session import commands as sessions
from personae.actors.domain.session.state import SESSION
from personae.actors.domain.user import commands as c
from personae.actors.domain.user import refusals
from personae.actors.domain.user.events import PasswordCheckSucceeded, UserLocked
from personae.actors.domain.user.values import NewContact, NewPassword, Status

from tests.aggregates.conftest import INSTANCE, PASSWORD, caller, human, refused

GIGI = "50"
RIGHT = c.CheckPassword(user_id=GIGI, password=PASSWORD)
WRONG = c.CheckPassword(user_id=GIGI, password="wrong")


@pytest.fixture
async def gigi(dispatch, passwords):
    await dispatch.send(human(GIGI, "gigi"), caller())
    passwords.verified = 0
    return caller(GIGI)


def succeeded(done):
    return any(isinstance(event, PasswordCheckSucceeded) for event in done.events)


async def all_of(sent):
    return await asyncio.gather(*sent, return_exceptions=True)


async def test_a_hundred_parallel_guesses_compare_five(dispatch, gigi, passwords):
    """ZA-05."""
    results = await all_of(dispatch.send(WRONG, gigi) for _ in range(100))
    assert passwords.verified == 5
    refusals_ = [each.reason for each in results if isinstance(each, Exception)]
    assert refusals_ == [refusals.LOCKED] * 95
    await refused(refusals.LOCKED, dispatch.send(RIGHT, gigi))
    assert passwords.verified == 5


async def test_the_right_password_among_parallel_guesses_comes_too_late(dispatch, gigi):
    results = await all_of(dispatch.send(each, gigi) for each in [WRONG] * 20 + [RIGHT])
    assert results[-1].reason is refusals.LOCKED
    assert (await dispatch.state(INSTANCE, "user", GIGI)).status is Status.LOCKED


async def test_guesses_in_two_processes_count_together(dispatch, elsewhere, gigi):
    await all_of(each.send(WRONG, gigi) for _ in range(10) for each in (dispatch, elsewhere))
    user = await dispatch.state(INSTANCE, "user", GIGI)
    assert (user.status, user.human.password_failures) == (Status.LOCKED, 5)


async def test_guesses_through_sessions_count_and_stop(dispatch, gigi, passwords):
    """ZA-30."""

    def session(i):
        checks = sessions.Checks(login_name="gigi", password=f"wrong {i}")
        order = sessions.AddSession(
            session_id=f"7{i}", instance_id=INSTANCE, token_id="t", checks=checks
        )
        return dispatch.send(order, caller(""))

    results = await all_of(session(i) for i in range(100))
    assert passwords.verified == 5
    assert await dispatch.state(INSTANCE, "session", "71") == SESSION.initial
    assert {each.reason for each in results} <= {
        refusals.PASSWORD_WRONG,
        refusals.LOCKED,
        refusals.NOT_ACTIVE,
    }


async def test_guesses_while_changing_ones_own_password_count(dispatch, gigi, passwords):
    def change(guess):
        return c.UpdateHuman(
            user_id=GIGI, password=NewPassword(plain="Another-Horse-2"), current_password=guess
        )

    results = await all_of(dispatch.send(change("wrong"), gigi) for _ in range(20))
    reasons = [each.reason for each in results]
    assert reasons == [refusals.PASSWORD_WRONG] * 5 + [refusals.LOCKED] * 15
    assert passwords.verified == 5
    await refused(refusals.LOCKED, dispatch.send(change(PASSWORD), gigi))


async def test_the_right_current_password_changes_it(dispatch, gigi):
    new = NewPassword(plain="Another-Horse-2")
    order = c.UpdateHuman(user_id=GIGI, password=new, current_password=PASSWORD)
    await dispatch.send(order, gigi)
    assert succeeded(
        await dispatch.send(c.CheckPassword(user_id=GIGI, password="Another-Horse-2"), gigi)
    )


async def test_nobody_changes_the_own_password_without_the_current_one(dispatch, gigi):
    order = c.UpdateHuman(user_id=GIGI, password=NewPassword(plain="Another-Horse-2"))
    await refused(refusals.PASSWORD_WRONG, dispatch.send(order, gigi))
    await dispatch.send(order, caller())  # an administrator needs none


async def test_a_new_password_differs_from_the_current_one(dispatch, gigi):
    same = NewPassword(plain=PASSWORD)
    order = c.UpdateHuman(user_id=GIGI, password=same, current_password=PASSWORD)
    await refused(refusals.PASSWORD_SAME, dispatch.send(order, gigi))


@pytest.mark.parametrize(
    "typed", [PASSWORD + " ", " " + PASSWORD, PASSWORD.lower(), PASSWORD + "\0"]
)
async def test_a_password_counts_as_it_is_typed(dispatch, gigi, typed):
    """AV-05."""
    assert not succeeded(await dispatch.send(c.CheckPassword(user_id=GIGI, password=typed), gigi))


async def test_every_byte_of_a_long_password_matters(dispatch, gigi):
    """AV-05: the 73rd too."""
    long = "Aa1-" + "x" * 100
    await dispatch.send(human("51", "long", password=NewPassword(plain=long)), caller())
    for typed, right in ((long, True), (long[:-1] + "y", False), (long[:72], False)):
        done = await dispatch.send(c.CheckPassword(user_id="51", password=typed), gigi)
        assert succeeded(done) is right


async def test_endless_passwords_are_counted_and_never_hashed(dispatch, gigi, passwords):
    await dispatch.send(c.CheckPassword(user_id=GIGI, password="x" * 1_000_000), gigi)
    assert passwords.verified == 0
    assert (await dispatch.state(INSTANCE, "user", GIGI)).human.password_failures == 1


async def test_unlocking_gives_all_guesses_back(dispatch, gigi):
    for _ in range(5):
        done = await dispatch.send(WRONG, gigi)
    assert done.events[-1] == UserLocked()
    await dispatch.send(c.UnlockUser(user_id=GIGI), caller())
    assert succeeded(await dispatch.send(RIGHT, gigi))


@pytest.mark.parametrize(
    "order",
    [
        c.UpdateHuman(user_id=GIGI, email=NewContact(value="x@x.test", verified=True)),
        c.UpdateHuman(user_id=GIGI, phone=NewContact(value="+49", verified=True)),
        c.UpdateHuman(user_id=GIGI, email=NewContact(value="x@x.test", return_code=True)),
        c.UpdateHuman(user_id=GIGI, user_name="admin"),
        c.UpdateHuman(
            user_id=GIGI,
            password=NewPassword(encoded_hash="$2b$10$" + "a" * 53),
            current_password=PASSWORD,
        ),
    ],
)
async def test_people_vouch_for_nothing_about_themselves(dispatch, gigi, order):
    """ZA-38, ZA-49."""
    await refused(PERMISSION_DENIED, dispatch.send(order, gigi))


async def test_people_change_their_own_address_and_must_prove_it(dispatch, gigi):
    order = c.UpdateHuman(user_id=GIGI, email=NewContact(value="new@x.test"))
    done = await dispatch.send(order, gigi)
    assert done.secrets == {}
    assert not (await dispatch.state(INSTANCE, "user", GIGI)).human.email.verified
