"""The master key: 32 bytes that protect every other key.

From the setting, a file, standard input, or made at the first start and kept in the data folder:
equal text gives an equal key wherever it comes from.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import re
import secrets
import sys
import tempfile
from pathlib import Path

from personae.config.errors import StartError
from personae.config.settings import Settings

SIZE = 32
HEX = re.compile(r"[0-9a-fA-F]{64}")
MOST = 4096


class KeyFormatError(StartError):
    """The text is not a master key. The message never holds the text."""


def obtain(settings: Settings) -> bytes:
    """The 32 bytes of the master key; makes the file in the data folder when there is none.

    Raises ``StartError`` when what was given is not a key, ``OSError`` when it cannot be read.
    """
    origin, text = _given(settings)
    try:
        return decode(text)
    except KeyFormatError as error:
        raise StartError(f"{origin} {error}") from None


def _given(settings: Settings) -> tuple[str, str]:
    if settings.masterkey is not None:
        return "masterkey", settings.masterkey.get_secret_value()
    if settings.masterkey_file is not None:
        return f"masterkey_file: {settings.masterkey_file}", _read(settings.masterkey_file)
    kept = settings.data / "masterkey"
    return str(kept), _kept(kept)


def decode(text: str) -> bytes:
    """Read 64 hex digits, base64 of 32 bytes, or 32 characters as they are."""
    text = text.strip()
    if HEX.fullmatch(text):
        return bytes.fromhex(text)
    for key in (text.encode(), _base64(text)):
        if len(key) == SIZE:
            return key
    raise KeyFormatError(
        f"is not a master key: give {SIZE} characters, or {SIZE} bytes as 64 hex digits or base64"
    )


def _base64(text: str) -> bytes:
    standard = text.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _read(path: Path) -> str:
    if str(path) == "-":
        return sys.stdin.read(MOST)
    with path.open(encoding="utf-8") as file:
        return file.read(MOST)


def _kept(path: Path) -> str:
    """Read the key file, made if missing: only its owner may read it, it is never overwritten.

    A hard link puts the complete file in place or fails: neither a crash nor a second process
    that starts at the same time leaves half a key or two keys.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".masterkey-") as file:
            file.write(secrets.token_urlsafe(SIZE) + "\n")
            file.flush()
            os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(file.name, path)
    return _read(path)
