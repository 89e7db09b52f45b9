"""Secrets at rest: the master key, the data keys it protects, sealing.

The master key never leaves this process' memory and seals nothing but data keys. A data key is
stored sealed (table ``encryption_keys``); from it, every :class:`Area` gets a key of its own, so
that what is sealed for one purpose opens for no other. All sealing is AES-256-GCM with a random
96-bit nonce; NIST SP 800-38D wants a new key before 2^32 of them, which is what :meth:`rotate
<Keyring.rotate>` is for.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from personae.actors.domain.values import Sealed

__all__ = [
    "Area",
    "CannotOpen",
    "KeyTable",
    "Keyring",
    "MasterKeyError",
    "Sealed",
    "load_or_make",
    "master_key",
]

_KEY_BYTES = 32
_NONCE_BYTES = 12
_ID_BYTES = 2
_HEX_LENGTH = 64


class MasterKeyError(Exception):
    """The master key is unreadable, badly kept, or not the one that sealed the stored keys."""


class CannotOpen(Exception):  # noqa: N818 — an answer, like KeyError's cousins in the kit
    """What was given is not what was sealed: other key, area or context, or altered bytes."""


class Area(StrEnum):
    """What a sealed value is for; a value opens in its own area only."""

    DOMAIN_VERIFICATION = "domain-verification"
    IDENTITY_PROVIDER = "identity-provider"
    TOKEN = "token"  # noqa: S105 — a purpose, not a password
    SIGNING_KEY = "signing-key"
    SAML = "saml"
    OTP = "otp"
    SMS = "sms"
    SMTP = "smtp"
    USER = "user"
    TARGET = "target"
    COOKIE = "cookie"
    RECEIPT = "receipt"


def master_key(text: str) -> bytes:
    """Read a master key: 32 characters as they are, or 32 bytes in hex or base64.

    One line break at the end is forgiven, as files and pipes have it. Raises
    :class:`MasterKeyError` for anything else, without repeating the text.
    """
    text = text.removesuffix("\n").removesuffix("\r")
    key = b""
    with suppress(ValueError):
        if len(text) == _KEY_BYTES:
            key = text.encode("ascii")
        elif len(text) == _HEX_LENGTH:
            key = bytes.fromhex(text)
        else:
            padded = text.rstrip("=").translate(str.maketrans("-_", "+/")) + "="
            key = binascii.a2b_base64(padded, strict_mode=True)
    if len(key) != _KEY_BYTES:
        raise MasterKeyError("the master key must be 32 characters, or 32 bytes in hex or base64")
    return key


def load_or_make(path: Path) -> bytes:
    """Return the master key kept in a file, made now (mode 0600) when there is none.

    Safe when several processes start at once: one of them makes it, all return the same. Raises
    :class:`MasterKeyError` when others than the owner may read the file.
    """
    if not path.exists():
        _keep_new_key(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise MasterKeyError(f"{path} may be read by others: chmod 600")
    return master_key(path.read_text("ascii", errors="replace"))


def _keep_new_key(path: Path) -> None:
    """Write a new key and give it its name in one step: nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=path.parent) as file:
        file.write(base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(file.name, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class KeyTable(Protocol):
    """The part of ``store.pool.Database`` that keeps the data keys."""

    async def rows(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""

    async def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Run a statement; return how many rows it changed."""


class Keyring:
    """Seals and opens secrets of this system. Neither blocks nor waits: about a microsecond.

    Made by :meth:`load`, or with data keys at hand (by number, the highest active).
    """

    def __init__(self, keys: Mapping[int, bytes], active: int | None = None) -> None:
        self._keys: dict[int, dict[Area, AESGCM]] = {}
        self._table: KeyTable | None = None
        self._master = b""
        self._take(keys, max(keys) if active is None else active)

    @classmethod
    async def load(cls, table: KeyTable, master: bytes) -> Keyring:
        """Read the data keys, making the first one in an empty table.

        Raises :class:`MasterKeyError` when the master key does not open them: call before serving.
        """
        await _insert(table, master, 1, timedelta(0))
        keyring = cls(*await _stored(table, master))
        keyring._table, keyring._master = table, master
        return keyring

    async def reload(self) -> None:
        """Learn keys that other processes made. Call it every half minute or oftener."""
        if self._table is not None:
            self._take(*await _stored(self._table, self._master))

    async def rotate(self, ripe_after: timedelta = timedelta(minutes=1)) -> str:
        """Make a new data key; return its id.

        It seals after ``ripe_after``, when every process has reloaded; the older keys go on
        opening what they sealed.
        """
        if self._table is None:
            raise RuntimeError("these keys have no table")
        number = max(self._keys) + 1
        await _insert(self._table, self._master, number, ripe_after)
        await self.reload()
        return str(number)

    def seal(self, area: Area, plaintext: bytes, context: str) -> Sealed:
        """Encrypt a secret; ``context`` (instance id, or more) must be given again to open it."""
        crypted = self._encrypt(area, plaintext, context)
        return Sealed(str(self._active), base64.b64encode(crypted).decode())

    def open(self, area: Area, sealed: Sealed, context: str) -> bytes:
        """Decrypt a secret. Raises :class:`CannotOpen`."""
        try:
            number = int(sealed.key_id)
            crypted = base64.b64decode(sealed.crypted, validate=True)
        except ValueError:
            raise CannotOpen from None
        return self._decrypt(number, area, crypted, context)

    def seal_bytes(self, area: Area, plaintext: bytes, context: str) -> bytes:
        """Encrypt to bytes that name their key themselves: for tokens and cookies."""
        return self._active.to_bytes(_ID_BYTES, "big") + self._encrypt(area, plaintext, context)

    def open_bytes(self, area: Area, sealed: bytes, context: str) -> bytes:
        """Decrypt what :meth:`seal_bytes` made. Raises :class:`CannotOpen`."""
        number = int.from_bytes(sealed[:_ID_BYTES], "big")
        return self._decrypt(number, area, sealed[_ID_BYTES:], context)

    def _take(self, keys: Mapping[int, bytes], active: int) -> None:
        fresh = {number: _ciphers(key) for number, key in keys.items() if number not in self._keys}
        self._keys.update(fresh)
        self._active = active

    def _encrypt(self, area: Area, plaintext: bytes, context: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        cipher = self._keys[self._active][area]
        return nonce + cipher.encrypt(nonce, plaintext, context.encode())

    def _decrypt(self, number: int, area: Area, crypted: bytes, context: str) -> bytes:
        try:
            cipher = self._keys[number][area]
            return cipher.decrypt(crypted[:_NONCE_BYTES], crypted[_NONCE_BYTES:], context.encode())
        except (KeyError, ValueError, InvalidTag):
            raise CannotOpen from None


def _ciphers(key: bytes) -> dict[Area, AESGCM]:
    """Derive the cipher of each area from one data key (HKDF-Expand, RFC 5869 section 2.3)."""
    return {
        area: AESGCM(HKDFExpand(SHA256(), _KEY_BYTES, area.encode()).derive(key)) for area in Area
    }


async def _insert(table: KeyTable, master: bytes, number: int, ripe_after: timedelta) -> None:
    """Keep a new data key, unless another process has kept one under this number."""
    nonce = os.urandom(_NONCE_BYTES)
    key = secrets.token_bytes(_KEY_BYTES)
    await table.run(
        "insert into encryption_keys (id, sealed, active_from)"
        " values (%s, %s, now() + %s) on conflict do nothing",
        (number, nonce + AESGCM(master).encrypt(nonce, key, _label(number)), ripe_after),
    )


async def _stored(table: KeyTable, master: bytes) -> tuple[dict[int, bytes], int]:
    """Return every data key, and the number of the one that seals now."""
    rows = await table.rows("select id, sealed, active_from <= now() from encryption_keys")
    cipher = AESGCM(master)
    try:
        keys = {
            number: cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _label(number))
            for number, sealed in ((row[0], bytes(row[1])) for row in rows)
        }
    except (InvalidTag, ValueError):
        raise MasterKeyError(
            "this master key does not open the stored encryption keys: it is not the one this"
            " database was set up with"
        ) from None
    return keys, max(number for number, _, ripe in rows if ripe)


def _label(number: int) -> bytes:
    return f"encryption key {number}".encode()
