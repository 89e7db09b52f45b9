"""The way in: too much, too late, gone."""

import asyncio

from personae.actors.aggregates import dispatch as way_in
from personae.actors.aggregates.aggregate import Aggregate
from personae.actors.domain.kit.refusal import OVERLOADED, TIMEOUT
from personae.actors.domain.org.commands import ChangeOrg
from personae.actors.domain.session.commands import AddSession, Checks
from personae.actors.domain.user.commands import CheckPassword

from tests.aggregates.conftest import ADMIN, INSTANCE, ORG, caller, refused


def rename(name="X"):
    return ChangeOrg(org_id=ORG, name=name)


async def test_a_full_mailbox_sheds_the_load(dispatch, monkeypatch):
    monkeypatch.setattr(Aggregate, "mailbox_limit", 3)
    results = await asyncio.gather(
        *(dispatch.send(rename(f"N{i}"), caller()) for i in range(10)), return_exceptions=True
    )
    shed = [each for each in results if isinstance(each, Exception)]
    assert len(shed) == 7
    assert {each.reason for each in shed} == {OVERLOADED}


async def test_who_asks_a_full_mailbox_in_a_turn_of_its_own_lives_on(dispatch, monkeypatch, caplog):
    """A flood of sign-ins of one person must not end the sessions that wait for the answer."""
    monkeypatch.setattr(Aggregate, "mailbox_limit", 3)
    wrong = Checks(user_id=ADMIN, password="wrong")
    orders = [
        AddSession(session_id=f"{n}", instance_id=INSTANCE, token_id="t", checks=wrong)
        for n in range(70, 80)
    ]
    results = await asyncio.gather(
        *(dispatch.send(order, caller()) for order in orders), return_exceptions=True
    )
    assert [each.reason for each in results].count(OVERLOADED) == 7
    assert not caplog.records


async def test_an_order_whose_time_is_over_is_never_carried_out(dispatch, monkeypatch):
    """P-28: who was told that it took too long need not fear that it happens later."""
    monkeypatch.setattr(way_in, "PATIENCE_SECONDS", 0.0)
    wrong = CheckPassword(user_id=ADMIN, password="x")
    blocking = asyncio.create_task(dispatch.send(wrong, caller()))
    await refused(TIMEOUT, dispatch.send(wrong, caller()))
    await asyncio.gather(blocking, return_exceptions=True)
    failures = (await dispatch.state(INSTANCE, "user", ADMIN)).human.password_failures
    assert failures <= 1


async def test_after_the_end_nobody_is_at_home(dispatch, world):
    await world.directory.stop()
    await refused(OVERLOADED, dispatch.send(rename(), caller()))


async def test_at_the_end_every_order_is_either_in_the_log_or_refused(dispatch, world):
    before = await world.log.head(INSTANCE)
    sent = [asyncio.create_task(dispatch.send(rename(f"N{i}"), caller())) for i in range(20)]
    for _ in range(10):
        await asyncio.sleep(0)
    await world.directory.stop()
    results = await asyncio.gather(*sent, return_exceptions=True)
    refusals = [each.reason for each in results if isinstance(each, Exception)]
    assert set(refusals) <= {OVERLOADED}
    assert await world.log.head(INSTANCE) == before + len(results) - len(refusals)


async def test_a_name_finds_its_holder(dispatch):
    assert await dispatch.holder(INSTANCE, "org_name", "acme") == ORG
    assert await dispatch.holder(INSTANCE, "org_name", "nobody") is None
