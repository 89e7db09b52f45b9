import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
import uvloop
from personae.store import embedded
from personae.store.durability import NotDurable, require_durable
from personae.store.embedded import Embedded, EmbeddedError
from personae.store.errors import Unavailable
from personae.store.pool import Database


@pytest.fixture(scope="module")
def home():
    folder = Path(tempfile.mkdtemp(prefix="personae-embedded-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def server(home):
    server = Embedded(home / "data")
    server.start()
    yield server
    server.stop()


async def ask(server, sql):
    database = Database(server.dsn, size=1)
    try:
        return await database.row(sql)
    finally:
        await database.close()


async def test_it_is_postgresql_18_with_safe_settings_on_a_unix_socket_only(server):
    assert (await ask(server, "SHOW server_version"))[0].startswith("18.")
    assert await ask(server, "SHOW fsync") == ("on",)
    assert await ask(server, "SHOW listen_addresses") == ("",)
    assert await ask(server, "SELECT datcollate = 'C' FROM pg_database WHERE datname='personae'")


def test_a_server_that_runs_is_found_again(server):
    assert Embedded(server.folder).start() == server.dsn
    assert Embedded(server.folder).pid == server.pid


def test_the_folder_and_the_socket_are_for_its_account_alone(server):
    assert server.folder.stat().st_mode & 0o077 == 0
    assert (server.folder / "socket").stat().st_mode & 0o077 == 0
    assert psutil.Process(server.pid).uids().real == server.folder.stat().st_uid != 0


OURS = """
import pathlib, sys, time
from personae.store.embedded import Embedded
print(Embedded(pathlib.Path(sys.argv[1])).start(), flush=True)
time.sleep(60)
"""


async def test_it_outlives_a_process_of_ours_that_is_killed(home):
    ours = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OURS, home / "data", stdout=subprocess.PIPE
    )
    url = await ours.stdout.readline()
    ours.kill()
    await ours.wait()
    server = Embedded(home / "data")
    assert server.pid
    assert server.start() == url.decode().strip()
    assert await ask(server, "SELECT 1") == (1,)
    server.stop()


async def test_what_was_written_is_there_after_the_server_was_killed(server):
    database = Database(server.dsn, size=2)
    await database.run(
        "CREATE TABLE IF NOT EXISTS kept (at timestamptz); INSERT INTO kept VALUES (now())"
    )
    os.kill(server.pid, signal.SIGKILL)
    await asyncio.to_thread(server.start)
    assert await retried(database.row, "SELECT count(*) > 0 FROM kept") == (True,)
    await database.close()


async def test_a_server_on_its_way_out_is_not_taken_for_one_that_serves(server):
    dying = server.pid
    os.kill(dying, signal.SIGSTOP)  # as long as a killed process is still there, for a moment
    starting = asyncio.create_task(asyncio.to_thread(server.start))
    await asyncio.sleep(0.3)
    assert not starting.done()
    os.kill(dying, signal.SIGKILL)
    await starting
    assert server.pid not in {0, dying}
    assert await ask(server, "SELECT 1") == (1,)


def test_a_pid_file_whose_number_is_another_process_is_no_obstacle(server):
    server.stop()
    owner = server.folder.stat().st_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["/bin/sleep", "60"], user=owner) as other:
        lines = (
            other.pid,
            server.folder,
            1,
            5432,
            server.folder / "socket",
            "",
            "1 1",
            "ready",
            "",
        )
        (server.folder / "postmaster.pid").write_text("\n".join(map(str, lines)))
        assert server.pid == 0
        server.start()
        assert server.pid not in {0, other.pid}
        assert other.poll() is None
        other.kill()


def test_a_creation_cut_off_in_the_middle_begins_anew(home):
    folder = home / "cut"
    (folder / "new" / "base").mkdir(parents=True)
    (folder / "start.lock").touch()
    server = Embedded(folder)
    server.start()
    assert not (folder / "new").exists()
    server.stop()


def test_a_creation_cut_off_while_it_is_moved_into_place_begins_anew(home, monkeypatch):
    folder = home / "moved"
    server = Embedded(folder)
    rename = Path.rename

    def cut_off(self, target):
        if (folder / "base").exists():
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", cut_off)
    with pytest.raises(KeyboardInterrupt):
        server.start()
    monkeypatch.undo()
    server.start()
    server.stop()


def test_a_folder_with_other_things_in_it_is_left_alone(home):
    folder = home / "mine"
    folder.mkdir(mode=0o755)
    (folder / "letter.txt").touch()
    with pytest.raises(EmbeddedError, match="not empty"):
        Embedded(folder).start()
    assert folder.stat().st_mode & 0o777 == 0o755
    assert folder.stat().st_uid == os.geteuid()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root takes over folders of others")
def test_a_folder_of_nobody_we_know_is_named(home):
    folder = home / "strange"
    folder.mkdir()
    os.chown(folder, 54_321, 54_321)
    with pytest.raises(EmbeddedError, match="belongs to 54321, who has no account here"):
        Embedded(folder).start()


def test_a_start_that_fails_says_why(home):
    server = Embedded(home / "wrong", {"shared_buffers": "much"})
    with pytest.raises(EmbeddedError, match="shared_buffers"):
        server.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as somebody else")
def test_a_folder_out_of_the_accounts_reach_is_named(home):
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(EmbeddedError, match=f"{closed}.*choose another data folder"):
        Embedded(closed / "data").start()


def test_a_long_path_gets_its_socket_elsewhere(home):
    folder = home / ("long" * 30)
    folder.mkdir()
    sockets = Embedded(folder)._sockets()
    assert len(str(sockets)) <= embedded.SOCKET_FOLDER_LIMIT
    assert sockets == Embedded(folder)._sockets()


async def test_a_database_that_may_forget_is_refused_unless_told_otherwise(home):
    server = Embedded(home / "data", {"synchronous_commit": "off", "fsync": "off"})
    database = Database(await asyncio.to_thread(server.start), size=1)
    with pytest.raises(NotDurable, match="fsync, synchronous_commit off"):
        await require_durable(database)
    assert await require_durable(database, accept_loss=True) == ["fsync", "synchronous_commit"]
    await database.close()
    server.stop()


async def test_the_pool_refuses_fast_while_the_database_is_down_and_serves_when_it_is_back(server):
    database = Database(server.dsn, size=2)
    await database.open()
    await asyncio.to_thread(server.stop)
    started = time.monotonic()
    for _ in range(100):
        with pytest.raises(Unavailable):
            await database.rows("SELECT 1")
    assert time.monotonic() - started < 5.0
    await asyncio.to_thread(server.start)
    assert await retried(database.row, "SELECT 1") == (1,)
    await database.close()


def test_a_connection_that_ends_with_an_error_is_noticed_on_the_loop_of_production(server):
    async def ask_one_that_dies():
        database = Database(server.dsn, size=1)
        (pid,) = await database.row("SELECT pg_backend_pid()")
        os.kill(pid, signal.SIGSTOP)
        asking = asyncio.create_task(database.row("SELECT 1"))
        await asyncio.sleep(0.1)
        os.kill(pid, signal.SIGQUIT)  # says that it goes, reads nothing more: the socket is reset
        os.kill(pid, signal.SIGCONT)
        with pytest.raises(Unavailable):
            await asyncio.wait_for(asking, 3)
        assert await retried(database.row, "SELECT 1") == (1,)
        await database.close()

    uvloop.run(ask_one_that_dies())


async def retried(call, *arguments):
    for _ in range(100):
        try:
            return await call(*arguments)
        except Unavailable:
            await asyncio.sleep(0.05)
    raise AssertionError("never served again")


def test_a_status_file_just_made_is_no_server_yet(tmp_path):
    (tmp_path / "postmaster.pid").touch()
    assert Embedded(tmp_path).pid == 0
