"""How fast this machine is just now.

A machine that is shared swings: a loop of plain Python takes twice as long for seconds or for an hour,
with nothing of ours changed, and so does whatever is measured meanwhile. So each run says how long such
a loop took before and after it. With ``QUIET`` (milliseconds) a run waits until the loop
takes no longer than that, half a minute at most.
"""

import os
import time

QUIET = float(os.environ.get("QUIET", "inf"))
PATIENCE = 30


def loop():
    """Return the milliseconds of processor time that a fixed loop takes, the best of three."""
    return min(_loop() for _ in range(3)) * 1000


def _loop():
    began, seen = time.process_time(), {}
    for number in range(60_000):
        seen[number & 255] = (number, str(number))
    return time.process_time() - began


def wait_until_quiet():
    """Return what the loop takes, once that is little or patience is over."""
    over = time.monotonic() + PATIENCE
    while (took := loop()) > QUIET and time.monotonic() < over:
        time.sleep(0.5)
    return took
