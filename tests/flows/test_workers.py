"""Several processes behind one port."""

import asyncio
import os
import re
import subprocess
import sys
import time
import urllib.request

import pytest
from personae.store.embedded import Embedded

from tests.faults.checker import check
from tests.faults.load import Load
from tests.running import RunningServer

pytestmark = pytest.mark.flow


@pytest.fixture(scope="module")
def crew():
    server = RunningServer(PERSONAE_WORKERS="2")
    try:
        server.start()
        eventually(lambda: len(metrics(server)) == 2, 15)
        yield server
    finally:
        server.remove()


def eventually(question, seconds=10.0):
    began = time.monotonic()
    while not question():
        assert time.monotonic() - began < seconds
        time.sleep(0.05)
    return time.monotonic() - began


def metrics(server):
    """The workers that a scrape tells about."""
    with urllib.request.urlopen(f"{server.url}/debug/metrics", timeout=2) as answer:
        return set(re.findall(r'worker="(\d+)"', answer.read().decode()))


def test_workers_are_spawned_never_forked_from_a_process_with_threads(crew):
    """P-48: a fork would copy held locks and a running event loop."""
    for worker in crew.workers():
        assert "multiprocessing.spawn" in " ".join(worker.cmdline())


async def test_both_serve_one_history(crew):
    load = Load([crew.url], crew.pat, name="both", clients=16)
    async with load.running():
        await asyncio.sleep(2)
    assert load.failures == []
    await check(Embedded(crew.data / "postgresql").dsn, load.acknowledged)


async def test_a_killed_worker_is_replaced_and_no_call_is_lost(crew):
    load = Load([crew.url], crew.pat, name="killed")
    async with load.running():
        await asyncio.sleep(0.5)
        killed = crew.workers()[0]
        killed.kill()
        await asyncio.to_thread(eventually, lambda: len(crew.workers()) == 2)
        await asyncio.sleep(2)
    assert load.wrong == []
    assert killed.pid not in {worker.pid for worker in crew.workers()}
    await check(Embedded(crew.data / "postgresql").dsn, load.acknowledged)


def test_any_worker_answers_a_scrape_for_all(crew):
    assert eventually(lambda: metrics(crew) == {"0", "1"}) < 10


def test_a_port_in_use_is_refused_although_workers_share_theirs(crew):
    second = RunningServer(port=crew.port, PERSONAE_WORKERS="2")
    done = subprocess.run(
        [sys.executable, "-m", "personae.config.cli", "start"],
        env=second.environment, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    second.remove()
    assert done.returncode == 1
    assert f"port {crew.port}: Address already in use" in done.stderr


def test_ctrl_c_reaches_the_first_process_only(crew):
    assert all(os.getpgid(w.pid) != os.getpgid(crew.process.pid) for w in crew.workers())
