"""Time of the event loop: deadlines, and how late the loop is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


def deadline_in(seconds: float) -> float:
    """Return the loop time so many seconds from now, to send along with a message."""
    return asyncio.get_running_loop().time() + seconds


def remaining(deadline: float) -> float:
    """Return the seconds until a deadline, 0 when it has passed."""
    return max(0.0, deadline - asyncio.get_running_loop().time())


async def watch_lag(observe: Callable[[float], object], period: float = 0.25) -> None:
    """Tell ``observe``, for ever, by how many seconds the loop was late for a timer.

    Whatever blocks the loop (hashing, a big page of JSON) shows up here; ``observe`` is usually a
    histogram's. Reads the system's clock: the loop's own stands still during one round.
    """
    while True:
        due = time.monotonic() + period
        await asyncio.sleep(period)
        observe(max(0.0, time.monotonic() - due))
