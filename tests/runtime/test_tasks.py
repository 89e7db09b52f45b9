import asyncio
import gc
import logging
import time
import weakref

import pytest
from personae.actors.runtime import Tasks, deadline_in, remaining, watch_lag

from tests.runtime.actors import settle


class Signal:
    """Something only its waiters hold."""

    def __init__(self):
        self.future = asyncio.get_running_loop().create_future()


async def test_a_task_nobody_else_holds_does_not_vanish():
    """P-41: the loop holds it weakly, and here so does everything it waits for."""
    tasks = Tasks()

    async def wait():
        signal = Signal()
        held.append(weakref.ref(signal))
        await signal.future

    held = []
    tasks.spawn(wait(), "waits")
    await settle()
    gc.collect()
    assert held[0]() is not None
    assert len(tasks) == 1
    await tasks.stop()


@pytest.mark.parametrize("error", [OSError("lost"), asyncio.CancelledError()])
async def test_a_failure_in_the_background_is_logged(error, caplog):
    """P-41, P-42: a CancelledError that nobody asked for is a failure too."""
    tasks = Tasks()

    async def fail():
        raise error

    tasks.spawn(fail(), "mail")
    await settle()
    assert "the task mail failed" in caplog.text
    assert len(tasks) == 0


async def test_stop_cancels_and_waits_for_the_clean_up(caplog):
    tasks, cleaned = Tasks(), []

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            cleaned.append(1)

    tasks.spawn(work(), "work")
    await settle()
    await tasks.stop()
    assert cleaned == [1]
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_stop_leaves_behind_what_does_not_end(caplog):
    """P-42: clean-up has a time limit."""
    tasks, release = Tasks(), asyncio.Event()

    async def stubborn():
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    tasks.spawn(stubborn(), "stubborn")
    await settle()
    await tasks.stop(0.01)
    assert "stubborn did not stop" in caplog.text
    release.set()


async def test_a_blocked_loop_is_noticed():
    lags, tasks = [], Tasks()
    tasks.spawn(watch_lag(lags.append, 0.01), "lag")
    await asyncio.sleep(0.02)
    time.sleep(0.1)  # noqa: ASYNC251 — the very thing to notice
    await asyncio.sleep(0.02)
    await tasks.stop()
    assert max(lags) > 0.05


async def test_deadlines_are_times_of_the_loop():
    deadline = deadline_in(60)
    assert 59 < remaining(deadline) <= 60
    assert remaining(deadline_in(-1)) == 0
