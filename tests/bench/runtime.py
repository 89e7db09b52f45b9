"""What a message and an actor cost; asserts nothing.

All of it is within one process: an ask never leaves it. Medians of three runs; those of the memory that
actors take are each in a process of its own, as one that was large stays large.
"""

import asyncio
import gc
import multiprocessing
import statistics
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import uvloop
from personae.actors.runtime import Directory, LoopActor, deadline_in

from tests.bench.medians import RUNS, medians

MESSAGES = 60_000
ACTORS = 200_000

Row = tuple[str, float, str]
Ask = Callable[[int], Awaitable[Any]]


class Echo(LoopActor):
    """A turn that does nothing and does not suspend."""

    async def on_receive(self, message: Any) -> Any:
        return message


class Pause(LoopActor):
    """A turn that suspends once, as one that awaits a commit does."""

    async def on_receive(self, message: Any) -> Any:
        await asyncio.sleep(0)
        return message


async def rows() -> list[Row]:
    """Return (what, figure, unit) for asks and for actors at rest."""
    found = []
    for callers, keys in ((1, 1), (64, 1), (64, 64)):
        who = f"{callers} callers, {keys} actors"
        for kind in (Echo, Pause):
            directory = Directory(lambda _, kind=kind: kind())
            rate = await _median(lambda n, d=directory, k=keys: d.ask(n % k, n), callers)
            found.append((f"Directory.ask, {kind.__name__}, {who}", rate, "asks/s"))
            await directory.stop()
    found.append(await _with_deadline())
    found.append(await _by_reference())
    return found + list(medians([await asyncio.to_thread(_alone) for _ in range(RUNS)]))


async def _with_deadline() -> Row:
    directory = Directory(lambda _: Echo())
    rate = await _median(lambda n: directory.ask(0, n, deadline_in(30)), 64)
    await directory.stop()
    return "Directory.ask with deadline, 64 callers, 1 actors", rate, "asks/s"


async def _by_reference() -> Row:
    ref = Echo().begin().actor_ref
    rate = await _median(lambda n: ref.ask(n, block=False), 64)
    await ref.stop(block=False)
    return "ActorRef.ask, 64 callers, 1 actors", rate, "asks/s"


async def _median(ask: Ask, callers: int) -> float:
    return statistics.median([await _rate(ask, callers) for _ in range(RUNS)])


async def _rate(ask: Ask, callers: int) -> float:
    each = MESSAGES // callers

    async def call(caller: int) -> None:
        for _ in range(each):
            await ask(caller)

    began = time.perf_counter()
    await asyncio.gather(*(call(caller) for caller in range(callers)))
    return each * callers / (time.perf_counter() - began)


def _alone() -> list[Row]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(_run_at_rest).result()


def _run_at_rest() -> list[Row]:
    """Return what actors at rest take; they end with the process."""
    return uvloop.run(_at_rest())


async def _at_rest() -> list[Row]:
    keys = [("instance", "user", str(n)) for n in range(ACTORS)]
    directory = Directory(lambda _: Echo(), cap=ACTORS)
    gc.collect()
    before, began = _resident(), time.perf_counter()
    for key in keys:
        await directory.ask(key, 1)
    rate = ACTORS / (time.perf_counter() - began)
    gc.collect()
    each = (_resident() - before) / ACTORS
    return [
        (f"open and first ask, {ACTORS} actors one by one", rate, "actors/s"),
        (f"live idle actor with its place in the directory, {ACTORS} alive", each, "bytes"),
    ]


def _resident() -> int:
    """Return this process's resident memory in bytes (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
