"""Backups of a real database, and restores."""

import asyncio
import stat

import pytest
from personae.store.backup import BackupError, backup, fingerprint, label_of, restore
from personae.store.crypto import Area, Keyring
from personae.store.ledger import totals
from personae.store.pool import Database
from personae.store.programs import ProgramError

from tests.store.histories import claims_of, write_history

pytestmark = pytest.mark.store
MASTER = b"m" * 32


@pytest.fixture
async def target(bare_url):
    database = Database(bare_url, size=3)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
async def source(database):
    await Keyring.load(database, MASTER)
    await write_history(database, "i1", 30)
    return database


@pytest.fixture
async def kept(source, tmp_path):
    file = tmp_path / "personae.backup"
    await backup(source, file, master=MASTER, release="0.1.0")
    return file


async def test_a_restored_store_holds_the_same_events_and_names(source, target, kept):
    label, found = await restore(target, kept, master=MASTER)
    assert found == label.totals == await totals(source)
    assert found.events == 30
    assert await claims_of(target) == await claims_of(source)


async def test_what_was_sealed_before_opens_after(source, target, kept):
    sealed = (await Keyring.load(source, MASTER)).seal(Area.OTP, b"secret", "i1")
    await restore(target, kept, master=MASTER)
    assert (await Keyring.load(target, MASTER)).open(Area.OTP, sealed, "i1") == b"secret"


async def test_another_master_key_is_refused_before_anything_is_written(target, kept):
    with pytest.raises(BackupError, match=f"belongs to the master key {fingerprint(MASTER)}"):
        await restore(target, kept, master=b"x" * 32)
    sql = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert await target.row(sql) == (0,)


async def test_a_store_that_is_not_empty_is_refused(source, kept):
    ((number,),) = await source.rows("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
    with pytest.raises(BackupError, match=f"not empty, it has {number} tables"):
        await restore(source, kept, master=MASTER)


async def test_the_file_is_for_its_owner_and_holds_no_master_key(kept):
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert MASTER not in kept.read_bytes()
    assert label_of(kept).masterkey == fingerprint(MASTER)


async def test_a_backup_that_was_cut_off_is_refused(target, kept):
    kept.write_bytes(kept.read_bytes()[:-40])
    with pytest.raises(BackupError, match="is cut off, or no backup"):
        await restore(target, kept, master=MASTER)


async def test_a_damaged_backup_leaves_the_store_empty(target, kept):
    content = bytearray(kept.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 2000] = bytes(2000)
    kept.write_bytes(content)
    with pytest.raises(ProgramError):
        await restore(target, kept, master=MASTER)
    sql = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert await target.row(sql) == (0,)


async def test_an_existing_file_is_not_overwritten(source, kept):
    with pytest.raises(BackupError, match="exists"):
        await backup(source, kept, master=MASTER, release="0.1.0")


async def test_a_backup_under_writes_is_one_moment(source, target, tmp_path):
    writing = asyncio.create_task(write_history(source, "i1", 200, first=30))
    label = await backup(source, tmp_path / "b", master=MASTER, release="0.1.0")
    await writing
    _, found = await restore(target, tmp_path / "b", master=MASTER)
    assert found == label.totals
    assert 30 <= found.events <= 230


async def test_progress_of_backup_and_restore_reaches_the_end(source, target, tmp_path):
    events, fed = [], []
    await backup(source, tmp_path / "b", master=MASTER, release="0.1.0", passed=events.append)
    await restore(target, tmp_path / "b", master=MASTER, fed=lambda *done: fed.append(done))
    assert sum(events) == 2 * 30
    assert fed[-1][0] == fed[-1][1] == (tmp_path / "b").stat().st_size
