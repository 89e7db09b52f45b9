"""Nobody waits any more: what was not decided yet is dropped, what was decided stands."""

import asyncio

import pytest
from personae.actors.aggregates import dispatch as dispatch_module
from personae.actors.domain.kit import Caller, Refusal, Stream
from personae.actors.domain.kit.refusal import TIMEOUT
from personae.actors.domain.org.commands import ChangeOrg

from tests.aggregates.conftest import INSTANCE, ORG, caller, human

SYSTEM = Caller.of_system(INSTANCE)


@pytest.fixture
def gate(world):
    """The log's door: shut, until it is set; ``reached`` when a decision stands before it."""
    gate, append = asyncio.Event(), world.log.append
    gate.reached = asyncio.Event()

    async def behind_the_gate(commit):
        gate.reached.set()
        await gate.wait()
        return await append(commit)

    world.log.append = behind_the_gate
    return gate


def rename(dispatch, name):
    return asyncio.ensure_future(dispatch.send(ChangeOrg(org_id=ORG, name=name), SYSTEM))


async def names(world):
    events = await world.log.after(INSTANCE, 0, 1000)
    return [e.event.name for e in events if type(e.event).__name__ == "OrgChanged"]


async def test_an_order_whose_caller_left_before_its_turn_is_never_decided(dispatch, world, gate):
    first, second, third = (rename(dispatch, name) for name in ("one", "two", "three"))
    await gate.reached.wait()
    second.cancel()
    gate.set()
    await asyncio.gather(first, third)
    assert await names(world) == ["one", "three"]


async def test_an_order_whose_caller_left_while_facts_were_gathered_is_never_decided(
    dispatch, world, monkeypatch
):
    hashing, begun, hash_ = asyncio.Event(), asyncio.Semaphore(0), world.hash

    async def slow(password):
        begun.release()
        await hashing.wait()
        return await hash_(password)

    monkeypatch.setattr(world, "hash", slow)
    leaving = asyncio.ensure_future(dispatch.send(human("60"), caller()))
    staying = asyncio.ensure_future(dispatch.send(human("61"), caller()))
    await begun.acquire()
    await begun.acquire()
    leaving.cancel()
    hashing.set()
    await staying
    assert not (await world.state(Stream(INSTANCE, "user", "60"))).exists
    assert (await world.state(Stream(INSTANCE, "user", "61"))).exists


async def test_an_order_whose_caller_left_after_its_decision_stands(dispatch, world, gate):
    first = rename(dispatch, "one")
    await gate.reached.wait()
    first.cancel()
    gate.set()
    await rename(dispatch, "two")
    assert await names(world) == ["one", "two"]


async def test_an_order_that_waited_too_long_for_its_turn_is_refused_and_never_decided(
    dispatch, world, gate, monkeypatch
):
    first = rename(dispatch, "one")
    await gate.reached.wait()
    monkeypatch.setattr(dispatch_module, "PATIENCE_SECONDS", 0.02)
    with pytest.raises(Refusal) as refused:
        await rename(dispatch, "two")
    assert refused.value.reason is TIMEOUT
    gate.set()
    await first
    assert await names(world) == ["one"]
