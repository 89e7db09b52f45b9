"""One look at the log's head serves all who asked before it began, and none waits for a stuck one."""

import asyncio

import pytest
from personae.actors.domain.kit import Refusal
from personae.actors.workers import follower
from personae.actors.workers.follower import Shared


class Head:
    """A position whose looks end when they are let: each tells what it was when the look began."""

    def __init__(self):
        self.position = self.looks = 0
        self.open = asyncio.Event()

    async def look(self):
        self.looks += 1
        seen = self.position
        await self.open.wait()
        return seen


@pytest.fixture
def head():
    return Head()


async def under_way(shared, count=1):
    asked = [asyncio.create_task(shared()) for _ in range(count)]
    await asyncio.sleep(0.01)
    return asked


async def test_all_who_asked_before_it_began_share_a_look(head):
    head.open.set()
    shared = Shared(head.look)
    assert await asyncio.gather(*(shared() for _ in range(50))) == [0] * 50
    assert head.looks == 1


async def test_who_asks_while_it_is_taken_gets_the_next_one(head):
    shared = Shared(head.look)
    before = await under_way(shared)
    head.position = 7
    after = await under_way(shared, 50)
    head.open.set()
    assert await asyncio.gather(*before, *after) == [0] + [7] * 50
    assert head.looks == 2


async def test_nobody_waits_long_for_a_look_that_is_stuck(head, monkeypatch):
    monkeypatch.setattr(follower, "PATIENCE", 0.05)
    shared = Shared(head.look)
    (stuck,) = await under_way(shared)
    for _ in range(2):
        refused = await asyncio.gather(*(shared() for _ in range(50)), return_exceptions=True)
        assert {type(one) for one in refused} == {Refusal}
        assert {one.id for one in refused} == {"SYSTEM-Unavailable"}
    assert head.looks == 1
    head.open.set()
    assert await stuck == await shared() == 0


async def test_who_leaves_takes_nothing_from_the_others(head):
    shared = Shared(head.look)
    leaving, staying = await under_way(shared, 2)
    leaving.cancel()
    head.open.set()
    assert await staying == 0
