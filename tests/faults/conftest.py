"""A database of its own for each fault, and servers on it, each a process of its own."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psutil
import pytest
from personae.store.embedded import Embedded

from tests.running import RunningServer

MASTERKEY = "0123456789abcdef0123456789abcdef"


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
def postgres():
    folder = folder_for_all()
    server = Postgres(folder / "data")
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


async def in_thread(function, *args):
    return await asyncio.to_thread(function, *args)


def run(*words):
    """Run a program of the system; its output when it succeeds."""
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout
