"""Backups: PostgreSQL's own dump of the database, with a line at its end that says what it is.

The file is what ``pg_dump --format=custom`` wrote, followed by a :class:`Label`; ``pg_restore``
reads it as it is. The label holds the count and checksum of the events, taken in the snapshot that
was dumped, and the fingerprint of the master key, never the key: keep that one apart.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from personae.store.ledger import Passed, Totals, ignore, totals
from personae.store.migrate import shipped
from personae.store.pool import Database
from personae.store.programs import Fed, Program, ProgramError, started, unfed
from personae.store.session import Session
from personae.store.transfer import PATIENT

MARK = b"\npersonae-backup "
MOST_LABEL = 4096
MOMENT = 0.25
"""Seconds between two looks at how far pg_dump is."""
NEUTRAL = ("--no-owner", "--no-privileges")
"""Whoever restores owns what is restored."""


class BackupError(ProgramError):
    """It cannot be backed up or restored; the message says why."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a backup is; ``masterkey`` is a fingerprint, ``migration`` the tables' number."""

    release: str
    made_at: str
    masterkey: str
    migration: int
    instances: int
    events: int
    checksum: str

    @property
    def totals(self) -> Totals:
        """What the store must hold after a restore."""
        return Totals(self.instances, self.events, self.checksum)


def fingerprint(master: bytes) -> str:
    """Return what tells master keys apart and says nothing about them: 16 hex digits."""
    return hashlib.sha256(b"personae master key " + master).hexdigest()[:16]


async def backup(
    database: Database, file: Path, *, master: bytes, release: str, passed: Passed = ignore
) -> Label:
    """Write a backup to a new file, for its owner's eyes only; the server may go on working.

    ``passed`` is told of each event twice: when it is summed up, and when it is dumped. Raises
    :class:`BackupError`, or ``OSError`` when the file cannot be written.
    """
    part = _begun(file)
    try:
        async with database.transaction("REPEATABLE READ") as tx:
            await tx.run(PATIENT)
            label = await _label(tx, master, release, passed)
            [(snapshot,)] = await tx.rows("SELECT pg_export_snapshot()")
            options = ("--format=custom", f"--snapshot={snapshot}", f"--file={part}")
            async with started(database, "pg_dump", *options, *NEUTRAL) as dump:
                await _watched(dump, tx, label.events, passed)
        await asyncio.to_thread(_seal, part, label)
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    return label


def _begun(file: Path) -> Path:
    """Return the empty file to write to: a backup has its name only when it is complete."""
    if file.exists():
        raise BackupError(f"{file} exists: choose another name")
    part = file.with_name(f"{file.name}.part")
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    return part


async def _label(tx: Session, master: bytes, release: str, passed: Passed) -> Label:
    found = await totals(tx, passed)
    sql = "SELECT to_json(now())#>>'{}', (SELECT max(number) FROM migrations)"
    [(now, migration)] = await tx.rows(sql)
    return Label(
        release, now, fingerprint(master), migration, found.instances, found.events, found.checksum
    )


def _seal(part: Path, label: Label) -> None:
    with part.open("ab") as file:
        file.write(MARK + orjson.dumps(asdict(label)) + b"\n")
        file.flush()
        os.fsync(file.fileno())


async def _watched(dump: Program, tx: Session, events: int, passed: Passed) -> None:
    """Wait for pg_dump, and tell how many events it has copied."""
    sql = (
        "SELECT tuples_processed FROM pg_stat_progress_copy"
        " WHERE relid = 'events'::regclass AND datname = current_database()"
    )
    done = 0
    while not await dump.ended(MOMENT):
        row = await tx.row(sql)
        if row and row[0] > done:
            passed(row[0] - done)
            done = row[0]
    await dump.succeed()
    passed(events - done)


def label_of(file: Path) -> Label:
    """Return the label of a backup. Raises :class:`BackupError` when the file is none."""
    with file.open("rb") as opened:
        opened.seek(max(0, file.stat().st_size - MOST_LABEL))
        _, _, text = opened.read().rpartition(MARK)
    try:
        return Label(**orjson.loads(text))
    except (ValueError, TypeError):
        raise BackupError(f"{file} is cut off, or no backup that this release knows") from None


async def restore(
    database: Database, file: Path, *, master: bytes, fed: Fed = unfed
) -> tuple[Label, Totals]:
    """Fill an empty database from a backup, all or nothing; return what it was and what it is.

    Raises :class:`BackupError` before anything is written when the master key is another one, the
    database is not empty, or the backup is of a later release; and afterwards when the events are
    not those of the backup.
    """
    label = await asyncio.to_thread(label_of, file)
    if label.masterkey != fingerprint(master):
        raise BackupError(
            f"this backup belongs to the master key {label.masterkey}, not to {fingerprint(master)}"
        )
    if label.migration > max(one.number for one in await asyncio.to_thread(shipped)):
        raise BackupError(f"this backup is of the later release {label.release}")
    await _require_empty(database)
    options = ("--single-transaction", "--exit-on-error", *NEUTRAL)
    async with started(database, "pg_restore", *options) as program:
        await program.feed(file, fed)
        await program.succeed()
    found = await totals(database)
    if found != label.totals:
        raise BackupError(f"restored {found}, but the backup says {label.totals}")
    return label, found


async def _require_empty(database: Database) -> None:
    sql = (
        "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE"
        " left(n.nspname, 3) <> 'pg_' AND n.nspname <> 'information_schema' AND c.relkind = 'r'"
    )
    [(tables,)] = await database.rows(sql)
    if tables:
        raise BackupError(f"the database is not empty, it has {tables} tables: give a new one")
