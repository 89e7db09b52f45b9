"""The contract of a log, on memory, on PostgreSQL, and as engines without NOTIFY want it.

These are serialisable and refuse with 40001 whoever met another transaction. So in that mode a
rival writes to the heads all the time: about every other append is refused and sent again.
"""

import asyncio
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from personae.actors.domain.kit import (
    Claim,
    Code,
    Foreign,
    Kind,
    Reason,
    Refusal,
    Release,
    Stream,
    event,
)
from personae.store.log import Commit, Part, Receipt, Repeated, Snapshot, WrongVersion
from personae.store.memory import MemoryLog
from personae.store.postgres import PostgresLog

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, UTC)
TAKEN = Reason("TEST-Taken", Code.ALREADY_EXISTS)


@event("test.noted")
class Noted:
    text: str
    number: int = 0


@dataclass(frozen=True)
class Notebook:
    notes: tuple[str, ...] = ()
    opened: datetime | None = None


NOTEBOOK = Kind("notebook", Notebook())


@pytest.fixture(params=["memory", "postgres", "portable"])
def log(request):
    if request.param == "memory":
        return MemoryLog()
    if request.param == "portable":
        request.getfixturevalue("rival")
        return PostgresLog(request.getfixturevalue("serialisable"))
    return PostgresLog(request.getfixturevalue("database"))


def book(id_="1", instance="A"):
    return Stream(instance, "notebook", id_)


def note(*texts, at=None, version=0, claims=(), releases=(), instance="A"):
    stream = at or book(instance=instance)
    return Commit(
        instance_id=stream.instance_id,
        parts=(Part(stream, version, "org", tuple(Noted(text=text) for text in texts)),),
        claims=tuple((Claim("name", value, TAKEN), stream.id) for value in claims),
        releases=tuple((Release("name", value), stream.id) for value in releases),
        creator="gigi",
        at=NOW,
    )


async def test_what_is_appended_is_read_back_with_sequence_and_position(log):
    done = await log.append(note("one", "two"))
    assert [(r.sequence, r.position, r.event.text) for r in done] == [(1, 1, "one"), (2, 2, "two")]
    assert await log.stream(book()) == await log.after("A", 0, 10) == done
    first = done[0]
    assert (first.owner, first.creator, first.created_at) == ("org", "gigi", NOW)


async def test_reads_begin_after_what_is_known(log):
    await log.append(note("one", "two", "three"))
    assert [r.event.text for r in await log.stream(book(), 1)] == ["two", "three"]
    assert [r.event.text for r in await log.after("A", 1, 1)] == ["two"]
    assert await log.stream(book("other")) == []


async def test_the_log_is_read_by_type(log):
    other = Part(book(), 1, "org", (Foreign("test.other", {"a": 1}),))
    await log.append(note("one"))
    await log.append(Commit(instance_id="A", parts=(other,), creator="", at=NOW))
    assert [r.position for r in await log.after("A", 0, 10, ["test.other"])] == [2]
    assert [r.position for r in await log.after("A", 0, 10, {"test.noted", "x"})] == [1]


async def test_instances_have_heads_of_their_own(log):
    assert await log.head("A") == 0
    await log.append(note("one", "two"))
    await log.append(note("one", instance="B"))
    assert (await log.head("A"), await log.head("B")) == (2, 1)
    assert await log.instances() == ["A", "B"]


async def test_a_stale_version_is_refused_and_writes_nothing(log):
    await log.append(note("one"))
    with pytest.raises(WrongVersion) as refused:
        await log.append(note("two", claims=["gigi"]))
    assert refused.value.stream == book()
    assert await log.head("A") == 1
    assert await log.holder("A", "name", "gigi") is None


async def test_a_claimed_name_has_a_holder_until_it_is_released(log):
    await log.append(note("one", claims=["gigi"]))
    assert await log.holder("A", "name", "gigi") == "1"
    await log.append(note("two", version=1, releases=["gigi"]))
    assert await log.holder("A", "name", "gigi") is None
    await log.append(note("one", at=book("2"), claims=["gigi"]))
    assert await log.holder("A", "name", "gigi") == "2"


async def test_several_names_are_looked_up_at_once(log):
    await log.append(note("one", claims=["gigi", "momo"]))
    await log.append(note("one", at=book("2"), claims=["beppo"]))
    found = await log.holders("A", "name", ["gigi", "beppo", "nobody", "%", "'"])
    assert found == {"gigi": "1", "beppo": "2"}
    assert await log.holders("A", "name", []) == {}
    assert await log.holders("B", "name", ["gigi"]) == {}


async def test_a_taken_name_is_refused_in_the_words_of_the_claim(log):
    await log.append(note("one", claims=["gigi"]))
    with pytest.raises(Refusal) as refused:
        await log.append(note("one", at=book("2"), claims=["free", "gigi"]))
    assert refused.value.reason is TAKEN
    assert await log.stream(book("2")) == []
    assert await log.holder("A", "name", "free") is None


async def test_names_of_instances_do_not_meet(log):
    await log.append(note("one", claims=["gigi"]))
    await log.append(note("one", claims=["gigi"], instance="B"))
    assert await log.holder("B", "name", "gigi") == "1"


async def test_the_release_of_anothers_name_is_ignored(log):
    await log.append(note("one", claims=["gigi"]))
    await log.append(note("one", at=book("2"), releases=["gigi", "never claimed"]))
    assert await log.holder("A", "name", "gigi") == "1"


async def test_a_name_released_and_claimed_at_once_stays(log):
    await log.append(note("one", claims=["gigi"]))
    await log.append(note("two", version=1, claims=["gigi"], releases=["gigi"]))
    assert await log.holder("A", "name", "gigi") == "1"


async def test_a_release_and_a_claim_that_wait_together_keep_their_order(log):
    await log.append(note("one", claims=["gigi"]))
    await asyncio.gather(
        log.append(note("two", version=1, releases=["gigi"])),
        log.append(note("one", at=book("2"), claims=["gigi"])),
        log.append(note("two", at=book("2"), version=1, releases=["gigi"])),
        log.append(note("one", at=book("3"), claims=["gigi"])),
    )
    assert await log.holder("A", "name", "gigi") == "3"


async def test_a_name_claimed_and_released_by_commits_that_wait_together_is_free(log):
    await asyncio.gather(
        log.append(note("one", claims=["gigi"])),
        log.append(note("two", version=1, releases=["gigi"])),
    )
    assert await log.holder("A", "name", "gigi") is None


async def test_one_of_many_gets_the_name(log):
    appends = (log.append(note("one", at=book(str(n)), claims=["gigi"])) for n in range(20))
    answers = await asyncio.gather(*appends, return_exceptions=True)
    won = [answer for answer in answers if isinstance(answer, list)]
    assert len(won) == 1
    assert {answer.reason for answer in answers if answer not in won} == {TAKEN}
    assert await log.head("A") == 1


async def test_several_streams_are_written_together_or_not_at_all(log):
    def both(version):
        parts = (Part(book("1"), 0, "org", (Noted(text="a"),)),
                 Part(book("2"), version, "org", (Noted(text="b"), Noted(text="c"))))  # fmt: skip
        return Commit(instance_id="A", parts=parts, creator="", at=NOW)

    await log.append(note("x", at=book("2")))
    with pytest.raises(WrongVersion):
        await log.append(both(0))
    assert await log.stream(book("1")) == []
    assert [r.position for r in await log.append(both(1))] == [2, 3, 4]


async def test_listeners_hear_every_event_in_order_before_the_appender(log):
    heard = []
    log.on_committed.append(lambda events: heard.extend(r.position for r in events))
    await asyncio.gather(*(log.append(note("x", "y", at=book(str(n)))) for n in range(30)))
    assert heard == list(range(1, 61))
    (last,) = await log.append(note("z", at=book("last")))
    assert heard[-1] == last.position


async def test_an_order_with_a_receipt_is_carried_out_once(log):
    receipt = Receipt("gigi", "key", 0, b"sealed \0")
    done = await log.append(replace(note("one"), receipt=receipt))
    again = [replace(note("one", version=n), receipt=receipt) for n in (0, 1)]
    for commit in again:
        with pytest.raises(Repeated):
            await log.append(commit)
    assert await log.stream(book()) == done
    assert await log.receipts("A", "gigi", "key") == [receipt]
    assert await log.receipts("A", "other", "key") == await log.receipts("B", "gigi", "key") == []


async def test_of_orders_with_one_receipt_that_wait_together_one_is_carried_out(log):
    receipt = Receipt("gigi", "key", 0, b"")
    commits = [replace(note("x", at=book(str(n))), receipt=receipt) for n in range(9)]
    answers = await asyncio.gather(*map(log.append, commits), return_exceptions=True)
    assert sum(isinstance(answer, list) for answer in answers) == 1 == await log.head("A")
    assert sum(isinstance(answer, Repeated) for answer in answers) == 8


async def test_receipts_are_kept_as_long_as_wanted(log):
    for step in (1, 0):
        receipt = Receipt("gigi", "key", step, b"")
        commit = note("x", at=book(str(step)))
        await log.append(replace(commit, receipt=receipt, at=NOW + timedelta(hours=step)))
    assert [receipt.step for receipt in await log.receipts("A", "gigi", "key")] == [0, 1]
    await log.drop_receipts(NOW + timedelta(minutes=1))
    assert [receipt.step for receipt in await log.receipts("A", "gigi", "key")] == [1]


async def test_text_that_cannot_be_stored_is_refused_alone(log):
    answers = await asyncio.gather(
        log.append(note("good")),
        log.append(note("nul \0", at=book("2"))),
        log.append(note("half \ud800", at=book("3"))),
        log.append(note("a backslash \\u0000 is fine", at=book("4"))),
        return_exceptions=True,
    )
    assert [getattr(answer, "id", "kept") for answer in answers] == [
        "kept", "REQUEST-Invalid", "REQUEST-Invalid", "kept",
    ]  # fmt: skip
    assert (await log.stream(book("4")))[0].event.text == "a backslash \\u0000 is fine"


async def test_a_foreign_event_keeps_type_and_payload(log):
    foreign = Foreign("of.another.release", {"a": [1, {"b": None}], "c": "ü"})
    part = Part(book(), 0, "org", (foreign,))
    await log.append(Commit(instance_id="A", parts=(part,), creator="", at=NOW))
    assert [r.event for r in await log.stream(book())] == [foreign]


async def test_no_position_is_missing_or_shared_whoever_is_refused(log):
    chance = random.Random(7)

    async def appender(n):
        mine = book(str(chance.randrange(60)))
        version = len(await log.stream(mine))
        await log.append(note("x", *"y" * (n % 3), at=mine, version=version, claims=[str(n % 90)]))

    answers = await asyncio.gather(*map(appender, range(200)), return_exceptions=True)
    assert all(isinstance(answer, WrongVersion | Refusal | None) for answer in answers)
    events = await log.after("A", 0, 5000)
    assert [r.position for r in events] == list(range(1, len(events) + 1))
    assert await log.head("A") == len(events) > 60
    for stream in {r.stream for r in events}:
        assert [r.sequence for r in await log.stream(stream)] == list(
            range(1, 1 + sum(r.stream == stream for r in events))
        )


def snapshot(sequence, state):
    return Snapshot(sequence, 7, "owner", NOW, NOW + timedelta(hours=1), state)


async def test_a_snapshot_is_found_again_and_never_goes_back(log):
    later = Notebook(notes=("a", "b"), opened=NOW + timedelta(days=1))
    await log.keep_snapshot(book(), NOTEBOOK, snapshot(2, later))
    await log.keep_snapshot(book(), NOTEBOOK, snapshot(1, Notebook()))
    assert await log.load_snapshot(book(), NOTEBOOK) == snapshot(2, later)
    assert await log.load_snapshot(book("other"), NOTEBOOK) is None


async def test_a_snapshot_of_who_does_not_know_all_events_is_not_looked_at(log):
    newer = Kind("notebook", NOTEBOOK.initial)
    newer.on(Noted)(lambda state, _event: state)
    try:
        await log.keep_snapshot(book(), NOTEBOOK, snapshot(2, NOTEBOOK.initial))
        assert await log.load_snapshot(book(), NOTEBOOK) is not None
        assert await log.load_snapshot(book(), newer) is None
    finally:
        Kind("notebook", NOTEBOOK.initial)


async def test_a_snapshot_of_another_shape_is_not_looked_at(log):
    @dataclass(frozen=True)
    class Notebook:  # the next release's
        notes: tuple[str, ...] = ()
        opened: datetime | None = None
        pages: int = 0

    await log.keep_snapshot(book(), NOTEBOOK, snapshot(2, NOTEBOOK.initial))
    try:
        assert await log.load_snapshot(book(), Kind("notebook", Notebook())) is None
    finally:
        Kind("notebook", NOTEBOOK.initial)


async def test_an_appender_that_goes_away_does_not_undo_its_commit(log):
    task = asyncio.ensure_future(log.append(note("one")))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await log.append(note("two", at=book("2")))
    assert [r.event.text for r in await log.after("A", 0, 10)] == ["one", "two"]


def test_a_commit_is_of_one_instance_has_an_event_and_a_time_zone():
    for broken in (
        {"parts": ()},
        {"parts": (Part(book(instance="B"), 0, "", (Noted(text=""),)),)},
        {"parts": note("x").parts, "at": NOW.replace(tzinfo=None)},
    ):
        with pytest.raises(ValueError, match="a commit"):
            Commit(**{"instance_id": "A", "creator": "", "at": NOW, **broken})
