"""The master key: 32 bytes that protect every other key.

From the setting, a file, standard input, or made at the first start and kept in the data folder:
equal text gives an equal key wherever it comes from.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import sys
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

    Raises ``KeyFormatError`` when what was given is not a key, ``OSError`` when it cannot be read.
    """
    if settings.masterkey is not None:
        return decode(settings.masterkey.get_secret_value())
    if settings.masterkey_file is not None:
        return decode(_read(settings.masterkey_file))
    return decode(_kept(settings.data / "masterkey"))


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
    """Read the key file, or make it: only its owner may read it, and it is never overwritten."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(SIZE) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return _read(path)
