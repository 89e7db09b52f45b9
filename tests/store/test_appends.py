"""Whatever is appended at once, by two processes of two instances: nothing is lost, twice or half.

Each example is some rounds of orders that begin together: with versions that may be stale, names
that others want too, and callers that go away. What they were told is then held against the log.
"""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import chain, count
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from personae.actors.domain.kit import Claim, Refusal, Release
from personae.actors.domain.kit.refusal import CONTENDED, UNAVAILABLE
from personae.store.lane import Limits
from personae.store.log import Commit, OutcomeUnknown, Part, WrongVersion
from personae.store.memory import MemoryLog
from personae.store.pool import Database
from personae.store.postgres import PostgresLog

from tests.store.test_log_contract import NOW, TAKEN, Noted, book

SMALL = Limits(events=5)
"""Several flushes are under way and wait."""

LATE = {CONTENDED, UNAVAILABLE}
"""What somebody may be told whom others were in the way of for too long."""

_numbers = count(1)


@dataclass(frozen=True)
class Order:
    """What somebody wants; ``stale``: how many events they missed, ``leaves``: after how long."""

    process: int
    instance: str
    streams: tuple[str, ...]
    events: int
    stale: int
    claims: frozenset[str]
    everywhere: frozenset[str]
    releases: frozenset[str]
    begins: float
    leaves: float | None


class Told(NamedTuple):
    commit: Commit
    answer: object


MOMENTS = st.sampled_from([0, 0.0005, 0.001, 0.002, 0.004])
NAMES = st.frozensets(st.sampled_from("ab"), max_size=2)
ORDER = st.builds(
    Order,
    process=st.sampled_from([0, 1]),
    instance=st.sampled_from("AB"),
    streams=st.lists(st.sampled_from("123"), min_size=1, max_size=2, unique=True).map(tuple),
    events=st.integers(1, 3),
    stale=st.sampled_from([0, 0, 0, 1, 2]),
    claims=NAMES,
    everywhere=st.frozensets(st.sampled_from("cd"), max_size=1),
    releases=NAMES,
    begins=MOMENTS,
    leaves=st.none() | MOMENTS,
)
ROUNDS = st.lists(st.lists(ORDER, min_size=4, max_size=16), min_size=1, max_size=3)


@asynccontextmanager
async def _two(url, **options):
    async with AsyncExitStack() as stack:
        databases = [Database(url, size=3, **options) for _ in range(2)]
        for database in databases:
            stack.push_async_callback(database.close)
            await database.open()
        yield databases


@pytest.fixture
async def databases(postgres_url):
    async with _two(postgres_url) as databases:
        yield databases


@pytest.fixture
async def serialisables(postgres_url, rival):
    async with _two(postgres_url, isolation="SERIALIZABLE") as databases:
        yield databases


@pytest.fixture(params=["memory", "databases", "serialisables"])
def stores(request):
    """The databases of two processes, none for a log in memory, which has one."""
    return () if request.param == "memory" else request.getfixturevalue(request.param)


def commit_of(order, number, versions):
    """Return the commit of an order; ``number`` is its creator, by which its events are found."""
    parts = tuple(
        Part(stream, version, "org", tuple(Noted(text=f"{n}") for n in range(order.events)))
        for stream, version in versions.items()
    )
    holder = parts[0].stream.id
    names = [Claim("name", value, TAKEN) for value in sorted(order.claims)]
    names += [Claim("site", value, TAKEN, everywhere=True) for value in sorted(order.everywhere)]
    return Commit(
        instance_id=parts[0].stream.instance_id,
        parts=parts,
        claims=tuple((name, holder) for name in names),
        releases=tuple((Release("name", value), holder) for value in sorted(order.releases)),
        creator=f"{number}",
        at=NOW,
    )


async def carried_out(log, order, example):
    """Append as somebody does who read the streams before, and may not wait for the answer."""
    await asyncio.sleep(order.begins)
    streams = [book(id_, f"{example}{order.instance}") for id_ in order.streams]
    versions = {each: max(0, len(await log.stream(each)) - order.stale) for each in streams}
    commit = commit_of(order, next(_numbers), versions)
    appending = asyncio.ensure_future(log.append(commit))
    if order.leaves is not None:
        await asyncio.sleep(order.leaves)
        appending.cancel()
    (answer,) = await asyncio.gather(appending, return_exceptions=True)
    return Told(commit, answer)


def assert_no_gaps(events):
    assert [each.position for each in events] == list(range(1, len(events) + 1))
    for stream in {each.stream for each in events}:
        sequences = [each.sequence for each in events if each.stream == stream]
        assert sequences == list(range(1, len(sequences) + 1))


def assert_as_told(told, found):
    """Hold an answer against the events that the log has of its commit."""
    commit, answer = told
    wanted = [(part.stream, each) for part in commit.parts for each in part.events]
    if isinstance(answer, list):
        assert answer == found
    elif not isinstance(answer, asyncio.CancelledError | OutcomeUnknown):
        assert found == []
    if found:
        assert [(each.stream, each.event) for each in found] == wanted
        assert found[-1].position - found[0].position == len(wanted) - 1


def assert_refused_with_reason(told, commits):
    """Somebody wrote what a stale commit wanted to write, or held a name once that was taken."""
    commit, answer = told
    if isinstance(answer, WrongVersion):
        written = {
            (part.stream, part.version + n)
            for each in commits
            for part in each.parts
            for n, _ in enumerate(part.events)
        }
        (part,) = [part for part in commit.parts if part.stream == answer.stream]
        assert any((part.stream, part.version + n) in written for n, _ in enumerate(part.events))
    elif isinstance(answer, Refusal) and answer.reason is TAKEN:
        assert any(not commit.taken.keys().isdisjoint(each.taken) for each in commits)
    else:
        assert isinstance(answer, list | asyncio.CancelledError) or answer.reason in LATE


def holders_after(commits):
    """Return who holds which name after commits in their order; none was taken while it was held."""
    held = {}
    for commit in commits:
        for name, holder in commit.given_back.items():
            if held.get(name) == holder:
                del held[name]
        for name, (_, holder) in commit.taken.items():
            assert name not in held
            held[name] = holder
    return held


async def assert_names(log, instance, held):
    for kind, values in (("name", "ab"), ("site", "cd")):
        of = "" if kind == "site" else instance
        for value in values:
            assert await log.holder(of, kind, value) == held.get((of, kind, value))


async def run(logs, rounds, example):
    told = []
    for orders in rounds:
        orders_there = (carried_out(logs[order.process], order, example) for order in orders)
        told += await asyncio.gather(*orders_there)
    for log in logs:
        if isinstance(log, PostgresLog):
            await log.close()  # commits whose callers have gone are settled, too
    return told


# An example has instances of its own, so it may share the databases with those before it.
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=ROUNDS)
async def test_what_was_acknowledged_is_there_once_and_what_was_refused_is_not(stores, rounds):
    example = next(_numbers)
    for database in stores[:1]:
        await database.run("DELETE FROM claims WHERE instance_id = ''")
    logs = [PostgresLog(each, limits=SMALL) for each in stores] or [MemoryLog()] * 2
    told = await run(logs, rounds, example)
    histories = [await logs[0].after(f"{example}{instance}", 0, 5000) for instance in "AB"]
    for events in histories:
        assert_no_gaps(events)
    by_creator = {each.commit.creator: each.commit for each in told}
    creators = dict.fromkeys(one.creator for one in chain(*histories))
    committed = [by_creator[creator] for creator in creators]
    for each in told:
        mine = [one for one in chain(*histories) if one.creator == each.commit.creator]
        assert_as_told(each, mine)
        assert_refused_with_reason(each, committed)
    held = holders_after(committed)
    for log, instance in zip(logs, "AB", strict=True):
        await assert_names(log, f"{example}{instance}", held)
        events = histories["AB".index(instance)]
        assert await log.head(f"{example}{instance}") == len(events)
        for stream in {one.stream for one in events}:
            assert await log.stream(stream) == [one for one in events if one.stream == stream]
