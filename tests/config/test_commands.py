"""The commands, on a store that was set up by the first start."""

import asyncio
import json
import os
import pty
import re
import signal
import threading

import pytest
from personae.projections.web_keys import WEB_KEYS
from personae.store.pool import Database

from tests.config.stores import MASTER, Commands, progress

pytestmark = pytest.mark.store
SETUP = {"PERSONAE_FIRST_INSTANCE__ADMIN__PASSWORD": "Correct-Horse-1"}
MANY = 20_000


@pytest.fixture
def fresh(postgres_url):
    """Commands on a migrated, empty database."""
    return Commands(postgres_url)


@pytest.fixture
def personae(fresh):
    """Commands on a database with an instance."""
    fresh("setup", **SETUP)
    return fresh


@pytest.fixture
def empty(bare_url):
    """Commands on a database without tables."""
    return Commands(bare_url)


@pytest.fixture
def sql(postgres_url):
    """Return a function that runs a statement and returns its rows."""

    async def rows(statement):
        database = Database(postgres_url, size=1)
        try:
            return await database.rows(statement)
        finally:
            await database.close()

    return lambda statement: asyncio.run(rows(statement))


def admin_id(personae):
    added = personae("events", "tail", "-n", "99", "--type", "user.human.added", "--json").stdout
    return json.loads(added.splitlines()[0])["aggregate_id"]


def test_every_table_is_listed_and_stands_at_the_head(personae):
    listed = [row["table"] for row in personae.json("projections", "list")]
    status = personae.json("projections", "status")
    assert "web_keys" in listed
    assert [row["table"] for row in status] == listed
    assert {row["lag"] for row in status} == {0}
    assert personae("projections", "status").stdout.startswith("TABLE ")


def test_verify_finds_a_tampered_row_and_rebuild_mends_it(personae, sql):
    sql(f"UPDATE projections.{WEB_KEYS.physical} SET algorithm = 'none' WHERE state = 1")
    found = personae.json("projections", "verify", "web_keys", code=1)
    assert [(one["kind"], one["columns"]) for one in found["web_keys"]] == [
        ("different", ["algorithm"])
    ]
    assert ": algorithm" in personae("projections", "verify", "web_keys", code=1).stdout
    personae("projections", "rebuild", "web_keys")
    assert personae.json("projections", "verify", "web_keys") == {"web_keys": []}


def many_web_keys(sql):
    """Make the log long without taking the time of appends."""
    sql(
        "WITH one AS (SELECT * FROM events WHERE event_type = 'web_key.added' LIMIT 1),"
        " head AS (SELECT position FROM heads)"
        " INSERT INTO events SELECT instance_id, aggregate_type, 'k' || n, 1,"
        " head.position + n, event_type, revision, owner, creator, created_at,"
        f" payload FROM one, head, generate_series(1, {MANY}) n"
    )
    sql(f"UPDATE heads SET position = position + {MANY}")


def test_a_rebuild_killed_half_way_goes_on_there(personae, sql):
    many_web_keys(sql)
    process = personae.process("projections", "rebuild", "web_keys")
    while rebuilt(sql) < MANY // 2:
        assert process.poll() is None, process.communicate()
    process.kill()
    process.communicate()
    killed_at = rebuilt(sql)
    assert killed_at < MANY
    again = personae("projections", "rebuild", "web_keys")
    assert progress(again.stderr)[0]["done"] >= killed_at
    assert personae.json("projections", "verify", "web_keys") == {"web_keys": []}
    assert sql(f"SELECT count(*) FROM projections.web_keys_v{WEB_KEYS.version}") == [(MANY + 2,)]


def rebuilt(sql):
    """Return how far a rebuild says it is; 0 before it began."""
    if sql("SELECT to_regclass('projections_rebuild.positions')") == [(None,)]:
        return 0
    [(position,)] = sql("SELECT sum(position) FROM projections_rebuild.positions")
    return position or 0


def test_progress_is_lines_of_json_when_nobody_watches(personae, sql):
    many_web_keys(sql)
    told = personae("projections", "rebuild", "web_keys")
    lines = progress(told.stderr)
    assert {"progress", "done", "total", "percent", "rate", "seconds_left"} == set(lines[0])
    assert lines[-1]["percent"] == 100.0
    assert "{" not in told.stdout


def test_progress_is_a_bar_in_a_terminal(personae):
    watcher, terminal = pty.openpty()
    process = personae.process("projections", "rebuild", "web_keys", stderr=terminal)
    os.close(terminal)
    seen = b"".join(iter(lambda: drained(watcher), b"")).decode()
    assert process.communicate()[0] == "rebuilt: web_keys\n"
    assert "100%" in seen
    assert "{" not in seen


def drained(watcher):
    try:
        return os.read(watcher, 4096)
    except OSError:  # the other end is closed
        return b""


def test_a_parked_event_is_listed_retried_and_removed(personae, sql):
    sql(
        f"INSERT INTO projections.failed_events SELECT 'web_keys', {WEB_KEYS.version}, instance_id, position,"
        " event_type, aggregate_type, aggregate_id, 5, 'ValueError in added'"
        " FROM events WHERE event_type = 'web_key.added'"
    )
    first, second = [row["position"] for row in personae.json("projections", "failed")]
    assert "ValueError in added" in personae("projections", "failed").stdout
    assert "applied" in personae("projections", "retry", "web_keys", str(first)).stdout
    assert "removed" in personae("projections", "remove", "web_keys", str(second)).stdout
    assert personae.json("projections", "failed") == []
    again = personae("projections", "remove", "web_keys", str(second), code=1)
    assert again.stderr == f"Error: web_keys has put no event {second} aside\n"


def test_the_last_events_are_shown_without_secrets(personae):
    lines = personae("events", "tail", "-n", "99").stdout.splitlines()
    [added] = [line for line in lines if "user.human.added" in line]
    assert '"encodedHash":"********"' in added
    assert "$argon2" not in "".join(lines)
    assert all("crypted" not in line or '"crypted":"********"' in line for line in lines)


def test_types_choose_events(personae):
    lines = personae("events", "tail", "--type", "web_key.*", "--json").stdout.splitlines()
    assert {json.loads(line)["event_type"] for line in lines} == {
        "web_key.added", "web_key.activated",
    }  # fmt: skip


def test_following_shows_what_happens_later(personae):
    process = personae.process("events", "tail", "-n", "1", "--follow", "--type", "user.*")
    late = threading.Timer(120, process.kill)  # so that it fails, should it wait for ever
    late.start()
    process.stdout.readline()
    personae("admin", "create", "eve")
    assert "user.human.added" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    process.communicate()
    late.cancel()
    assert process.returncode == 130


def test_an_export_imported_elsewhere_has_the_same_checksum(personae, empty, tmp_path):
    file = str(tmp_path / "log.jsonl")
    personae("events", "export", file)
    told = empty.json("events", "import", file)
    assert told["written"] == personae.json("events", "checksum")["events"]
    assert empty.json("events", "checksum") == personae.json("events", "checksum")


def test_an_export_through_a_pipe_can_be_imported(personae, empty):
    process = personae.process("events", "export", "-")
    content, said = process.communicate()
    assert process.returncode == 0, said
    empty("events", "import", "-", given=content)
    assert empty.json("events", "checksum") == personae.json("events", "checksum")


def test_an_import_with_another_master_key_writes_nothing(personae, empty, tmp_path):
    file = str(tmp_path / "log.jsonl")
    personae("events", "export", file)
    told = empty("events", "import", file, code=1, PERSONAE_MASTERKEY="x" * 32)
    assert told.stderr.startswith("Error: the master key is not that of the store")
    assert empty.json("events", "checksum")["events"] == 0


def test_a_backup_is_restored_with_the_same_events_and_logins(personae, empty, tmp_path):
    file = str(tmp_path / "b.personae")
    made = personae.json("backup", file)
    told = empty.json("restore", file)
    assert told["restored"]["checksum"] == made["checksum"]
    assert empty.json("projections", "verify", "web_keys") == {"web_keys": []}
    assert "new password" in empty("admin", "reset-password", "admin").stdout


def test_a_restore_with_another_master_key_is_refused(personae, empty, tmp_path):
    file = str(tmp_path / "b.personae")
    personae("backup", file)
    told = empty("restore", file, code=1, PERSONAE_MASTERKEY="x" * 32)
    assert re.match(r"Error: this backup belongs to the master key [0-9a-f]{16}, not", told.stderr)
    assert MASTER not in told.stderr
    empty("restore", file)


def test_a_backup_with_a_key_that_is_not_the_stores_is_refused(personae, tmp_path):
    told = personae("backup", str(tmp_path / "b"), code=1, PERSONAE_MASTERKEY="x" * 32)
    assert "does not open the stored encryption keys" in told.stderr
    assert not (tmp_path / "b").exists()


def test_the_state_is_shown_as_it_was_after_a_sequence(personae):
    user = admin_id(personae)
    personae("admin", "reset-password", "admin")
    now, then = (
        personae.json("state", "user", user),
        personae.json("state", "user", user, "--at", "1"),
    )
    assert now["state"]["human.password_change_required"]
    assert not then["state"]["human.password_change_required"]
    assert not then["state"]["human.email.verified"]
    verified = now["events"][1]["changes"]
    assert verified == [{"field": "human.email.verified", "old": False, "new": True}]


def test_the_state_is_shown_as_it_was_at_a_time(personae):
    user = admin_id(personae)
    personae("admin", "reset-password", "admin")
    events = personae.json("state", "user", user)["events"]
    then = personae.json("state", "user", user, "--at", events[1]["created_at"])
    assert [one["sequence"] for one in then["events"]] == [1, 2]
    told = personae("state", "user", user, "--at", "2020-01-01", code=1)
    [line] = told.stderr.splitlines()
    assert line.startswith(f"Error: user {user} of instance ")
    assert " has no events then: the first is of 2" in line


def test_the_state_shows_no_secret(personae):
    told = personae("state", "user", admin_id(personae)).stdout
    assert 'human.password_hash: "********"' in told
    assert 'human.password_hash: - → "********"' in told
    assert "$argon2" not in told


def test_an_unknown_type_of_aggregate_names_those_there_are(personae):
    told = personae("state", "users", "1", code=1)
    assert "there is no aggregate type users: auth_request" in told.stderr


def test_a_password_may_come_from_standard_input(personae):
    told = personae("admin", "create", "eve", "--password-stdin", given="Correct-Horse-2\n")
    assert "password" not in told.stdout
    weak = personae("admin", "create", "adam", "--password-stdin", given="weak\n", code=1)
    assert len(weak.stderr.splitlines()) == 1
    assert weak.stderr.startswith("Error: ")


def test_a_locked_administrator_is_let_in_again(personae, sql):
    user = admin_id(personae)
    sql(
        "INSERT INTO events SELECT instance_id, aggregate_type, aggregate_id, 3, 1000 + position,"
        " 'user.locked', revision, owner, creator, now(), '{}' FROM events"
        f" WHERE aggregate_id = '{user}' AND sequence = 2"
    )
    sql("UPDATE heads SET position = 2000")
    assert personae.json("state", "user", user)["state"]["status"] == "LOCKED"
    told = personae.json("admin", "reset-password", "admin")
    assert (told["user_id"], len(told["password"]) >= 20) == (user, True)
    assert personae.json("state", "user", user)["state"]["status"] == "ACTIVE"


def test_an_unknown_user_is_not_rescued(personae):
    told = personae("admin", "reset-password", "adam", code=1)
    assert "has no user adam" in told.stderr


def test_a_folder_without_a_database_is_left_alone(tmp_path):
    nowhere = Commands("")
    told = nowhere("events", "tail", "--data", str(tmp_path / "typo"), code=1)
    assert told.stderr.startswith("Error: there is no database in ")
    assert not (tmp_path / "typo").exists()


def test_a_database_that_is_away_is_said_in_one_line():
    away = Commands("postgresql://nobody@127.0.0.1:1/none")
    told = away("projections", "status", code=1)
    assert told.stderr == "Error: the database: cannot connect: Connection refused\n"
