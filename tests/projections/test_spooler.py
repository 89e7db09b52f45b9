"""Leases: one sweeper per projection, taken over when it is gone."""

import asyncio
import time

import pytest
from personae.config.metrics import Metrics
from personae.config.wiring import measure_lag
from personae.projections.kit.applier import Applier
from personae.projections.kit.spooler import Spooler
from personae.store.errors import Unavailable

from tests.projections.conftest import QUICK
from tests.projections.people import PEOPLE, PersonAdded, PersonGreeted

pytestmark = pytest.mark.store


def held(*processes):
    return [len(one._spooler.held) for one in processes]


async def until(condition, seconds=5):
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds
        await asyncio.sleep(0.02)
    return time.monotonic() - start


async def test_of_two_processes_one_sweeps(process):
    async with process() as first:
        await until(lambda: held(first) == [2])
        async with process() as second:
            await asyncio.sleep(5 * QUICK.renew)
            assert held(first, second) == [2, 0]


async def test_a_released_lease_is_taken_over(process):
    async with process() as second:
        async with process() as first:
            await until(lambda: sum(held(first, second)) == 2)
        await until(lambda: held(second) == [2], seconds=2)


async def test_the_lease_of_a_dead_process_is_taken_over_when_it_expires(process):
    async with process() as first:
        await until(lambda: held(first) == [2])
        await first._tree.stop()
        async with process() as second:
            assert await until(lambda: held(second) == [2]) < 2


def part(projections, name):
    """Return what is seen of a part of the upkeep."""
    upkeep = projections.snapshot()["children"][-1]["children"]
    return next(one for one in upkeep if one["name"] == name)


@pytest.mark.parametrize("method", ["renew", "_sweep_due"])
async def test_a_spooler_that_dies_is_started_again(process, writer, monkeypatch, method):
    done, left = getattr(Spooler, method), [LookupError("unheard of")]

    async def or_die(self):
        if left:
            raise left.pop()
        return await done(self)

    monkeypatch.setattr(Spooler, method, or_die)
    async with process(bus=False) as projections:
        await until(lambda: part(projections, "spooler")["restarts"])
        assert part(projections, "spooler")["error"]["what"].startswith("LookupError in or_die")
        await until(lambda: held(projections) == [2])
        await writer.add("gigi", PersonAdded(name="Gigi"), instance="new")
        await until(lambda: projections._projectors["people_v1"].track("new").seen == 1)


async def test_a_sweep_catches_up_what_no_bus_told(process, writer):
    async with process(bus=False) as projections:
        await writer.add("gigi", PersonAdded(name="Gigi"), instance="new")
        await until(lambda: projections._projectors["people_v1"].track("new").seen == 1)
        assert await projections.find(PEOPLE, "new", "gigi")


async def test_a_thawed_process_writes_nothing_with_its_old_position(process, writer, database):
    async with process() as frozen, process() as other:
        await writer.people(5)
        await frozen.reached(PEOPLE, "i1", 5)
        await other.reached(PEOPLE, "i1", 5)
        # Frozen: hears nothing while the other goes on and the row is changed under it.
        await writer.people(5, first=5)
        track = frozen._projectors["people_v1"].track("i1")
        await other.reached(PEOPLE, "i1", 10)
        await frozen.reached(PEOPLE, "i1", 10)
        track.saved, track.seen, track.target = 5, 5, 5
        await database.run("UPDATE projections.people_v1 SET name = 'newer' WHERE id = 'p000007'")
        frozen._projectors["people_v1"].nudge("i1")
        assert await frozen.reached(PEOPLE, "i1", 10)
        assert (await frozen.find(PEOPLE, "i1", "p000007")).name == "newer"


async def test_the_lag_that_is_measured_is_that_of_the_instance_that_waits_most(
    process, writer, log, monkeypatch
):
    async def stuck(*_args, **_kwargs):
        raise Unavailable("away")

    async with process(bus=False) as projections:
        metrics = Metrics()
        monkeypatch.setattr(Applier, "load", stuck)
        for instance, count in (("i1", 2), ("i2", 7), ("i3", 1)):
            await writer.add("gigi", *[PersonGreeted()] * count, instance=instance)
        await measure_lag(projections, metrics)
        for table in ("people", "badges"):
            line = f'personae_projection_lag_events{{projection="{table}"}} 7.0'
            assert line in metrics.render().decode().splitlines()
        monkeypatch.undo()
        await until(lambda: projections._projectors["people_v1"].track("i2").seen == 7)


async def test_status_says_how_far_everything_is(process, writer):
    async with process() as projections:
        await writer.people(3)
        await projections.reached(PEOPLE, "i1", 3)
        await until(lambda: held(projections) == [2])
        people = next(one for one in await projections.status() if one.table == "people")
        assert (people.position, people.head, people.lag, people.failed) == (3, 3, 0, 0)
        assert people.spooled_here
        assert not people.building
