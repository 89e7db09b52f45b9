"""A good client beside bad ones: asks for a user again and again, in a process of its own.

``python -m tests.faults.probe PORT TOKEN PATH`` asks until its standard input ends, then prints one JSON
list: ``[milliseconds, status]`` of each request, over one connection that it keeps.
"""

import http.client
import json
import select
import statistics
import subprocess
import sys
import time
from collections import Counter
from contextlib import asynccontextmanager

from tests.running import ROOT

PAUSE = 0.02


def ask(port, token, path):
    """Return what every request took and was answered."""
    found, headers = [], {"Authorization": f"Bearer {token}"}
    server = http.client.HTTPConnection("localhost", port, timeout=10)
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        began = time.monotonic()
        server.request("GET", path, headers=headers)
        answer = server.getresponse()
        answer.read()
        found.append([1000 * (time.monotonic() - began), answer.status])
    return found


class Probe:
    """What the good client was told, once it has ended."""

    statuses: Counter
    p99: float


@asynccontextmanager
async def probing(server, path):
    """Let a good client ask while the body runs."""
    process = subprocess.Popen(  # noqa: ASYNC220 — at once
        [sys.executable, "-m", "tests.faults.probe", str(server.port), server.pat, path],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    probe = Probe()
    try:
        yield probe
    finally:
        found = json.loads(process.communicate(timeout=30)[0])
    probe.statuses = Counter(status for _, status in found)
    probe.p99 = statistics.quantiles((took for took, _ in found), n=100)[98] / 1000


if __name__ == "__main__":
    print(json.dumps(ask(int(sys.argv[1]), *sys.argv[2:])))
