"""A database of its own for each fault, and servers on it, each a process of its own."""

import asyncio
import contextlib
import os
import random
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import psutil
import pytest
from personae.store.embedded import Embedded

from tests.faults.checker import check
from tests.faults.living import check_living
from tests.faults.load import Acknowledged, Load
from tests.running import ROOT, RunningServer

HOOKED = f"{Path(__file__).parent / 'hooks'}:{ROOT / '.types'}"
"""PYTHONPATH of servers that may be told to fail (see ``hooks``)."""
MASTERKEY = "0123456789abcdef0123456789abcdef"


FIGURES = pytest.StashKey[dict]()


def pytest_addoption(parser):
    parser.addoption("--trials", type=int, default=1, help="how often each fault is tried")
    parser.addoption(
        "--seed", default=secrets.token_hex(4), help="of moments and choices left to chance"
    )
    parser.addoption(
        "--slow", type=float, default=1, help="by how much longer all may take: others work here"
    )


def pytest_configure(config):
    config.stash[FIGURES] = defaultdict(lambda: defaultdict(list))


def pytest_report_header(config):
    return f"chance begins with --seed {config.option.seed}"


@pytest.fixture(autouse=True)
def chance(request):
    """Let chance begin anew for each test, so that one alone meets what it met among others."""
    random.seed(f"{request.config.option.seed} {request.node.name}")


def pytest_terminal_summary(terminalreporter, config):
    """What was measured: of each figure how many, the median and the worst."""
    for test, figures in config.stash[FIGURES].items():
        terminalreporter.write_line(test)
        for what, values in figures.items():
            middle, worst = statistics.median(values), max(values)
            terminalreporter.write_line(
                f"  {what:64} {len(values):4} times, median {middle:9.2f}, most {worst:9.2f}"
            )


@pytest.fixture
def trials(request):
    return range(request.config.getoption("--trials"))


@pytest.fixture
def measured(request):
    """Note a figure of this fault, and what it may be at most; seconds longer with ``--slow``."""
    figures = request.config.stash[FIGURES][request.node.name]
    slow = request.config.getoption("--slow")

    def note(what, value, most=float("inf")):
        figures[what].append(value)
        print(f"{what:64} {value:9.2f}", flush=True)
        assert value <= most * (slow if what.endswith(", s") else 1), what

    return note


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/faults" in str(item.path):
            item.add_marker(pytest.mark.fault)


class Postgres(Embedded):
    """An embedded PostgreSQL that can be hurt."""

    def family(self):
        """The postmaster and all its children."""
        master = psutil.Process(self.pid)
        return [master, *master.children(recursive=True)]

    def signal_all(self, number):
        for process in self.family():
            with contextlib.suppress(psutil.Error):
                process.send_signal(number)

    def kill(self):
        """kill -9 of the whole cluster."""
        self.signal_all(signal.SIGKILL)

    def stop_immediately(self):
        """What ``pg_ctl stop -m immediate`` does: no checkpoint, sessions cut."""
        os.kill(self.pid, signal.SIGQUIT)

    def gone(self):
        return not self.pid


def folder_for_all():
    """A new folder that PostgreSQL's account may enter."""
    folder = Path(tempfile.mkdtemp(prefix="personae-fault-"))
    folder.chmod(0o755)
    return folder


@pytest.fixture
def postgres(request):
    """A database; of another class where a test gives one by ``indirect``."""
    folder = folder_for_all()
    server = getattr(request, "param", Postgres)(folder / "data")
    server.start()
    yield server
    with contextlib.suppress(Exception):
        server.signal_all(signal.SIGCONT)
        server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def serve(postgres):
    """Start servers on the database; the first one sets it up, its ``pat`` is for all."""
    servers = []

    def start(count=1, **settings):
        for _ in range(count):
            server = RunningServer(
                PERSONAE_DATABASE=settings.get("dsn", postgres.dsn),
                PERSONAE_MASTERKEY=MASTERKEY,
                PERSONAE_EXTERNAL_PORT="8080",
                **{name: value for name, value in settings.items() if name.isupper()},
            )
            servers.append(server.start())
        return servers

    yield start
    for server in servers:
        with contextlib.suppress(Exception):
            server.process.send_signal(signal.SIGCONT)
            server.process.kill()
        server.remove()


class Cluster:
    """Trials on two nodes of one database: their load, and the check of everything after each."""

    def __init__(self, postgres, nodes, measured):
        self.postgres, self.nodes, self.measured = postgres, nodes, measured
        self.acknowledged, self.number = Acknowledged(), 0

    def load(self, *nodes, **more):
        self.number += 1
        return Load(
            [node.url for node in nodes or self.nodes], self.nodes[0].pat,
            name=f"trial{self.number}", acknowledged=self.acknowledged,
            **{"pause": 0.05, **more},
        )  # fmt: skip

    async def check(self, load):
        assert load.wrong == []
        self.measured("acknowledged so far, all found", len(self.acknowledged.users))
        living = [node for node in self.nodes if node.process.poll() is None]
        await check_living(living, self.nodes[0].pat, self.postgres.dsn, self.acknowledged)
        await check(self.postgres.dsn, self.acknowledged)


@pytest.fixture
async def cluster(postgres, serve, measured):
    return Cluster(postgres, await in_thread(lambda: serve(2, PYTHONPATH=HOOKED)), measured)


async def in_thread(function, *args):
    return await asyncio.to_thread(function, *args)


def commanded(node, *words):
    """Run a command of the store of a node; what it printed. It may take long, and must succeed."""
    done = subprocess.run(
        [sys.executable, "-m", "personae.config.cli", *words],
        env=node.environment, cwd=node.folder, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def run(*words):
    """Run a program of the system; its output when it succeeds."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout
