"""What engines without NOTIFY ask for: serialisable transactions, sent again when they met another."""

import asyncio
import re
from pathlib import Path

import pytest
from personae.store.errors import SerializationFailure
from personae.store.migrate import Migration, migrate, shipped
from personae.store.pool import Database
from personae.store.postgres import PostgresLog

from tests.store.test_log_contract import book, note

ROOT = Path(__file__).parents[2]
OURS_ALONE = re.compile(
    r"pg_\w*advisory|CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE|TRIGGER)|LOCK TABLE|\bctid\b"
    r"|plpgsql|\bxmin\b|pg_notify|\bLISTEN\b"
)


async def test_the_session_is_serialisable(serialisable):
    assert await serialisable.row("SHOW transaction_isolation") == ("serializable",)


async def test_appends_that_meet_another_process_are_sent_again(serialisable, rival):
    log = PostgresLog(serialisable)
    for round_ in range(20):
        await asyncio.gather(
            *(log.append(note("x", at=book(f"{round_}-{n}"))) for n in range(5)),
        )
    assert serialisable.stats.repeated > 0
    assert await rival.row("SELECT count(*), max(position) FROM events") == (100, 100)


async def test_two_serialisable_processes_write_without_gaps(serialisable, postgres_url):
    other = Database(postgres_url, size=2, isolation="SERIALIZABLE")
    logs = PostgresLog(serialisable), PostgresLog(other)
    for round_ in range(20):
        await asyncio.gather(
            *(log.append(note("x", at=book(f"{round_}-{n}"))) for n, log in enumerate(logs))
        )
    assert serialisable.stats.repeated + other.stats.repeated > 0
    assert await other.row("SELECT count(*), max(position) FROM events") == (40, 40)
    await other.close()


async def test_a_transaction_that_met_another_is_run_again_from_its_beginning(serialisable):
    both_read, runs = asyncio.Barrier(2), []

    async def increment(session):
        (total,) = await session.row("SELECT coalesce(sum(position), 0)::int FROM heads")
        runs.append(total)
        if len(runs) <= 2:
            await both_read.wait()
        await session.run("INSERT INTO heads VALUES (%s, %s)", (f"{len(runs)}", total + 1))

    await asyncio.gather(serialisable.atomically(increment), serialisable.atomically(increment))
    # Who is refused may begin again before the other has committed, sees nothing of it and is
    # refused once more: how often is the engine's business, that it ends on what was committed ours.
    assert runs[:2] == [0, 0]
    assert set(runs[2:-1]) <= {0}
    assert runs[-1] == 1
    assert await serialisable.row("SELECT sum(position)::int FROM heads") == (3,)


async def test_what_always_meets_another_is_given_up(serialisable, monkeypatch):
    monkeypatch.setattr("personae.store.pool.FIRST_PAUSE", 0.0)
    runs = []

    async def refused(session):
        runs.append(1)
        await session.run("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")

    with pytest.raises(SerializationFailure):
        await serialisable.atomically(refused)
    assert len(runs) == 12


async def test_serialisable_processes_that_start_together_apply_each_file_once(bare_url):
    both = [Database(bare_url, size=2, isolation="SERIALIZABLE") for _ in range(2)]
    slow = [*shipped(), Migration(9999, "slow", "SELECT pg_sleep(0.1); CREATE TABLE made_once ()")]
    assert await asyncio.gather(*(migrate(one, slow) for one in both)) == [9999, 9999]
    for one in both:
        await one.close()


async def test_many_that_make_the_record_in_the_same_moment_all_find_it(bare_url):
    many = [Database(bare_url, size=1, isolation="SERIALIZABLE") for _ in range(6)]
    for _ in range(20):
        only = [Migration(1, "one", "SELECT 1")]
        assert await asyncio.gather(*(migrate(one, only) for one in many)) == [1] * 6
        await many[0].run("DROP TABLE migrations")
    for one in many:
        await one.close()


def test_only_the_lane_and_the_listener_use_what_other_engines_lack():
    files = [
        file
        for folder in ("store", "projections", "actors", "http", "config")
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".py", ".sql"}
    ]
    found = {
        f"{file.relative_to(ROOT)}: {match}"
        for file in files
        for match in OURS_ALONE.findall(file.read_text())
    }
    assert found == {
        "store/lane.py: pg_notify",
        "store/pool.py: LISTEN",
        "store/witnesses.py: pg_notify",
    }
