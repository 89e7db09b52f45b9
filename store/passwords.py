"""Passwords: argon2id to store, and every format that an import may bring to verify.

A password counts as typed: nothing trimmed, no case changed, nothing cut. Only canonically equal
spellings are one password (NFC, as RFC 8265 section 4.2 has it): "é" logs in whether the keyboard
composed it or not. NFKC is not applied, it would make different characters equal.

Everything here blocks for milliseconds to a second: callers run it in the bounded thread pool of
``actors.runtime``. argon2, bcrypt, scrypt and pbkdf2 let go of the interpreter lock meanwhile;
sha2-crypt, md5-crypt and phpass do not, and vanish with the first login.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import argon2
import bcrypt
from argon2.exceptions import Argon2Error, InvalidHashError
from passlib.hash import md5_crypt, phpass, sha256_crypt, sha512_crypt
from personae.actors.domain.kit import Code, reason

TOO_LONG = reason("PASSWORD-TooLong", Code.INVALID_ARGUMENT)
UNKNOWN_HASH = reason("PASSWORD-UnknownHash", Code.INVALID_ARGUMENT)
COSTLY_HASH = reason("PASSWORD-CostlyHash", Code.INVALID_ARGUMENT)

MAX_BYTES = 1_000
"""Of one password in UTF-8. The policy above counts characters and is stricter."""

MAX_ENCODED = 512

# What an imported hash may ask for: at most about a second of one core, 256 MiB of memory.
_MAX_MEMORY_KIB = 256 * 1024
_MAX_ARGON2_WORK = 1024 * 1024  # KiB times passes
_MAX_ARGON2_LANES = 16
_MAX_BCRYPT_COST = 15
_MAX_SCRYPT_WORK = 1024 * 1024  # KiB times p
_MAX_PBKDF2_ROUNDS = 2_000_000
_MAX_SHA2_ROUNDS = 1_000_000
_MAX_PHPASS_LOG2 = 19
_BCRYPT_READS = 72
_SCRYPT_BLOCK = 128

Check = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Argon2id's parameters. The default is OWASP's minimum: 19 MiB, two passes, one lane."""

    memory_kib: int = 19_456
    passes: int = 2
    lanes: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password is right, and whether its hash should be made anew."""

    ok: bool
    needs_rehash: bool = False


class Passwords:
    """Hashes and verifies passwords. Shared by threads; keeps nothing."""

    def __init__(self, cost: Cost | None = None) -> None:
        cost = cost or Cost()
        self._hasher = argon2.PasswordHasher(cost.passes, cost.memory_kib, cost.lanes)
        self._dummy = (
            f"$argon2id$v=19$m={cost.memory_kib},t={cost.passes},p={cost.lanes}"
            f"${_b64(secrets.token_bytes(16))}${_b64(secrets.token_bytes(32))}"
        )

    def hash(self, password: str) -> str:
        """Hash a password in the PHC format of argon2id. Raises PASSWORD-TooLong."""
        spellings = _spellings(password)
        if not spellings:
            raise TOO_LONG(limit=MAX_BYTES)
        return self._hasher.hash(spellings[0])

    def verify(self, encoded: str, password: str) -> Verdict:
        """Verify a password. A hash of unknown format, or one too costly, is never right."""
        reader = _reader(encoded)
        check = reader(encoded)[1] if reader else None
        if check is None or not any(check(spelling) for spelling in _spellings(password)):
            return Verdict(ok=False)
        return Verdict(ok=True, needs_rehash=self._is_old(encoded))

    def verify_nobody(self, password: str) -> None:
        """Take as long as :meth:`verify` with a fresh hash: for users that do not exist."""
        self.verify(self._dummy, password)

    def _is_old(self, encoded: str) -> bool:
        return not encoded.startswith("$argon2id$") or self._hasher.check_needs_rehash(encoded)


def check_import(encoded: str) -> None:
    """Refuse a hash that cannot be verified here, before it is stored.

    Raises PASSWORD-UnknownHash, or PASSWORD-CostlyHash when verifying would cost too much.
    """
    reader = _reader(encoded)
    if reader is None:
        raise UNKNOWN_HASH()
    affordable, check = reader(encoded)
    if not affordable:
        raise COSTLY_HASH()
    if check is None:
        raise UNKNOWN_HASH()


def _spellings(password: str) -> list[bytes]:
    """Return the password in NFC, then as typed if that differs (hashes made elsewhere).

    Nothing when it is too long or not text: length comes before any hashing.
    """
    try:
        typed = password.encode()
        if len(typed) > MAX_BYTES:
            return []
        composed = unicodedata.normalize("NFC", password).encode()
    except UnicodeEncodeError:
        return []
    return [composed] if composed == typed else [composed, typed]


# One reader for each format: is it affordable, and the check, None when it cannot be read.
Reading = tuple[bool, Check | None]
_COSTLY: Reading = (False, None)
_UNREADABLE: Reading = (True, None)


def _argon2(encoded: str) -> Reading:
    try:
        cost = argon2.extract_parameters(encoded)
    except InvalidHashError:
        return _UNREADABLE
    if (
        cost.memory_cost > _MAX_MEMORY_KIB
        or cost.memory_cost * cost.time_cost > _MAX_ARGON2_WORK
        or cost.parallelism > _MAX_ARGON2_LANES
    ):
        return _COSTLY

    def check(password: bytes) -> bool:
        try:
            return argon2.low_level.verify_secret(encoded.encode(), password, cost.type)
        except Argon2Error:
            return False

    return True, check


_BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}")


def _bcrypt(encoded: str) -> Reading:
    match = _BCRYPT.fullmatch(encoded)
    if match is None:
        return _UNREADABLE
    if int(match[1]) > _MAX_BCRYPT_COST:
        return _COSTLY

    def check(password: bytes) -> bool:
        # The format reads 72 bytes and ends at a NUL; "a" and "a\0a" would be one password.
        if b"\0" in password:
            return False
        try:
            return bcrypt.checkpw(password[:_BCRYPT_READS], encoded.encode())
        except ValueError:
            return False

    return True, check


_SCRYPT = re.compile(
    r"\$scrypt\$ln=(\d{1,2}),r=(\d{1,4}),p=(\d{1,4})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)"
)


def _scrypt(encoded: str) -> Reading:
    match = _SCRYPT.fullmatch(encoded)
    if match is None:
        return _UNREADABLE
    log_n, r, p = (int(match[group]) for group in (1, 2, 3))
    memory = _SCRYPT_BLOCK * r << log_n
    if memory > _MAX_MEMORY_KIB * 1024 or memory * p > _MAX_SCRYPT_WORK * 1024:
        return _COSTLY
    return _derived(
        match[4],
        match[5],
        lambda password, salt, size: hashlib.scrypt(
            password, salt=salt, n=1 << log_n, r=r, p=p, maxmem=2 * memory + (1 << 20), dklen=size
        ),
    )


_PBKDF2 = re.compile(
    r"\$pbkdf2(?:-(sha1|sha224|sha256|sha384|sha512))?\$(\d{1,10})"
    r"\$([A-Za-z0-9./+]*)\$([A-Za-z0-9./+]+)"
)


def _pbkdf2(encoded: str) -> Reading:
    match = _PBKDF2.fullmatch(encoded)
    if match is None or int(match[2]) == 0:
        return _UNREADABLE
    digest, rounds = match[1] or "sha1", int(match[2])
    if rounds > _MAX_PBKDF2_ROUNDS:
        return _COSTLY
    return _derived(
        match[3].replace(".", "+"),
        match[4].replace(".", "+"),
        lambda password, salt, size: hashlib.pbkdf2_hmac(digest, password, salt, rounds, size),
    )


def _derived(salt: str, key: str, derive: Callable[[bytes, bytes, int], bytes]) -> Reading:
    """Read a format that compares a derived key; both parts in base64 without padding."""
    try:
        salt_bytes, expected = _unb64(salt), _unb64(key)
    except binascii.Error:
        return _UNREADABLE

    def check(password: bytes) -> bool:
        try:
            return hmac.compare_digest(derive(password, salt_bytes, len(expected)), expected)
        except (ValueError, MemoryError):
            return False

    return True, check


_SHA2_ROUNDS = re.compile(r"\$[56]\$rounds=(\d+)\$")


def _sha2_crypt(encoded: str) -> Reading:
    rounds = _SHA2_ROUNDS.match(encoded)
    if rounds and int(rounds[1]) > _MAX_SHA2_ROUNDS:
        return _COSTLY
    return _crypt(sha256_crypt if encoded.startswith("$5$") else sha512_crypt)(encoded)


def _phpass(encoded: str) -> Reading:
    letters = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    if letters.find(encoded[3:4]) > _MAX_PHPASS_LOG2:
        return _COSTLY
    return _crypt(phpass)(encoded)


def _crypt(handler: Any) -> Callable[[str], Reading]:
    """Read a crypt(3) format by libpass; none of them can hold a NUL, phpass apart."""

    def read(encoded: str) -> Reading:
        try:
            complete = handler.from_string(encoded).checksum is not None
        except (ValueError, TypeError, IndexError):
            complete = False
        if not complete:
            return _UNREADABLE

        def check(password: bytes) -> bool:
            try:
                return bool(handler.verify(password, encoded))
            except ValueError:
                return False

        return True, check

    return read


_MD5_SALTED = re.compile(r"\$md5salted-(prefix|suffix)\$([^$]*)\$([A-Za-z0-9+/]{22}==)")
_MD5_PLAIN = re.compile(r"[0-9a-fA-F]{32}")


def _md5_salted(encoded: str) -> Reading:
    match = _MD5_SALTED.fullmatch(encoded)
    if match is None:
        return _UNREADABLE
    before, after = (match[2], "") if match[1] == "prefix" else ("", match[2])
    expected = base64.b64decode(match[3])
    return True, lambda password: hmac.compare_digest(
        _md5(before.encode() + password + after.encode()), expected
    )


def _md5_plain(encoded: str) -> Reading:
    if _MD5_PLAIN.fullmatch(encoded) is None:
        return _UNREADABLE
    return True, lambda password: hmac.compare_digest(_md5(password), bytes.fromhex(encoded))


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


_READERS: Mapping[str, Callable[[str], Reading]] = {
    "argon2id": _argon2,
    "argon2i": _argon2,
    "2a": _bcrypt,
    "2b": _bcrypt,
    "2y": _bcrypt,
    "scrypt": _scrypt,
    "pbkdf2": _pbkdf2,
    "pbkdf2-sha1": _pbkdf2,
    "pbkdf2-sha224": _pbkdf2,
    "pbkdf2-sha256": _pbkdf2,
    "pbkdf2-sha384": _pbkdf2,
    "pbkdf2-sha512": _pbkdf2,
    "5": _sha2_crypt,
    "6": _sha2_crypt,
    "1": _crypt(md5_crypt),
    "P": _phpass,
    "H": _phpass,
    "md5salted-prefix": _md5_salted,
    "md5salted-suffix": _md5_salted,
}


def _reader(encoded: str) -> Callable[[str], Reading] | None:
    """Find the format by the name between the first two dollars; no dollar at all is plain MD5."""
    if len(encoded) > MAX_ENCODED or not encoded.isascii():
        return None
    if not encoded.startswith("$"):
        return _md5_plain
    return _READERS.get(encoded[1:].partition("$")[0])


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def _unb64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
