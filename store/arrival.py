"""An import: the lines of :mod:`personae.store.transfer` into a store.

Events first, page by page; then, in one transaction, data keys, claims and heads. Until then the
instance is not there, so nobody can use half a history; what was cut off is continued.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from personae.store.crypto import Keyring, MasterKeyError
from personae.store.errors import Conflict, StatementError
from personae.store.ledger import COLUMNS, PAGE, checksum, heads, lines
from personae.store.pool import Database
from personae.store.session import Session
from personae.store.transfer import (
    FORMAT,
    HOUR,
    OURS,
    PATIENT,
    Begun,
    Moved,
    Range,
    TransferError,
    untold,
)

_EVENT = (
    "instance_id text, aggregate_type text, aggregate_id text, sequence bigint, position bigint,"
    " event_type text, revision smallint, owner text, creator text, created_at timestamptz,"
    " payload jsonb"
)
_INSERT = f"""
INSERT INTO events ({", ".join(COLUMNS)})
SELECT {", ".join(COLUMNS)} FROM json_to_recordset(%s::json) AS event ({_EVENT})"""
_HOLE = """
SELECT position FROM events e WHERE instance_id = %s AND position > %s AND position <= %s
AND sequence <> 1 AND NOT EXISTS (SELECT FROM events p WHERE p.instance_id = e.instance_id
    AND p.aggregate_type = e.aggregate_type AND p.aggregate_id = e.aggregate_id
    AND p.sequence = e.sequence - 1) LIMIT 1"""
_TAKE = """
INSERT INTO claims (instance_id, kind, value, holder) SELECT instance_id, kind, value, holder
FROM json_to_recordset(%s::json) AS c (instance_id text, kind text, value text, holder text)"""
_KEEP = """
INSERT INTO encryption_keys (id, sealed, active_from) SELECT id, decode(sealed, 'hex'), active_from
FROM json_to_recordset(%s::json) AS k (id integer, sealed text, active_from timestamptz)
WHERE id NOT IN (SELECT id FROM encryption_keys)"""


@dataclass(slots=True)
class Batch:
    """Consecutive lines of one kind, and of one instance when they are events."""

    kind: str
    instance_id: str = ""
    lines: list[str] = field(default_factory=list)
    values: list[dict[str, Any]] = field(default_factory=list)

    @property
    def array(self) -> str:
        """The lines as one JSON array."""
        return f"[{','.join(self.lines)}]"


class File:
    """The lines of a file in batches; ``batch`` is the one at hand, of kind ``""`` at the end."""

    def __init__(self, given: Iterable[bytes]) -> None:
        self._batches = _batches(given)
        self.batch = Batch("")
        self.next()

    def next(self) -> None:
        """Go on to the next batch."""
        self.batch = next(self._batches, Batch(""))

    def take(self, kind: str) -> Iterator[Batch]:
        """Yield the batches at hand as long as they are of a kind."""
        while self.batch.kind == kind:
            yield self.batch
            self.next()


def _batches(given: Iterable[bytes]) -> Iterator[Batch]:
    batch = Batch("")
    for number, raw in enumerate(given, 1):
        if not raw.endswith(b"\n"):
            break  # a line that was cut off: the file ends before it
        value = _parsed(raw, number)
        kind = value.get("personae", "event")
        instance_id = value.get("instance_id", "") if kind == "event" else ""
        if (kind, instance_id) != (batch.kind, batch.instance_id) or len(batch.lines) == PAGE:
            if batch.lines:
                yield batch
            batch = Batch(kind, instance_id)
        batch.lines.append(raw.decode().rstrip("\n"))
        batch.values.append(value)
    if batch.lines:
        yield batch


_NAMES = ("personae", "instance_id")
"""Members of a line by which it finds its place."""


def _parsed(raw: bytes, number: int) -> dict[str, Any]:
    try:
        value = orjson.loads(raw)
    except ValueError:
        value = None
    if isinstance(value, dict) and all(isinstance(value.get(name, ""), str) for name in _NAMES):
        return value
    raise TransferError(f"line {number} is none of an export of a log")


async def load(
    database: Database, given: Iterable[bytes], master: bytes, *, begun: Begun = untold
) -> Moved:
    """Bring a file into a store that lacks its instances, or has the beginning of them.

    Ids, positions and times stay as they are. Nothing of what is there is changed: a history that
    differs is refused. Raises :class:`TransferError`, or ``MasterKeyError`` when the master key
    does not open the file's data keys; nothing is written then.
    """
    return await _Load(database, File(given), begun).run(master)


class _Load:
    """One import."""

    def __init__(self, database: Database, file: File, begun: Begun) -> None:
        self._database = database
        self._file = file
        self._begun = begun
        self._ranges = _header(file)
        self._stored: dict[str, int] = {}
        self._heads: dict[str, int] = {}
        self._seen = {one: part.after for one, part in self._ranges.items()}
        self._written = 0

    async def run(self, master: bytes) -> Moved:
        await self._look()
        keys = [batch.array for batch in self._file.take("data_key")]
        await _check_keys(self._database, keys, master)
        passed = self._begun(sum(one.events for one in self._ranges.values()))
        for batch in self._file.take("event"):
            await self._events(batch)
            passed(len(batch.lines))
        return await self._finish(keys)

    async def _look(self) -> None:
        """Find out where each instance ends here, and whether the file continues it."""
        self._heads = await heads(self._database)
        sql = "SELECT coalesce(max(position), 0) FROM events WHERE instance_id = %s"
        for one, part in self._ranges.items():
            (stored,) = await self._database.row(sql, (one,)) or (0,)
            if part.after > stored:
                raise TransferError(
                    f"the file begins after position {part.after} of instance {one},"
                    f" which ends at {stored} here: what lies between is missing"
                )
            if stored > part.upto:
                raise TransferError(f"instance {one} is at position {stored} here already")
            self._stored[one] = stored

    async def _events(self, batch: Batch) -> None:
        one = batch.instance_id
        self._check(batch)
        known = min(len(batch.lines), max(0, self._stored[one] - self._seen[one]))
        if known:
            await self._compare(one, batch.lines[:known])
        fresh = Batch("event", one, batch.lines[known:])
        if fresh.lines:
            await self._insert(fresh, self._seen[one] + known)
        self._seen[one] += len(batch.lines)

    def _check(self, batch: Batch) -> None:
        """Refuse events that are none, of another instance, or not the next ones."""
        one = batch.instance_id
        if one not in self._ranges:
            raise TransferError(f"instance {one} is not one of those that the file begins with")
        for position, value in enumerate(batch.values, self._seen[one] + 1):
            if value.keys() != set(COLUMNS):
                raise TransferError(f"what should be event {position} of {one} is none")
            if value["position"] != position:
                raise TransferError(
                    f"instance {one}: event {position} is missing, {value['position']} comes next"
                )

    async def _compare(self, one: str, given: list[str]) -> None:
        seen = self._seen[one]
        here = [line async for page in lines(self._database, one, seen, seen + len(given))
                for line in page]  # fmt: skip
        for position, (mine, theirs) in enumerate(zip(here, given, strict=True), seen + 1):
            if mine != theirs:
                raise TransferError(
                    f"instance {one} has another event at position {position}:"
                    " the file tells another history"
                )

    async def _insert(self, batch: Batch, after: int) -> None:
        try:
            async with self._database.transaction() as tx:
                await tx.run(PATIENT)
                await tx.run(_INSERT, (batch.array,), limit=HOUR)
                window = (batch.instance_id, after, after + len(batch.lines))
                if hole := await tx.row(_HOLE, window, limit=HOUR):
                    raise TransferError(f"the event before position {hole[0]} is missing")
        except Conflict:
            raise TransferError(
                f"an event above position {after} is there already: does a server write here?"
            ) from None
        except StatementError as error:
            raise TransferError(f"an event above position {after} is none: {error}") from None
        self._written += len(batch.lines)

    async def _finish(self, keys: list[str]) -> Moved:
        """Make it visible, if it is whole: keys, claims, heads."""
        claims = 0
        async with self._database.transaction() as tx:
            await tx.run(PATIENT)
            for page in keys:
                await tx.run(_KEEP, (page,))
            await tx.run(f"DELETE FROM claims WHERE {OURS}", {"ids": list(self._ranges)},
                         limit=HOUR)  # fmt: skip
            for batch in self._file.take("claim"):
                claims += await self._take(tx, batch)
            sums = await self._checked_end(tx, claims)
            for one, part in self._ranges.items():
                await _move_head(tx, one, self._heads.get(one), part.upto)
        return Moved(self._ranges, claims, sums, self._written)

    async def _take(self, tx: Session, batch: Batch) -> int:
        for claim in batch.values:
            if (claim.get("instance_id") or claim.get("holder")) not in self._ranges:
                raise TransferError("the file claims a name for an instance that is not in it")
        try:
            return await tx.run(_TAKE, (batch.array,), limit=HOUR)
        except Conflict:
            raise TransferError(
                "a name of this file is taken by another instance, or stands in it twice"
            ) from None
        except StatementError as error:
            raise TransferError(f"what should be a claim is none: {error}") from None

    async def _checked_end(self, tx: Session, claims: int) -> dict[str, str]:
        end = self._file.batch
        whole = all(self._seen[one] == part.upto for one, part in self._ranges.items())
        if end.kind != "end" or not whole:
            where = ", ".join(f"{seen} of instance {one}" for one, seen in self._seen.items())
            raise TransferError(
                f"the file ends early, after position {where}. Nothing of it is visible yet:"
                " export the rest (--from) and import it, or import the whole file"
            )
        said = end.values[0]
        if said.get("claims", claims) != claims:  # exports of before do not say
            raise TransferError(f"the file has {claims} claims and says {said['claims']}")
        sums = said.get("checksums")
        for one, part in self._ranges.items():
            found = await checksum(tx, one, part.after, part.upto)
            if not isinstance(sums, dict) or found != sums.get(one):
                raise TransferError(f"the checksum of instance {one} is {found}, not the file's")
        return dict(sums or {})


def _header(file: File) -> dict[str, Range]:
    batch = file.batch
    header = batch.values[0] if batch.values else {}
    if batch.kind != "log" or header.get("format") != FORMAT:
        raise TransferError("this is no export of a log, or one of a later release")
    file.next()
    try:
        ranges = {
            one: Range(int(part["after"]), int(part["upto"]))
            for one, part in header["instances"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        ranges = {"": Range(0, -1)}
    if not all(0 <= part.after <= part.upto for part in ranges.values()):
        raise TransferError("the first line does not say what the file holds")
    return ranges


class _Sealed:
    """The data keys of a file, as :class:`Keyring` wants to see them."""

    def __init__(self, keys: list[dict[str, Any]]) -> None:
        self._keys = keys

    async def rows(self, _sql: str, _params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return [(key["id"], bytes.fromhex(key["sealed"]), True) for key in self._keys]

    async def run(self, _sql: str, _params: Sequence[Any] = ()) -> int:
        return 0


async def _check_keys(database: Database, pages: list[str], master: bytes) -> None:
    """Refuse keys that the master key does not open, and other keys than those here."""
    keys = [key for page in pages for key in orjson.loads(page)]
    try:
        if keys:
            await Keyring.load(_Sealed(keys), master)
    except MasterKeyError:
        raise MasterKeyError("the master key is not that of the store that was exported") from None
    except (KeyError, TypeError, ValueError):
        raise TransferError("the data keys of the file cannot be read") from None
    theirs = {key["id"]: key["sealed"] for key in keys}
    if len(theirs) < len(keys):
        raise TransferError("a data key stands in the file twice")
    for number, sealed in await database.rows(
        "SELECT id, encode(sealed, 'hex') FROM encryption_keys"
    ):
        if theirs.get(number, sealed) != sealed:
            raise TransferError(
                "this store seals secrets with data keys of its own: import into an empty one"
            )


async def _move_head(tx: Session, one: str, old: int | None, new: int) -> None:
    if old is None:
        sql = "INSERT INTO heads (instance_id, position) VALUES (%s, %s) ON CONFLICT DO NOTHING"
        moved = await tx.run(sql, (one, new))
    else:
        sql = "UPDATE heads SET position = %s WHERE instance_id = %s AND position = %s"
        moved = await tx.run(sql, (new, one, old))
    if not moved:
        raise TransferError(f"somebody else writes to instance {one}: stop the server first")
