"""The whole server as its users start it: a process of its own, on a free port, with its database."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
ADMIN, PASSWORD = "admin", "Correct-Horse-1"


def free_port():
    """Return a port below those that the system gives to outgoing connections, which might take it."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class RunningServer:
    """Starts, stops and kills the server; what it prints is in ``log``.

    ``prefix``: words before the command, for a server in surroundings of its own.
    """

    prefix = ()

    def __init__(self, *, port=None, folder=None, **settings):
        self.folder = folder or Path(tempfile.mkdtemp(prefix="personae-run-"))
        self.folder.chmod(0o755)
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        self.log = self.folder / "server.log"
        self.process = None
        self.seconds = 0.0
        self.settings = settings

    @property
    def data(self):
        return self.folder / "data"

    @property
    def pat(self):
        """The personal access token of a machine user that owns the instance."""
        return (self.folder / "pat").read_text().strip()

    @property
    def environment(self):
        first = "PERSONAE_FIRST_INSTANCE__"
        return {
            **{
                name: value for name, value in os.environ.items() if not name.startswith("PERSONAE")
            },
            "PYTHONPATH": str(ROOT / ".types"),
            "PERSONAE_PORT": str(self.port),
            "PERSONAE_DATA": str(self.data),
            f"{first}ADMIN__USER_NAME": ADMIN,
            f"{first}ADMIN__PASSWORD": PASSWORD,
            f"{first}PAT_PATH": str(self.folder / "pat"),
            f"{first}MACHINE_KEY_PATH": str(self.folder / "key.json"),
            f"{first}LOGIN_CLIENT_PAT_PATH": str(self.folder / "login-client-pat"),
            **self.settings,
        }

    def start(self, seconds=180):
        """Start and wait until it is ready; ``seconds`` remembers how long that took."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, sys.executable, "-m", "personae.config.cli", "start"],
                env=self.environment,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() - began > seconds:
                raise RuntimeError(f"the server did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.02)
        self.seconds = time.monotonic() - began
        return self

    def ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/debug/ready", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self):
        """Stop in order: the port drains, the database shuts down."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(40)

    def kill(self):
        """Kill -9 the server's process; its database lives on until the next start finds it."""
        self.process.kill()
        self.process.wait()

    def workers(self):
        """The processes that serve, when there are several."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):  # it may have just died
                if "spawn_main" in " ".join(child.cmdline()):
                    found.append(child)
        return found

    def memory(self):
        """Resident memory of the server's process, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def cpu(self):
        """Seconds of processor time that the server's processes have used, without its database."""
        times = [each.cpu_times() for each in (psutil.Process(self.process.pid), *self.workers())]
        return sum(each.user + each.system for each in times)

    def remove(self):
        """Stop everything that belongs to it and delete its folder."""
        with contextlib.suppress(Exception):
            self.stop()
        self._stop_database()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _stop_database(self):
        from personae.store.embedded import Embedded

        with contextlib.suppress(Exception):
            Embedded(self.data / "postgresql").stop()
