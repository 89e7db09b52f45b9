import asyncio
import os
import threading
import time

import pytest
from personae.actors.runtime import PoolBusy, WorkPool

from tests.runtime.actors import settle


async def test_work_runs_in_a_niced_thread_and_the_loop_stays_as_it_is():
    pool = WorkPool("hash", 1, 1, nice=7)
    before = os.getpriority(os.PRIO_PROCESS, 0)

    def where():
        return threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    thread, nice = await pool.run(where)
    assert (thread == threading.get_native_id(), nice) == (False, 7)
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
    await pool.stop()


async def test_a_full_queue_answers_busy_at_once():
    """P-46: slow hashes must not pile up."""
    pool, gate = WorkPool("hash", 2, 3), threading.Event()
    jobs = [asyncio.ensure_future(pool.run(gate.wait)) for _ in range(5)]
    await settle()
    assert pool.waiting == 3
    with pytest.raises(PoolBusy):
        await pool.run(gate.wait)
    gate.set()
    assert await asyncio.gather(*jobs) == [True] * 5
    assert await pool.run(int, "7") == 7
    await pool.stop()


async def test_impatient_callers_neither_lengthen_the_queue_nor_get_their_work_done():
    """P-46: who hangs up and calls again is not served twice."""
    pool, gate, done = WorkPool("hash", 1, 1), threading.Event(), []
    busy = asyncio.ensure_future(pool.run(gate.wait))
    gone = asyncio.ensure_future(pool.run(done.append, "gone"))
    await settle()
    gone.cancel()
    await settle()
    with pytest.raises(PoolBusy):
        await pool.run(done.append, "again")
    gate.set()
    await busy
    await pool.stop()
    assert done == []


async def test_an_error_reaches_the_caller():
    pool = WorkPool("hash", 1, 0)
    with pytest.raises(ValueError, match="invalid literal"):
        await pool.run(int, "x")
    await pool.stop()


async def test_stop_waits_for_what_was_taken_without_blocking_the_loop():
    pool, done = WorkPool("hash", 1, 1), []
    job = asyncio.ensure_future(pool.run(lambda: (time.sleep(0.05), done.append(1))))
    await settle()
    stopping = asyncio.ensure_future(pool.stop())
    await settle()
    assert not stopping.done()
    await stopping
    assert done == [1]
    await job
