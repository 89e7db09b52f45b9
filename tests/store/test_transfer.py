"""A log as a file: out, in, continued, refused."""

import asyncio

import orjson
import pytest
from personae.store.arrival import load
from personae.store.crypto import Area, Keyring, MasterKeyError
from personae.store.ledger import totals
from personae.store.migrate import migrate
from personae.store.pool import Database
from personae.store.postgres import PostgresLog
from personae.store.transfer import TransferError, export

from tests.store.histories import claims_of, write_history

pytestmark = pytest.mark.store
MASTER = b"m" * 32


@pytest.fixture
async def target(bare_url):
    """A second, empty store."""
    database = Database(bare_url, size=3)
    await database.open()
    await migrate(database)
    yield database
    await database.close()


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch):
    for module in ("ledger", "transfer", "arrival"):
        monkeypatch.setattr(f"personae.store.{module}.PAGE", 10)


@pytest.fixture
async def source(database):
    await Keyring.load(database, MASTER)
    await write_history(database, "i1", 37)
    await write_history(database, "i2", 12)
    return database


async def exported(database, **options):
    out = []
    await export(database, out.append, **options)
    return b"".join(out).splitlines(keepends=True)


async def test_an_export_in_an_empty_store_is_the_same_history(source, target):
    moved = await load(target, await exported(source), MASTER)
    assert (moved.events, moved.written) == (49, 49)
    assert await totals(target) == await totals(source)
    assert await claims_of(target) == await claims_of(source)


async def test_what_the_source_sealed_opens_in_the_target(source, target):
    sealed = (await Keyring.load(source, MASTER)).seal(Area.OTP, b"secret", "i1")
    await load(target, await exported(source), MASTER)
    assert (await Keyring.load(target, MASTER)).open(Area.OTP, sealed, "i1") == b"secret"


async def test_the_target_goes_on_where_the_source_was(source, target):
    await load(target, await exported(source), MASTER)
    await write_history(target, "i1", 3, first=37)
    assert await PostgresLog(target).head("i1") == 40


async def test_a_later_export_continues_the_target_and_its_names(source, target):
    await load(target, await exported(source), MASTER)
    await write_history(source, "i1", 20, first=37)
    await load(target, await exported(source, instance_id="i1", after=37), MASTER)
    assert await totals(target) == await totals(source)
    assert await claims_of(target) == await claims_of(source)


async def test_an_import_that_was_cut_off_shows_nothing_and_is_continued(source, target):
    lines = await exported(source)
    with pytest.raises(TransferError, match="ends early, after position 26 of instance i1"):
        await load(target, [*lines[:28], lines[28][:20]], MASTER)
    assert await PostgresLog(target).instances() == []
    moved = await load(target, lines, MASTER)
    assert moved.written == 49 - 26
    assert await totals(target) == await totals(source)


async def test_an_export_that_was_cut_off_is_continued_by_position(source, target):
    with pytest.raises(TransferError):
        await load(target, (await exported(source, instance_id="i1"))[:22], MASTER)
    await load(target, await exported(source, instance_id="i1", after=20), MASTER)
    assert await PostgresLog(target).head("i1") == 37


async def test_importing_twice_changes_nothing(source, target):
    lines = await exported(source)
    await load(target, lines, MASTER)
    assert (await load(target, lines, MASTER)).written == 0
    assert await totals(target) == await totals(source)


async def test_a_gap_before_the_file_is_refused(source, target):
    with pytest.raises(TransferError, match="begins after position 20 of instance i1"):
        await load(target, await exported(source, instance_id="i1", after=20), MASTER)


async def test_a_gap_within_the_file_is_refused(source, target):
    lines = await exported(source)
    with pytest.raises(TransferError, match="event 9 is missing, 10 comes next"):
        await load(target, lines[:10] + lines[11:], MASTER)


async def test_another_history_is_refused(source, target):
    await write_history(target, "i1", 15, first=100)
    with pytest.raises(TransferError, match="another event at position 1:"):
        await load(target, await exported(source), MASTER)
    assert await PostgresLog(target).head("i1") == 15


async def test_an_altered_event_is_found_by_the_checksum(source, target):
    lines = [line.replace(b'"person 5"', b'"person V"') for line in await exported(source)]
    with pytest.raises(TransferError, match="the checksum of instance i1"):
        await load(target, lines, MASTER)
    assert await PostgresLog(target).instances() == []


async def test_a_hole_in_an_aggregate_is_refused(source, target):
    lines = await exported(source)
    value = orjson.loads(lines[7])
    lines[7] = orjson.dumps(value | {"sequence": 7}) + b"\n"
    with pytest.raises(TransferError, match="the event before position 6 is missing"):
        await load(target, lines, MASTER)


async def test_another_master_key_is_refused_before_anything_is_written(source, target):
    with pytest.raises(MasterKeyError, match="not that of the store that was exported"):
        await load(target, await exported(source), b"x" * 32)
    assert await target.row("SELECT count(*) FROM events") == (0,)


async def test_data_keys_of_the_target_are_never_replaced(source, target):
    await Keyring.load(target, MASTER)
    with pytest.raises(TransferError, match="data keys of its own"):
        await load(target, await exported(source), MASTER)


@pytest.mark.parametrize("junk", [b"", b"junk\n", b"[]\n", b'{"personae": "log"}\n'])
async def test_what_is_no_export_is_refused(target, junk):
    with pytest.raises(TransferError):
        await load(target, [junk], MASTER)


async def test_an_export_reads_one_moment_while_writes_go_on(source, target):
    before, writing = await totals(source), []

    def begun(_events):
        writing.append(asyncio.create_task(write_history(source, "i1", 9, first=37)))
        return lambda _done: None

    lines = await exported(source, begun=begun)
    await writing[0]
    await load(target, lines, MASTER)
    assert await totals(target) == before != await totals(source)


async def test_positions_without_an_instance_are_refused_where_there_are_several(source):
    with pytest.raises(TransferError, match="say which one"):
        await exported(source, after=3)
    with pytest.raises(TransferError, match="no instance i9"):
        await exported(source, instance_id="i9")


def marked(lines, kind):
    """Return the number of the first line of a kind."""
    return next(number for number, line in enumerate(lines) if f'"{kind}"'.encode() in line)


@pytest.mark.parametrize(
    ("kind", "times"),
    [("sequence", 0), ("claim", 0), ("data_key", 2), ("sequence", 2), ("claim", 2)],
)
async def test_a_line_that_is_missing_or_stands_there_twice_is_found(source, target, kind, times):
    lines = await exported(source)
    at = marked(lines, kind)
    lines[at : at + 1] = [lines[at]] * times
    with pytest.raises(TransferError):
        await load(target, lines, MASTER)
    assert (await totals(target)).instances == 0


async def test_an_export_of_before_that_counts_no_claims_is_taken(source, target):
    lines = await exported(source)
    lines[-1] = orjson.dumps({**orjson.loads(lines[-1]), "claims": None}).replace(
        b'"claims":null,', b""
    )
    assert (await load(target, [*lines[:-1], lines[-1] + b"\n"], MASTER)).events == 49


@pytest.mark.parametrize(
    ("kind", "altered"),
    [
        ("log", {"instances": {"i1": {"after": -5, "upto": 37}}}),
        ("log", {"instances": {"i1": {"after": 0, "upto": 10**15}}}),
        ("sequence", {"instance_id": {}}),
        ("claim", {"kind": None}),
        ("end", {"checksums": []}),
    ],
)
async def test_a_line_with_odd_values_is_refused_in_words(source, target, kind, altered):
    lines = await exported(source, instance_id="i1")
    at = marked(lines, kind)
    lines[at] = orjson.dumps({**orjson.loads(lines[at]), **altered}) + b"\n"
    with pytest.raises(TransferError):
        async with asyncio.timeout(30):
            await load(target, lines, MASTER)
