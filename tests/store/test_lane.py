"""What only a real database shows: processes that share it, connections that die, full queues."""

import asyncio
import gc
import random
import string
from contextlib import suppress

import pytest
from personae.actors.domain.kit import Foreign, Refusal
from personae.actors.domain.kit.refusal import CONTENDED, OVERLOADED, UNAVAILABLE
from personae.store import postgres
from personae.store.errors import Conflict
from personae.store.lane import CHANNEL, Limits
from personae.store.log import Commit, OutcomeUnknown, Part, WrongVersion
from personae.store.pool import Database
from personae.store.postgres import PostgresLog

from tests.store.test_log_contract import NOW, TAKEN, book, note

SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_sleep(%s); RETURN NULL; END $$;
CREATE TRIGGER slow AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION slow()
"""


@pytest.fixture
async def log(database):
    return PostgresLog(database)


@pytest.fixture
async def admin(postgres_url):
    """Another way to the same database."""
    database = Database(postgres_url, size=2)
    yield database
    await database.close()


async def writers(admin):
    sql = "SELECT pid FROM pg_stat_activity WHERE query LIKE '%%INSERT INTO heads%%' AND pid <> pg_backend_pid()"
    return [pid for (pid,) in await admin.rows(sql + " AND state = 'active'")]


async def kill_writer(admin):
    for _ in range(200):
        if pids := await writers(admin):
            await admin.rows("SELECT pg_terminate_backend(%s)", (pids[0],))
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody writes")


async def test_commits_that_arrive_during_a_flush_share_the_next_one(log, database, admin):
    answers = await asyncio.gather(*(log.append(note("x", at=book(str(n)))) for n in range(100)))
    assert sorted(answer[0].position for answer in answers) == list(range(1, 101))
    transactions = await admin.rows("SELECT DISTINCT xmin::text FROM events")
    assert len(transactions) <= 2


async def test_every_flush_is_told_with_its_size_and_its_time(database):
    flushes = []
    log = PostgresLog(database, limits=Limits(events=10), on_flush=flushes.append)
    await asyncio.gather(*(log.append(note("x", at=book(str(n)))) for n in range(30)))
    assert [flush.commands for flush in flushes] == [10, 10, 10]
    assert all(0 < flush.seconds <= flush.waited for flush in flushes)
    assert flushes[0].waited < flushes[-1].waited


async def test_a_name_too_long_for_an_index_is_refused_alone(log):
    endless = "".join(random.Random(7).choices(string.ascii_letters, k=20_000))
    answers = await asyncio.gather(
        log.append(note("good", claims=["short"])),
        log.append(note("bad", at=book("2"), claims=[endless])),
        return_exceptions=True,
    )
    assert [getattr(answer, "id", "kept") for answer in answers] == ["kept", "REQUEST-Invalid"]


async def test_a_flush_has_a_limit_of_events_and_of_bytes(database, admin):
    log = PostgresLog(database, limits=Limits(events=10, bytes=1000))
    await asyncio.gather(*(log.append(note("x", at=book(str(n)))) for n in range(30)))
    await asyncio.gather(*(log.append(note("y" * 600, at=book(f"b{n}"))) for n in range(3)))
    sizes = [n for (n,) in await admin.rows("SELECT count(*) FROM events GROUP BY xmin::text")]
    assert len(sizes) >= 6
    assert max(sizes) <= 10


async def test_a_commit_larger_than_a_flush_goes_alone_and_whole(database, admin):
    log = PostgresLog(database, limits=Limits(events=10))
    await asyncio.gather(log.append(note("x", at=book("2"))), log.append(note(*"y" * 25)))
    assert await admin.rows("SELECT count(*) FROM events GROUP BY xmin::text ORDER BY 1") == [
        (1,), (25,),
    ]  # fmt: skip


async def test_only_the_culprits_of_a_flush_are_refused(log):
    await log.append(note("x", at=book("old"), claims=["gigi"]))
    answers = await asyncio.gather(
        *(log.append(note("x", at=book(str(n)))) for n in range(20)),
        log.append(note("stale", at=book("old"))),
        log.append(note("taken", at=book("other"), claims=["gigi"])),
        *(log.append(note("x", at=book(str(n)))) for n in range(20, 40)),
        return_exceptions=True,
    )
    stale, taken = answers[20:22]
    assert isinstance(stale, WrongVersion)
    assert taken.reason is TAKEN
    assert all(isinstance(answer, list) for answer in answers[:20] + answers[22:])
    assert await log.head("A") == 41


async def test_a_refused_commit_leaves_nothing_for_the_collector_of_cycles(log):
    await log.append(note("x", at=book("old")))

    async def refuse_some():
        for _ in range(20):
            with suppress(WrongVersion):
                await log.append(note("stale", at=book("old")))

    await refuse_some()
    gc.collect()
    gc.disable()
    try:
        await refuse_some()
        assert gc.collect() < 20
    finally:
        gc.enable()


async def test_however_many_come_too_late_a_flush_costs_a_few_statements(database):
    counted = Counts(database)
    log = PostgresLog(counted)
    await asyncio.gather(
        *(log.append(note("x", claims=[f"{n}"], at=book(f"{n}"))) for n in range(9))
    )
    for statements in (3, 2, 2):  # refused, asked, written; from then on asked first
        names = range(counted.statements * 1000, counted.statements * 1000 + 20)
        counted.statements = 0
        late = [note("x", at=book(f"late {n}"), claims=[f"{n % 9}"]) for n in range(100)]
        stale = [note("x", at=book(f"{n}")) for n in range(9)]
        good = [note("x", at=book(f"{n}"), claims=[f"{n}"]) for n in names]
        answers = await asyncio.gather(
            *map(log.append, late + stale + good), return_exceptions=True
        )
        assert {answer.reason for answer in answers[:100]} == {TAKEN}
        assert all(isinstance(answer, WrongVersion) for answer in answers[100:109])
        assert len(answers[109:]) == 20 == sum(len(answer) for answer in answers[109:])
        assert counted.statements == statements
    counted.statements = 0
    await asyncio.gather(*(log.append(note("x", at=book(f"last {n}"))) for n in range(9)))
    await log.append(note("x", at=book("last")))
    assert counted.statements == 3  # nobody came too late: the next is not asked first


async def test_a_race_for_one_name_costs_a_few_statements(database):
    counted = Counts(database)
    log = PostgresLog(counted)
    race = [note("x", at=book(f"{n}"), claims=["gigi"]) for n in range(200)]
    answers = await asyncio.gather(*map(log.append, race), return_exceptions=True)
    assert isinstance(answers[0], list)
    assert {answer.reason for answer in answers[1:]} == {TAKEN}
    assert counted.statements == 4  # refused, asked, the first written, asked about the others


async def test_who_wanted_the_same_as_one_that_was_not_written_is_tried_after_it(database):
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    log = PostgresLog(database)
    await log.append(note("x", claims=["momo"]))
    for known in (False, True):  # that some come too late
        late = note("x", at=book("late"), claims=["momo"])
        beyond = note("x", at=book("beyond"), claims=[f"{known}"], version=2**63)
        good = note("x", at=book(f"{known}"), claims=[f"{known}"])
        answers = await asyncio.gather(
            *map(log.append, (late, beyond, good)), return_exceptions=True
        )
        assert answers[0].reason is TAKEN
        assert answers[1].id == "REQUEST-Invalid"
        assert len(answers[2]) == 1


async def test_one_whose_obstacle_goes_away_is_told_to_try_again(database, admin):
    log = PostgresLog(FreesNames(database, admin))
    await log.append(note("x", claims=["gigi"]))
    with pytest.raises(Refusal) as refused:
        await log.append(note("x", at=book("2"), claims=["gigi"]))
    assert refused.value.reason is CONTENDED
    assert (await log.append(note("x", at=book("2"), claims=["gigi"])))[0].position == 2


async def test_a_stale_appender_learns_of_its_version_before_its_names(log):
    await log.append(note("x", claims=["gigi"]))
    with pytest.raises(WrongVersion):
        await log.append(note("x", claims=["gigi"]))


async def test_a_full_queue_sheds_load_and_serves_again(database):
    log = PostgresLog(database, limits=Limits(queued=10))
    appends = [log.append(note("x", at=book(str(n)))) for n in range(30)]
    answers = await asyncio.gather(*appends, return_exceptions=True)
    assert {answer.reason for answer in answers if isinstance(answer, Refusal)} == {OVERLOADED}
    assert sum(isinstance(answer, list) for answer in answers) == 10 == await log.head("A")
    await log.append(note("x", at=book("later")))


async def test_two_processes_write_without_gaps_and_each_stream_has_one_winner(
    log, admin, postgres_url
):
    other = PostgresLog(admin)
    appends = [
        each.append(note("x", at=book(f"{n}"), claims=[f"{n % 40}"]))
        for n in range(100)
        for each in (log, other)
    ]
    answers = await asyncio.gather(*appends, return_exceptions=True)
    won = [answer[0] for answer in answers if isinstance(answer, list)]
    assert len(won) == 40 == len({recorded.stream for recorded in won})
    assert sorted(r.position for r in won) == list(range(1, 41))
    assert await admin.row("SELECT count(*), max(position) FROM events") == (40, 40)


async def test_an_append_is_tried_again_when_its_connection_died_before_the_commit(log, admin):
    await admin.run(SLOW, (0.3,))
    append = asyncio.ensure_future(log.append(note("one", claims=["gigi"])))
    await kill_writer(admin)
    (recorded,) = await append
    assert recorded.position == 1
    assert await admin.row("SELECT count(*), max(position) FROM events") == (1, 1)


async def test_an_append_that_had_committed_when_the_answer_was_lost_is_acknowledged_once(
    database, admin
):
    log = PostgresLog(LosesAnswers(database, 1))
    heard = []
    log.on_committed.append(heard.extend)
    one, two = await asyncio.gather(
        log.append(note("one", "two", claims=["gigi"])), log.append(note("x", at=book("2")))
    )
    assert [r.position for r in one + two] == [1, 2, 3] == [r.position for r in heard]
    assert await log.after("A", 0, 10) == one + two
    assert await log.head("A") == 3


async def test_a_lost_answer_does_not_make_anothers_event_ours(database):
    await PostgresLog(database).append(note("theirs"))
    log = PostgresLog(LosesAnswers(database, 1, commits=False))
    answers = await asyncio.gather(
        log.append(note("ours")), log.append(note("x", at=book("2"))), return_exceptions=True
    )
    assert isinstance(answers[0], WrongVersion)
    assert answers[1][0].position == 2


async def test_an_outcome_that_stays_unknown_is_said_to_be_unknown(database):
    log = PostgresLog(LosesAnswers(database, 10**6), limits=Limits(seconds=0.2))
    with pytest.raises(OutcomeUnknown) as unknown:
        await log.append(note("one"))
    assert unknown.value.reason is UNAVAILABLE
    assert len(await PostgresLog(database).stream(book())) == 1


async def test_a_database_that_is_away_refuses_without_doubt():
    database = Database("postgresql://x@/x?host=/nowhere")
    with pytest.raises(Refusal) as away:
        await PostgresLog(database).append(note("one"))
    assert away.value.reason is UNAVAILABLE
    assert not isinstance(away.value, OutcomeUnknown)


async def test_a_fault_in_a_listener_is_not_the_appenders(log):
    faults, heard = [], []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    log.on_committed += [lambda events: 1 / 0, heard.extend]
    await log.append(note("one"))
    assert isinstance(faults[0]["exception"], ZeroDivisionError)
    assert len(heard) == 1


async def test_other_processes_are_told_the_position(database, admin):
    news = admin.listen(CHANNEL)
    assert await anext(news) is None
    await PostgresLog(database, notify=True).append(note("one", "two"))
    assert await asyncio.wait_for(anext(news), 5) == "A:2"
    await news.aclose()


async def test_a_head_that_is_behind_its_events_is_an_internal_fault(log, admin):
    faults = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    await log.append(note("one"))
    await admin.run("UPDATE heads SET position = 0")
    with pytest.raises(Refusal, match="SYSTEM-Internal"):
        await log.append(note("two", version=1))
    assert "head" in faults[0]["message"]


async def test_values_out_of_postgresqls_range_are_refused_alone(log):
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    beyond = note("x", at=book("2"), version=2**63)
    answers = await asyncio.gather(
        log.append(note("good")), log.append(beyond), return_exceptions=True
    )
    assert answers[0][0].position == 1
    assert answers[1].id == "REQUEST-Invalid"


async def test_rare_types_are_found_window_by_window(log, monkeypatch):
    monkeypatch.setattr(postgres, "WINDOW", 4)
    for version in range(0, 30, 10):
        await log.append(note(*"x" * 9, version=version))
        foreign = (Foreign("test.rare", {}),)
        parts = (Part(book(), version + 9, "", foreign),)
        await log.append(Commit(instance_id="A", parts=parts, creator="", at=NOW))
    assert [r.position for r in await log.after("A", 0, 9, ["test.rare"])] == [10, 20, 30]
    assert [r.position for r in await log.after("A", 10, 1, ["test.rare"])] == [20]


async def test_a_long_stream_is_read_whole_in_pages(log, admin):
    await log.append(note("first"))
    await admin.run(
        "INSERT INTO events SELECT instance_id, aggregate_type, aggregate_id, n, n, event_type,"
        " revision, owner, creator, created_at, payload FROM events, generate_series(2, 12001) n"
    )
    events = await log.stream(book())
    assert [r.sequence for r in events] == list(range(1, 12002))
    assert len(await log.after("A", 0, 10**6)) == 5000


class Counts:
    """A database that counts statements."""

    def __init__(self, database):
        self._database, self.statements = database, 0

    def __getattr__(self, name):
        return getattr(self._database, name)

    async def rows(self, sql, params=None, *, limit=0):
        self.statements += 1
        return await self._database.rows(sql, params, limit=limit)


class FreesNames(Counts):
    """A database where somebody gives all names back whenever a flush was refused."""

    def __init__(self, database, admin):
        super().__init__(database)
        self._admin = admin

    async def rows(self, sql, params=None, *, limit=0):
        try:
            return await super().rows(sql, params, limit=limit)
        except Conflict:
            await self._admin.run("DELETE FROM claims")
            raise


class LosesAnswers:
    """A database whose connection dies with the answer of its first statements.

    ``commits``: they are committed before, else they never arrive.
    """

    def __init__(self, database, times, *, commits=True):
        self._database, self._times, self._commits = database, times, commits

    def __getattr__(self, name):
        return getattr(self._database, name)

    async def rows(self, sql, params=None, *, limit=0):
        if self._times == 0:
            return await self._database.rows(sql, params, limit=limit)
        self._times -= 1
        death = "SELECT pg_terminate_backend(pg_backend_pid())"
        if not self._commits:
            return await self._database.rows(death)
        return await self._database.rows(f"{sql}; COMMIT; {death}", params)
