import base64
import io
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from personae.config.errors import StartError
from personae.config.load import load
from personae.config.masterkey import KeyFormatError, decode, obtain

TEXT = "abcdefghijklmnopqrstuvwxyz012345"


def settings(tmp_path, **environ):
    return load(environ={"PERSONAE_DATA": str(tmp_path / "data")} | environ).settings


def test_argument_file_environment_and_standard_input_give_the_same_key(tmp_path, monkeypatch):
    (tmp_path / "key").write_text(TEXT + "\n")
    monkeypatch.setattr("sys.stdin", io.StringIO(TEXT + "\n"))
    ways = [
        load(environ={}, flags={"masterkey": TEXT}).settings,
        settings(tmp_path, PERSONAE_MASTERKEY=TEXT),
        settings(tmp_path, PERSONAE_MASTERKEY_FILE=str(tmp_path / "key")),
        settings(tmp_path, PERSONAE_MASTERKEY_FILE="-"),
    ]
    assert {obtain(way) for way in ways} == {TEXT.encode()}


def test_without_a_key_one_is_made_and_kept(tmp_path):
    it = settings(tmp_path)
    key = obtain(it)
    assert len(key) == 32
    assert obtain(it) == key
    assert stat.S_IMODE((tmp_path / "data" / "masterkey").stat().st_mode) == 0o600


def test_each_installation_makes_another_key(tmp_path):
    assert obtain(settings(tmp_path / "a")) != obtain(settings(tmp_path / "b"))


def test_hex_and_base64_stand_for_their_bytes():
    key = os.urandom(32)
    assert decode(key.hex()) == key
    assert decode(base64.b64encode(key).decode()) == key
    assert decode(base64.urlsafe_b64encode(key).decode().rstrip("=")) == key


@pytest.mark.parametrize("text", ["", "short", "x" * 33, "g" * 64])
def test_anything_else_is_refused_without_being_repeated(text):
    with pytest.raises(KeyFormatError) as caught:
        decode(text)
    assert not text or text not in str(caught.value)


def test_a_file_without_a_key_is_named(tmp_path):
    (tmp_path / "key").write_text("short")
    with pytest.raises(StartError, match=r"masterkey_file: .*/key is not a master key"):
        obtain(settings(tmp_path, PERSONAE_MASTERKEY_FILE=str(tmp_path / "key")))


def test_a_kept_key_that_was_emptied_is_never_replaced(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "masterkey").touch()
    with pytest.raises(StartError):
        obtain(settings(tmp_path))
    assert (tmp_path / "data" / "masterkey").read_text() == ""


def test_processes_that_start_together_agree_on_one_key(tmp_path):
    it = settings(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: obtain(it), range(32)))
    assert len(keys) == 1
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["masterkey"]
