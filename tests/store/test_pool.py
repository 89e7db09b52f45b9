"""The rules for aiopg (P-01 to P-12 of the reliability report): each fails without its rule."""

import asyncio
import contextlib
import gc
import socket
import time
from functools import partial

import pytest
from personae.store.connection import Connection
from personae.store.errors import (
    Conflict,
    DiskFull,
    QueryTimeout,
    SerializationFailure,
    StatementError,
    Unavailable,
)
from personae.store.pool import Database
from psycopg2.extensions import cursor, parse_dsn


@pytest.fixture
async def one(postgres_url):
    """A database with a single connection: whoever waits, waits for it."""
    database = Database(postgres_url, size=1)
    await database.open()
    yield database
    await database.close()


async def cancelled_in(awaitable, seconds=0.05):
    task = asyncio.ensure_future(awaitable)
    await asyncio.sleep(seconds)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def eventually(question, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not await question():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_rows_row_and_run(database):
    assert await database.rows("SELECT n FROM generate_series(1, 3) n") == [(1,), (2,), (3,)]
    assert await database.row("SELECT %s::text, %s::int", ("ü", None)) == ("ü", None)
    assert await database.row("SELECT 1 WHERE false") is None
    assert await database.run("INSERT INTO heads VALUES ('A', 1), ('B', 1)") == 2


async def test_a_statement_leaves_nothing_for_the_cyclic_collector(database):
    def held():
        return sum(isinstance(each, cursor) for each in gc.get_objects())

    gc.collect()
    before = held()
    gc.disable()
    try:
        for _ in range(20):
            await database.rows("SELECT n FROM generate_series(1, 3) n")
        async with database.transaction() as session:
            await session.run("SELECT 1")
        assert held() <= before
    finally:
        gc.enable()


async def test_p01_the_server_ends_the_statement_of_a_caller_who_left(database):
    await cancelled_in(database.rows("SELECT pg_sleep(30)"))
    alive = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(30%%'"

    async def gone():
        return await database.rows(alive) == []

    await eventually(gone)


async def test_p02_a_write_goes_on_when_its_caller_is_gone(database):
    slow = "INSERT INTO heads SELECT 'A', 1 FROM pg_sleep(0.2)"
    await cancelled_in(database.run(slow))
    await database.close()
    reader = Database(database.dsn, size=1)
    assert await reader.rows("SELECT instance_id FROM heads") == [("A",)]
    await reader.close()


async def test_p03_a_waiter_behind_a_cancelled_caller_is_served_at_once(one):
    holder = asyncio.ensure_future(cancelled_in(one.rows("SELECT pg_sleep(30)"), 0.2))
    await asyncio.sleep(0.05)
    started = time.monotonic()
    assert await one.row("SELECT 1") == (1,)
    assert time.monotonic() - started < 5.0
    await holder


async def test_p04_a_statement_cancelled_by_the_server_is_no_cancelled_task(postgres_url):
    database = Database(postgres_url, size=1, session={"statement_timeout": "50ms"})
    with pytest.raises(QueryTimeout) as late:
        await database.rows("SELECT pg_sleep(10)")
    assert not late.value.outcome_unknown
    assert await database.row("SELECT 1") == (1,)
    await database.close()


@pytest.mark.parametrize("turns", range(8))
async def test_p04_a_cancellation_that_meets_the_answer_is_not_lost(one, turns):
    task = asyncio.ensure_future(one.rows("SELECT 1"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    time.sleep(0.02)  # noqa: ASYNC251 — the answer arrives while the loop does not look
    for _ in range(turns):
        await asyncio.sleep(0)
    if task.cancel():
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await one.row("SELECT 2") == (2,)


async def test_p05_a_transaction_cannot_be_used_when_it_is_over(one):
    async with one.transaction() as session:
        await session.row("SELECT 1")
    with pytest.raises(RuntimeError, match="over"):
        await session.row("SELECT 1")


async def test_p06_transactions_commit_as_a_whole_or_roll_back(database):
    async with database.transaction("SERIALIZABLE") as session:
        assert await session.row("SHOW transaction_isolation") == ("serializable",)
        await session.run("INSERT INTO heads VALUES ('kept', 1)")
    with contextlib.suppress(ZeroDivisionError):
        async with database.transaction() as session:
            await session.run("INSERT INTO heads VALUES ('lost', 1)")
            raise ZeroDivisionError
    assert await database.rows("SELECT instance_id FROM heads") == [("kept",)]
    assert database.stats.discarded == 0


async def test_p06_a_transaction_cancelled_in_the_middle_rolls_back(database):
    async def half():
        async with database.transaction() as session:
            await session.run("INSERT INTO heads VALUES ('half', 1)")
            await session.run("SELECT pg_sleep(30)")

    await cancelled_in(half(), 0.2)
    assert await database.rows("SELECT * FROM heads") == []


async def test_p07_a_host_that_never_answers_is_given_up_in_time_and_then_refused_at_once():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://x@127.0.0.1:{silent.getsockname()[1]}/x"
        database = Database(url, connect_timeout=0.2)
        started = time.monotonic()
        with pytest.raises(Unavailable, match="in time"):
            await database.rows("SELECT 1")
        assert time.monotonic() - started < 5.0
        with pytest.raises(Unavailable, match="away"):
            await database.rows("SELECT 1")


async def test_p07_a_slow_database_is_given_more_time_while_nobody_waits(postgres_url):
    async with Door(postgres_url) as door:
        door.passing.clear()
        asyncio.get_running_loop().call_later(0.4, door.passing.set)
        database = Database(door.url, size=2, connect_timeout=0.2)
        await database.open()
        assert database.stats.idle == 2
        await database.close()


async def test_p07_the_pool_is_full_of_connections_once_open(database):
    assert (database.stats.opened, database.stats.idle) == (4, 4)
    await asyncio.gather(*(database.rows("SELECT 1") for _ in range(20)))
    assert database.stats.opened == 4


async def test_p07_a_host_with_several_addresses_is_reached_at_the_one_that_answers(postgres_url):
    async with Door(postgres_url) as door:
        hosts = f"127.0.0.2:{door.port},127.0.0.1:{door.port}"
        database = Database(f"postgresql://postgres@{hosts}/{door.name}", size=2)
        await database.open()
        assert await database.row("SELECT 1") == (1,)
        await database.close()


class Door:
    """A TCP port before PostgreSQL. While it is shut the database seems to hang.

    ``callers`` counts the connections made so far.
    """

    def __init__(self, url):
        words = parse_dsn(url)
        self.socket, self.name = f"{words['host']}/.s.PGSQL.5432", words["dbname"]
        self.callers = 0
        self.passing = asyncio.Event()
        self.passing.set()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._forward, "127.0.0.1")
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/{self.name}"
        return self

    async def __aexit__(self, *_):
        self.passing.set()
        self.server.close()

    async def _forward(self, reader, writer):
        self.callers += 1
        await self.passing.wait()
        inner = await asyncio.open_unix_connection(self.socket)
        await asyncio.gather(self._pump(reader, inner[1]), self._pump(inner[0], writer))

    async def _pump(self, reader, writer):
        while data := await reader.read(65536):
            await self.passing.wait()
            writer.write(data)
        writer.close()


async def test_p08_a_connection_left_in_a_transaction_is_not_used_again(one):
    await one.rows("BEGIN")
    assert one.stats.discarded == 1
    assert await one.row("SELECT pg_current_xact_id_if_assigned()") == (None,)


async def test_p08_a_cancelled_connection_is_not_used_again(one):
    (pid,) = await one.row("SELECT pg_backend_pid()")
    await cancelled_in(one.rows("SELECT pg_sleep(30)"))
    assert await one.row("SELECT pg_backend_pid()") != (pid,)


async def test_p09_connections_that_died_while_idle_are_replaced(database, postgres_url):
    await kill_all(postgres_url)
    await asyncio.sleep(0.05)
    answers = await asyncio.gather(*(database.row("SELECT 1") for _ in range(8)))
    assert answers == [(1,)] * 8


async def test_p09_half_open_connections_are_noticed(database):
    connection = database._idle[0].raw
    told = connection.get_dsn_parameters()
    assert (told["keepalives_idle"], told["tcp_user_timeout"]) == ("5", "5000")


async def test_p09_the_number_of_a_lost_connection_is_free_for_others(
    database, postgres_url, monkeypatch
):
    # As if a thread had opened a file under the number in the moment that libpq closed it.
    monkeypatch.setattr("aiopg.connection.select.select", lambda *_: ([], [], []))
    numbers = [connection.raw.fileno() for connection in database._idle]
    await kill_all(postgres_url)
    await asyncio.sleep(0.05)
    loop = asyncio.get_running_loop()
    assert [number for number in numbers if loop.remove_reader(number)] == []


async def test_p10_a_statement_may_have_a_limit_of_its_own(database):
    started = time.monotonic()
    with pytest.raises(QueryTimeout) as late:
        await database.rows("SELECT pg_sleep(10)", limit=0.1)
    assert late.value.outcome_unknown
    assert late.value.id == "SYSTEM-Unavailable"  # its caller has set no deadline
    assert time.monotonic() - started < 5.0


async def test_p11_a_database_that_hangs_is_found_out_once(postgres_url):
    async with Door(postgres_url) as door:
        database = Database(door.url, size=4, timeout=0.4, connect_timeout=0.2)
        await database.open()
        door.passing.clear()
        with pytest.raises(QueryTimeout):
            await database.rows("SELECT 1")
        callers = door.callers
        with pytest.raises(Unavailable, match="cannot connect"):  # no idle connection is tried
            await database.rows("SELECT 1")
        await asyncio.sleep(0.1)
        many = [asyncio.ensure_future(database.rows("SELECT 1")) for _ in range(4)]
        refused = await asyncio.gather(*many, return_exceptions=True)
        assert sorted("away" in str(each) for each in refused) == [False, True, True, True]
        assert door.callers - callers == 2  # that one, and one of the four
        assert database.stats.idle == 0
        door.passing.set()
        await eventually(partial(serves, database))
        await asyncio.gather(*(database.rows("SELECT 1") for _ in range(8)))
        await database.close()


async def test_p11_one_slow_statement_is_no_database_that_hangs(database):
    slow = asyncio.ensure_future(database.rows("SELECT pg_sleep(10)", limit=0.2))
    await asyncio.sleep(0.1)
    assert await database.row("SELECT 1") == (1,)
    with pytest.raises(QueryTimeout):
        await slow
    assert (database.stats.idle, database.stats.discarded) == (3, 1)


async def serves(database):
    try:
        return await database.row("SELECT 1") == (1,)
    except Unavailable:
        return False


async def test_p11_the_queue_before_the_pool_is_bounded_in_length_and_time(postgres_url):
    database = Database(postgres_url, size=1, waiting=2, patience=0.2)
    calls = [asyncio.ensure_future(database.rows("SELECT pg_sleep(0.4)")) for _ in range(6)]
    answers = await asyncio.gather(*calls, return_exceptions=True)
    reasons = [str(answer) for answer in answers[1:]]
    assert isinstance(answers[0], list)
    assert [("too many" in reason) for reason in reasons] == [False, False, True, True, True]
    assert [("in time" in reason) for reason in reasons] == [True, True, False, False, False]
    assert await database.row("SELECT 1") == (1,)
    await database.close()


async def test_p12_a_listener_hears_and_says_when_it_may_have_missed_something(
    database, postgres_url
):
    heard = database.listen("news")
    assert await anext(heard) is None
    await database.run("SELECT pg_notify('news', 'one')")
    assert await anext(heard) == "one"
    await kill_all(postgres_url)
    assert await asyncio.wait_for(anext(heard), 5) is None
    await database.run("SELECT pg_notify('news', 'two')")
    assert await anext(heard) == "two"
    await heard.aclose()


async def test_a_closed_pool_ends_its_listeners_and_serves_no_more(database):
    heard = database.listen("news")
    await anext(heard)
    waiting = asyncio.ensure_future(anext(heard, "ended"))
    await asyncio.sleep(0.05)
    await database.close()
    assert await asyncio.wait_for(waiting, 5) == "ended"
    with pytest.raises(Unavailable):
        await database.rows("SELECT 1")


@pytest.mark.parametrize("turns", range(0, 12, 2))
async def test_a_pool_closed_while_it_connects_leaves_no_connection_open(postgres_url, turns):
    database, watcher = Database(postgres_url, size=1), Database(postgres_url, size=1)
    asked = asyncio.ensure_future(database.rows("SELECT 1"))
    heard = asyncio.ensure_future(anext(database.listen("personae"), None))
    for _ in range(turns):
        await asyncio.sleep(0.0005)
    await database.close()
    await asyncio.wait([asked, heard], timeout=2)
    heard.cancel()
    asked.exception()
    await eventually(partial(alone, watcher), seconds=2.0)
    await watcher.close()


async def listened(database):
    async for _ in database.listen("personae"):
        pass


def asked_by_many(database):
    return asyncio.gather(*(database.rows("SELECT 1") for _ in range(4)))


@pytest.mark.parametrize("ask", [Database.open, asked_by_many, listened])
async def test_a_connect_cut_off_at_any_moment_leaves_no_connection_open(
    postgres_url, monkeypatch, ask
):
    made = []

    class Kept(Connection):  # nor is it closed because nobody holds it any more
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            made.append(self)

    watcher = Database(postgres_url, size=1)
    await watcher.open()
    monkeypatch.setattr("personae.store.connection.Connection", Kept)
    for turns in range(0, 120, 3):
        database = Database(postgres_url, size=4)
        asked, known = asyncio.ensure_future(ask(database)), len(made)
        for _ in range(turns):
            await asyncio.sleep(0)
        if turns % 2 and ask is Database.open:  # some stand, the others do not yet
            while not (asked.done() or any(each.raw.status for each in made[known:])):  # noqa: ASYNC110 — each turn of the loop counts
                await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        await database.close()
        await eventually(partial(alone, watcher))
    await watcher.close()


async def alone(database):
    others = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
    return await database.rows(f"{others} AND pid <> pg_backend_pid()") == []


async def test_long_results_arrive_whole_and_leave_others_a_turn(database):
    turns = 0

    async def others():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.ensure_future(others())
    rows = await database.rows("SELECT n FROM generate_series(1, 5001) n")
    task.cancel()
    assert rows == [(n,) for n in range(1, 5002)]
    assert turns > 10


async def test_errors_say_what_to_do_and_hold_no_values(database):
    await database.run("INSERT INTO heads VALUES ('hidden', 1)")
    with pytest.raises(Conflict) as conflict:
        await database.run("INSERT INTO heads VALUES ('hidden', 1)")
    assert conflict.value.constraint == "heads_pkey"
    with pytest.raises(StatementError) as wrong:
        await database.rows("SELECT %s::int", ("hidden",))
    assert wrong.value.sqlstate == "22P02"
    assert "hidden" not in f"{conflict.value} {wrong.value}"
    with pytest.raises(StatementError, match="42P01"):
        await database.rows("SELECT * FROM nowhere")
    with pytest.raises(StatementError, match="22021"):
        await database.rows("SELECT %s", ("nul \0",))


async def test_a_full_disk_is_known_for_a_while(database, monkeypatch):
    full = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$"
    database.room()
    for ask in (database.run(full), database.atomically(lambda session: session.run(full))):
        monkeypatch.setattr("personae.store.pool.FULL_SECONDS", 0.2)
        with pytest.raises(DiskFull) as refused:
            await ask
        assert refused.value.id == "SYSTEM-Unavailable"
        assert await database.row("SELECT 1") == (1,)  # reading goes on
        with pytest.raises(DiskFull):
            database.room()
        await asyncio.sleep(0.25)
        database.room()


async def test_a_serialisation_failure_has_a_name(database):
    async def increment(both_read):
        async with database.transaction("SERIALIZABLE") as session:
            await session.row("SELECT sum(position) FROM heads")
            await both_read.wait()
            await session.run("INSERT INTO heads SELECT gen_random_uuid()::text, 1")

    both_read = asyncio.Barrier(2)
    answers = await asyncio.gather(
        increment(both_read), increment(both_read), return_exceptions=True
    )
    assert [type(answer) for answer in answers if answer] == [SerializationFailure]


async def test_a_connection_lost_under_a_statement_leaves_its_outcome_unknown(
    database, postgres_url
):
    task = asyncio.ensure_future(database.rows("SELECT pg_sleep(30)"))
    await asyncio.sleep(0.1)
    await kill_all(postgres_url)
    with pytest.raises(Unavailable) as lost:
        await task
    assert lost.value.outcome_unknown


async def test_cancelled_callers_leave_the_pool_whole(database):
    tasks = [asyncio.ensure_future(database.rows("SELECT pg_sleep(0.05)")) for _ in range(60)]
    await asyncio.sleep(0.08)
    for task in tasks[::2]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    with contextlib.suppress(Unavailable):
        await asyncio.gather(*(database.rows("SELECT 1") for _ in range(8)))
    stats = database.stats
    assert (stats.busy, stats.waiting) == (0, 0)
    assert stats.idle <= stats.size
    assert database._turns._value == stats.size


async def kill_all(url):
    other = Database(url, size=1)
    await other.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await other.close()
