"""The write path: one lane per instance and process, many commits in one statement.

While a flush is under way the lane collects what is appended; the next flush takes it all. A
flush is a single statement, so a client that hangs can never hold the lock of the instance's
head: the head moves, names are given back and taken, events are inserted with the receipts of
their orders, or nothing happens.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC
from typing import Any, NamedTuple

from personae.actors.domain.kit import Recorded, Refusal
from personae.actors.domain.kit.refusal import (
    CONTENDED,
    INTERNAL,
    INVALID,
    OVERLOADED,
    UNAVAILABLE,
)
from personae.store.codec import to_json
from personae.store.entry import Entry, Row, refuse
from personae.store.errors import Conflict, DatabaseError, SerializationFailure, StatementError
from personae.store.log import Commit, Name, OutcomeUnknown
from personae.store.obstacles import Obstacles, in_turn
from personae.store.pool import Database

CHANNEL = "personae_events"
"""Where a flush tells other processes ``instance:position``."""

_EVENT = "t text, i text, s bigint, e text, r smallint, o text, c text, a timestamptz, p jsonb"
_HEAD = f"""
WITH head AS (
    INSERT INTO heads (instance_id, position) VALUES (%(instance)s, %(count)s)
    ON CONFLICT (instance_id) DO UPDATE SET position = heads.position + excluded.position
    RETURNING position
), happened AS (
    INSERT INTO events (instance_id, aggregate_type, aggregate_id, sequence, position, event_type,
                        revision, owner, creator, created_at, payload)
    SELECT %(instance)s, t, i, s, head.position - %(count)s + n, e, r, o, c, a, p
    FROM head, ROWS FROM (jsonb_to_recordset(%(events)s) AS ({_EVENT}))
         WITH ORDINALITY AS event (t, i, s, e, r, o, c, a, p, n)
)"""
_RELEASED = """, given_back AS (
    DELETE FROM claims
    USING jsonb_to_recordset(%(released)s) AS name (g text, k text, v text, h text)
    WHERE instance_id = g AND kind = k AND value = v AND holder = h
)"""
_CLAIMED = """, taken AS (
    INSERT INTO claims (instance_id, kind, value, holder)
    SELECT g, k, v, h
    FROM jsonb_to_recordset(%(claimed)s) AS name (g text, k text, v text, h text)
)"""
_NOTED = """, noted AS (
    INSERT INTO receipts (instance_id, caller, key, step, sealed, at)
    SELECT %(instance)s, c, k, n, decode(s, 'base64'), a
    FROM jsonb_to_recordset(%(receipts)s)
         AS receipt (c text, k text, n int, s text, a timestamptz)
)"""
_POSITION = " SELECT position FROM head"
_AND_TELL = f" SELECT position, pg_notify('{CHANNEL}', %(instance)s || ':' || position) FROM head"

_FIND = f"""
SELECT t, i, s, position,
       (event_type, revision, owner, creator, created_at, payload) = (e, r, o, c, a, p)
FROM jsonb_to_recordset(%(events)s) AS event ({_EVENT}) JOIN events
  ON instance_id = %(instance)s AND aggregate_type = t AND aggregate_id = i AND sequence = s
"""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a lane takes on.

    ``events`` and ``bytes`` of one flush, ``queued`` events waiting for one, the ``answer`` seconds
    that one may take, and the ``seconds`` that one whose outcome is unknown is sent again.
    """

    events: int = 500
    bytes: int = 4_000_000
    queued: int = 20_000
    answer: float = 5.0
    seconds: float = 2.0


class Flush(NamedTuple):
    """One flush: its commands, the seconds of its statement, and those its oldest command took."""

    commands: int
    seconds: float
    waited: float


OnFlush = Callable[[Flush], object]


def unseen(_flush: Flush) -> None:
    """Let nobody know."""


class Lane:
    """Appends to the log of one instance, in the order of its queue."""

    def __init__(
        self,
        instance_id: str,
        database: Database,
        committed: Callable[[list[Recorded]], None],
        *,
        notify: bool = False,
        limits: Limits | None = None,
        on_flush: OnFlush = unseen,
    ) -> None:
        self._instance_id = instance_id
        self._database = database
        self._committed = committed
        self._last = _AND_TELL if notify else _POSITION
        self._limits = limits or Limits()
        self._on_flush = on_flush
        self._queue: deque[Entry] = deque()
        self._queued = 0
        self._contested = False
        self._flushing: asyncio.Task[None] | None = None

    async def append(self, commit: Commit) -> list[Recorded]:
        """See :class:`personae.store.log.Log`. Goes on to its end when the caller is gone."""
        # No name for the future here: its exception's traceback would hold this frame, and so it.
        return await self._enqueue(commit)

    def _enqueue(self, commit: Commit) -> asyncio.Future[list[Recorded]]:
        entry = Entry.of(commit, asyncio.get_running_loop())
        if self._queued + len(entry.rows) > self._limits.queued and self._queued:
            raise OVERLOADED(queued=self._queued)
        self._queue.append(entry)
        self._queued += len(entry.rows)
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush_all())
        return entry.answer

    async def idle(self) -> None:
        """Wait until nothing is queued or under way."""
        while self._flushing:
            await asyncio.wait([self._flushing])

    @property
    def depth(self) -> int:
        """Events that wait for a flush."""
        return self._queued

    async def _flush_all(self) -> None:
        try:
            while self._queue:
                batch = self._take()
                try:
                    await self._settle(batch)
                except Exception as error:  # noqa: BLE001 — a bug here must not stop the lane
                    _report("a flush failed", error)
                    refuse(batch, OutcomeUnknown())
        finally:
            self._flushing = None

    def _take(self) -> list[Entry]:
        """Take the next flush from the queue.

        A name released and claimed again must go in two: one statement does not see its own rows.
        """
        batch: list[Entry] = []
        events = size = 0
        taken: set[Name] = set()
        given_back: set[Name] = set()
        while self._queue:
            entry = self._queue[0]
            events += len(entry.rows)
            size += entry.size
            full = events > self._limits.events or size > self._limits.bytes
            meets = not (given_back.isdisjoint(entry.taken) and taken.isdisjoint(entry.given_back))
            if batch and (full or meets):
                break
            taken.update(entry.taken)
            given_back.update(entry.given_back)
            batch.append(self._queue.popleft())
            self._queued -= len(entry.rows)
        return batch

    async def _settle(self, batch: list[Entry]) -> None:
        """Write a batch and answer its callers.

        While some come too late they are found before the flush: one that fails costs more than a
        look, and PostgreSQL must clean up after it.
        """
        if self._contested:
            await self._sift(batch)
        else:
            await self._flush(batch)

    async def _flush(self, batch: list[Entry]) -> None:
        """Write a batch and answer its callers; refused, look for the culprits."""
        try:
            last = await self._write(batch)
            count = sum(len(entry.rows) for entry in batch)
            self._acknowledge(batch, range(last - count + 1, last + 1))
        except Refusal as refusal:
            refuse(batch, refusal)
        except (Conflict, StatementError) as error:
            if batch[0].uncertain and await self._was_stored(batch):
                return
            if isinstance(error, Conflict):
                self._contested = True
                await self._sift(batch, error)
            else:
                await self._halve(batch, error)

    async def _sift(self, batch: list[Entry], error: Conflict | None = None) -> None:
        """Refuse those that come too late, write the others, and then those that want the same.

        ``error``: why the batch was refused as a whole, when it was.
        """
        try:
            free = await self._unobstructed(batch)
        except StatementError as wrong:
            await self._halve(batch, wrong)
            return
        except DatabaseError:
            refuse(batch, _unavailable(batch))
            return
        first, later = in_turn(free)
        if error and len(first) == len(batch):
            await self._halve(batch, error)
            return
        self._contested = len(first) < len(batch)
        if first:
            await self._flush(first)
        if later:
            await self._sift(later)

    async def _unobstructed(self, batch: list[Entry]) -> list[Entry]:
        """Refuse those of a batch that come too late; return the others."""
        limit = self._limits.answer
        obstacles = await Obstacles.of(self._database, self._instance_id, batch, limit)
        free = []
        for entry in batch:
            if complaint := obstacles.complaint(entry):
                entry.refuse(complaint)
            else:
                free.append(entry)
        return free

    async def _halve(self, batch: list[Entry], error: Conflict | StatementError) -> None:
        """Look in the halves of a batch for what no query finds.

        A value that cannot be stored, or somebody who was in the way and is gone.
        """
        if len(batch) == 1:
            batch[0].refuse(_verdict(error))
            return
        middle = len(batch) // 2
        await self._flush(batch[:middle])
        await self._flush(batch[middle:])

    async def _write(self, batch: list[Entry]) -> int:
        """Run the flush until its outcome is known; return the last position.

        Raises :class:`Conflict` or :class:`StatementError` when it was refused as a whole,
        UNAVAILABLE when nothing was written, :class:`OutcomeUnknown` when no answer came in time.
        """
        loop = asyncio.get_running_loop()
        sql, values = self._statement(batch)
        deadline = loop.time() + self._limits.seconds
        pause = 0.01
        while True:
            began = loop.time()
            try:
                rows = await self._database.rows(sql, values, limit=self._limits.answer)
                now = loop.time()
                self._on_flush(Flush(len(batch), now - began, now - batch[0].since))
                return int(rows[0][0])
            except (Conflict, StatementError):
                raise
            except DatabaseError as error:
                if error.outcome_unknown:
                    for entry in batch:
                        entry.uncertain = True
                again = batch[0].uncertain or isinstance(error, SerializationFailure)
                if not again or loop.time() > deadline:
                    raise _unavailable(batch) from None
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.5)

    def _statement(self, batch: list[Entry]) -> tuple[str, dict[str, Any]]:
        rows = [row for entry in batch for row in entry.rows]
        values = {"instance": self._instance_id, "count": len(rows), **_events(rows)}
        sql = _HEAD
        released = [(*name, h) for entry in batch for name, h in entry.given_back.items()]
        claimed = [(*name, h) for entry in batch for name, (_, h) in entry.taken.items()]
        if released:
            sql += _RELEASED
            values["released"] = _names(released)
        if claimed:
            sql += _CLAIMED
            values["claimed"] = _names(claimed)
        if any(entry.commit.receipt for entry in batch):
            sql += _NOTED
            values["receipts"] = _receipts(batch)
        return sql + self._last, values

    def _acknowledge(self, batch: list[Entry], positions: Iterable[int]) -> None:
        position = iter(positions)
        answers = [entry.recorded(position) for entry in batch]
        self._committed([recorded for answer in answers for recorded in answer])
        for entry, answer in zip(batch, answers, strict=True):
            entry.accept(answer)

    async def _was_stored(self, batch: list[Entry]) -> bool:
        """Say whether an earlier try of this batch had been committed; if so, acknowledge it.

        It was one statement: every event of it is in the log as we sent it, or none is.
        """
        rows = [row for entry in batch for row in entry.rows]
        try:
            found = await self._find(rows)
        except DatabaseError:
            refuse(batch, OutcomeUnknown())
            return True
        positions = [found.get(_key(row), (0, False)) for row in rows]
        if not all(same for _, same in positions):
            return False
        self._acknowledge(batch, [position for position, _ in positions])
        return True

    async def _find(self, rows: list[Row]) -> dict[Any, tuple[int, bool]]:
        """Return what the log holds at the places of these rows: position, and whether the same."""
        found = await self._database.rows(_FIND, {**_events(rows), "instance": self._instance_id})
        return {(t, i, s): (position, same) for t, i, s, position, same in found}


def _key(row: Row) -> tuple[str, str, int]:
    return row.stream.type, row.stream.id, row.sequence


def _events(rows: list[Row]) -> dict[str, Any]:
    return {"events": (b"[" + b",".join([row.json for row in rows]) + b"]").decode()}


def _names(names: Iterable[tuple[str, str, str, str]]) -> str:
    return to_json([dict(zip("gkvh", name, strict=True)) for name in names]).decode()


def _receipts(batch: list[Entry]) -> str:
    noted = [(entry.commit.receipt, entry.commit.at) for entry in batch if entry.commit.receipt]
    return to_json([
        {"c": receipt.caller, "k": receipt.key, "n": receipt.step,
         "s": b64encode(receipt.sealed).decode(), "a": at.astimezone(UTC)}
        for receipt, at in noted
    ]).decode()  # fmt: skip


def _verdict(error: Conflict | StatementError) -> Exception:
    """Return what to tell the caller of a commit that was refused alone, with nobody in its way."""
    if isinstance(error, StatementError):
        _report("a commit cannot be stored", error)
        bad = error.sqlstate[:2] in {"22", "54"}  # no such value; too long for an index
        return INVALID(reason=error.sqlstate) if bad else INTERNAL()
    if error.constraint == "events_position":
        _report("the head of an instance is behind its events", error)
        return INTERNAL()
    return CONTENDED()  # whoever was in the way is gone by now


def _unavailable(batch: list[Entry]) -> Refusal:
    return OutcomeUnknown() if batch[0].uncertain else UNAVAILABLE()


def _report(message: str, error: Exception) -> None:
    context = {"message": message, "exception": error}
    asyncio.get_running_loop().call_exception_handler(context)
