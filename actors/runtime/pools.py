"""Threads for blocking work: password hashes, RSA signatures, whatever releases the GIL."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class PoolBusy(Exception):  # noqa: N818 — like queue.Full
    """As much work waits as may: answer 503 or 429, try again later."""


class WorkPool:
    """A few threads and a short queue.

    The threads are niced one by one (Linux): two hashing threads of normal priority take 40 % of
    the light requests' throughput and make their p99 six times as long. A longer queue would only
    make everybody wait for answers nobody waits for any more.
    """

    def __init__(self, name: str, threads: int, queue_limit: int, nice: int = 10) -> None:
        self.name = name
        self._limit = threads + queue_limit
        self._threads = threads
        self._taken = 0
        self._executor = ThreadPoolExecutor(threads, name, initializer=_be_nice, initargs=(nice,))

    @property
    def waiting(self) -> int:
        """How many jobs wait for a thread."""
        return max(0, self._taken - self._threads)

    async def run(self, function: Callable[..., T], *args: object) -> T:
        """Return ``function(*args)``, computed in a thread. Raises :class:`PoolBusy`.

        A job whose caller is cancelled before a thread took it is not run; it keeps its place
        until then, so that impatient callers do not lengthen the queue.
        """
        if self._taken >= self._limit:
            raise PoolBusy(f"{self.name}: {self.waiting} jobs wait")
        gone = threading.Event()
        loop = asyncio.get_running_loop()
        job = loop.run_in_executor(self._executor, _unless, gone, function, *args)
        self._taken += 1
        job.add_done_callback(self._free)
        try:
            return await asyncio.shield(job)
        except asyncio.CancelledError:
            gone.set()
            raise

    async def stop(self) -> None:
        """Take no more work; wait until all that was taken is done."""
        await asyncio.to_thread(self._executor.shutdown)

    def _free(self, job: asyncio.Future[T]) -> None:
        self._taken -= 1
        if not job.cancelled():
            job.exception()  # seen, even if its caller has gone


def _unless(gone: threading.Event, function: Callable[..., T], *args: object) -> T:
    if gone.is_set():
        raise asyncio.CancelledError
    return function(*args)


def _be_nice(nice: int) -> None:
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
