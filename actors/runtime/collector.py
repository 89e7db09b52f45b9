"""Python's cyclic collector: young objects as ever, old ones rarely and when nobody waits.

Reference counts free nearly everything here; what is left in cycles is a few dozen objects in
millions. But whoever looks for them among all old objects stops the process: for 0.1 s with 15,000
awake aggregates, and every request under way waits. By its own rule Python looks while the number
of objects grows, which is under load.
"""

from __future__ import annotations

import asyncio
import gc
from time import monotonic, process_time

YOUNG = 5_000
"""Objects made, less those freed, before the young ones are looked at."""
MIDDLE = 20
"""Looks at young ones, before those that outlived one are looked at, too: 100,000 at most, which
takes 10 ms. A million, as many as 10,000 new aggregates are, stopped the process for 0.1 s."""
RARELY = 10_000
"""Looks at those, before Python itself would look at all."""


def tame() -> None:
    """Begin to collect: set aside for good what is there now, leave old objects to :func:`tidy`."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(YOUNG, MIDDLE, RARELY)


async def tidy(
    every: float = 600.0, at_last: float = 3600.0, pause: float = 1.0, busy: float = 0.1
) -> None:
    """Look at all objects, for ever, ``every`` so many seconds in a second of little work.

    A process that never rests does it all the same, ``at_last`` seconds after the last time.
    ``busy``: the part of a second's processor time that is no little work any more.
    """
    looked, spent = monotonic(), process_time()
    while True:
        await asyncio.sleep(pause)
        resting = process_time() - spent < busy * pause
        waited = monotonic() - looked
        if waited >= at_last or (waited >= every and resting):
            gc.collect()
            looked = monotonic()
        spent = process_time()
