"""When the cyclic collector looks at old objects."""

import asyncio
import gc
import weakref
from contextlib import suppress

import pytest
from personae.actors.runtime import collector


class Knot:
    def __init__(self):
        self.itself = self


@pytest.fixture(autouse=True)
def _as_before():
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def old_garbage():
    """Return a weak reference to a cycle that only a look at all objects can free."""
    collector.tame()
    knot = Knot()
    gc.collect(0)
    gc.collect(1)
    return weakref.ref(knot)


async def watched(knot, seconds, *, work=False, **times):
    """Say whether the cycle was freed while :func:`collector.tidy` ran."""
    tidying = asyncio.create_task(collector.tidy(pause=0.02, **times))
    end = asyncio.get_running_loop().time() + seconds
    while knot() is not None and asyncio.get_running_loop().time() < end:
        if work:
            sum(range(200_000))
        await asyncio.sleep(0 if work else 0.005)
    tidying.cancel()
    with suppress(asyncio.CancelledError):
        await tidying
    return knot() is None


async def test_it_looks_when_little_is_to_do():
    assert await watched(old_garbage(), 5, every=0.05, busy=0.9)


async def test_it_waits_for_its_time():
    assert not await watched(old_garbage(), 0.3, every=60, busy=0.9)


async def test_it_does_not_look_under_load():
    assert not await watched(old_garbage(), 0.5, every=0.05, busy=0.01, work=True)


async def test_it_looks_at_last_under_load():
    assert await watched(old_garbage(), 5, every=0.05, at_last=0.2, busy=0.01, work=True)


def test_python_does_not_look_by_itself_while_many_objects_are_made(monkeypatch):
    monkeypatch.setattr(collector, "YOUNG", 10)
    knot = old_garbage()
    assert [[each] for each in range(20 * 10 * collector.MIDDLE)]
    assert knot() is not None


def test_no_look_stops_the_process_for_long_while_much_is_made_that_stays():
    seen = []

    def look(phase, about):
        if phase == "start":
            looked = range(about["generation"] + 1)
            seen.append(sum(len(gc.get_objects(generation)) for generation in looked))

    collector.tame()
    gc.callbacks.append(look)
    try:
        made = [[each] for each in range(400_000)]
    finally:
        gc.callbacks.remove(look)
    assert len(made) == 400_000
    assert 50_000 < max(seen) < 150_000
