"""The log in PostgreSQL: reads by page, writes through one lane per instance."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import orjson
from personae.actors.domain.kit import Kind, Recorded, Stream
from personae.store import snapshots
from personae.store.codec import decode, decode_any
from personae.store.lane import Lane, Limits, OnFlush, unseen
from personae.store.log import PAGE, Commit, OnCommitted, Receipt, Snapshot
from personae.store.pool import Database
from personae.store.session import CHUNK, Row

_COLUMNS = """
SELECT aggregate_type, aggregate_id, sequence, position, created_at, creator, owner, event_type,
       payload::text
FROM events"""
_STREAM = f"""{_COLUMNS}
WHERE instance_id = %s AND aggregate_type = %s AND aggregate_id = %s AND sequence > %s
ORDER BY sequence LIMIT {PAGE}"""
_WINDOW = f"{_COLUMNS} WHERE instance_id = %s AND position > %s AND position <= %s"
_AFTER = f"{_WINDOW} ORDER BY position"
_AFTER_OF_TYPES = f"{_WINDOW} AND event_type = ANY(%s) ORDER BY position LIMIT %s"
_HOLDER = "SELECT holder FROM claims WHERE instance_id = %s AND kind = %s AND value = %s"
_HOLDERS = (
    "SELECT value, holder FROM claims WHERE instance_id = %s AND kind = %s AND value = ANY(%s)"
)
_SNAPSHOT = """
SELECT sequence, shape, state FROM snapshots
WHERE instance_id = %s AND aggregate_type = %s AND aggregate_id = %s"""
_KEEP = """
INSERT INTO snapshots (instance_id, aggregate_type, aggregate_id, sequence, shape, state)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (instance_id, aggregate_type, aggregate_id)
DO UPDATE SET sequence = excluded.sequence, shape = excluded.shape, state = excluded.state
WHERE snapshots.sequence <= excluded.sequence"""

_RECEIPTS = """
SELECT step, sealed FROM receipts
WHERE instance_id = %s AND caller = %s AND key = %s ORDER BY step"""
_DROP_RECEIPTS = """
DELETE FROM receipts WHERE (instance_id, caller, key, step) IN (
    SELECT instance_id, caller, key, step FROM receipts WHERE at < %s LIMIT 5000)"""

Decode = Callable[[str, Any], Any]

WINDOW = 50_000
"""Positions that one statement looks through for events of some types: a tenth of a second."""


class PostgresLog:
    """An event log in a migrated database. ``notify``: other processes listen to our appends."""

    def __init__(
        self,
        database: Database,
        *,
        notify: bool = False,
        limits: Limits | None = None,
        on_flush: OnFlush = unseen,
    ) -> None:
        self.on_committed: list[OnCommitted] = []
        self._database = database
        self._notify = notify
        self._limits = limits
        self._on_flush = on_flush
        self._lanes: dict[str, Lane] = {}

    async def append(self, commit: Commit) -> list[Recorded]:
        """See :class:`personae.store.log.Log`."""
        lane = self._lanes.get(commit.instance_id)
        if lane is None:
            lane = self._lanes[commit.instance_id] = Lane(
                commit.instance_id, self._database, self._tell,
                notify=self._notify, limits=self._limits, on_flush=self._on_flush,
            )  # fmt: skip
        return await lane.append(commit)

    async def close(self) -> None:
        """Wait until every append is answered; the caller closes the database."""
        for lane in self._lanes.values():
            await lane.idle()

    @property
    def depth(self) -> int:
        """Events that wait to be written."""
        return sum(lane.depth for lane in self._lanes.values())

    def _tell(self, events: list[Recorded]) -> None:
        for tell in self.on_committed:
            try:
                tell(events)
            except Exception as error:  # noqa: BLE001 — a listener's fault is not the appender's
                context = {"message": "a listener of the log failed", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)

    async def stream(self, stream: Stream, after: int = 0) -> list[Recorded]:
        """See :class:`personae.store.log.Log`."""
        events: list[Recorded] = []
        while True:
            page = await self._database.rows(_STREAM, (*stream, after))
            events += await _decoded(stream.instance_id, page, decode)
            if len(page) < PAGE:
                return events
            after = events[-1].sequence

    async def after(
        self, instance_id: str, position: int, limit: int, types: Collection[str] | None = None
    ) -> list[Recorded]:
        """See :class:`personae.store.log.Log`."""
        limit = min(limit, PAGE)
        # Positions have no holes: with both ends named, a page costs the same whatever PostgreSQL
        # thinks of the table's size. With a LIMIT alone it sorted the whole rest of a young log.
        if types is None:
            rows = await self._database.rows(_AFTER, (instance_id, position, position + limit))
        else:
            rows = await self._search(instance_id, position, limit, list(types))
        return await _decoded(instance_id, rows, decode_any)

    async def _search(
        self, instance_id: str, position: int, limit: int, types: list[str]
    ) -> list[Row]:
        found: list[Row] = []
        head, window = await self.head(instance_id), limit
        while position < head and len(found) < limit:
            values = (instance_id, position, position + window, types, limit - len(found))
            found += await self._database.rows(_AFTER_OF_TYPES, values)
            position += window
            window = min(4 * window, WINDOW)  # wider where these types are rare
        return found

    async def head(self, instance_id: str) -> int:
        """See :class:`personae.store.log.Log`."""
        sql = "SELECT position FROM heads WHERE instance_id = %s"
        row = await self._database.row(sql, (instance_id,))
        return row[0] if row else 0

    async def holder(self, instance_id: str, kind: str, value: str) -> str | None:
        """See :class:`personae.store.log.Log`."""
        row = await self._database.row(_HOLDER, (instance_id, kind, value))
        return row[0] if row else None

    async def holders(self, instance_id: str, kind: str, values: Collection[str]) -> dict[str, str]:
        """See :class:`personae.store.log.Log`."""
        rows = await self._database.rows(_HOLDERS, (instance_id, kind, list(values)))
        return dict(rows)

    async def receipts(self, instance_id: str, caller: str, key: str) -> list[Receipt]:
        """See :class:`personae.store.log.Log`."""
        rows = await self._database.rows(_RECEIPTS, (instance_id, caller, key))
        return [Receipt(caller, key, step, bytes(sealed)) for step, sealed in rows]

    async def drop_receipts(self, before: datetime) -> None:
        """See :class:`personae.store.log.Log`."""
        while await self._database.run(_DROP_RECEIPTS, (before,)):
            pass

    async def instances(self) -> list[str]:
        """See :class:`personae.store.log.Log`."""
        sql = 'SELECT instance_id FROM heads ORDER BY instance_id COLLATE "C"'
        rows = await self._database.rows(sql)
        return [instance_id for (instance_id,) in rows]

    async def load_snapshot(self, stream: Stream, kind: Kind[Any]) -> Snapshot | None:
        """See :class:`personae.store.log.Log`."""
        row = await self._database.row(_SNAPSHOT, tuple(stream))
        if row is None:
            return None
        sequence, shape, state = row
        return snapshots.loads(kind, sequence, shape, bytes(state))

    async def keep_snapshot(self, stream: Stream, kind: Kind[Any], snapshot: Snapshot) -> None:
        """See :class:`personae.store.log.Log`."""
        kept = (snapshot.sequence, snapshots.shape_of(kind), snapshots.dumps(snapshot))
        await self._database.run(_KEEP, (*stream, *kept))


async def _decoded(instance_id: str, rows: list[Row], event_of: Decode) -> list[Recorded]:
    """Return rows as events, giving others a turn every few milliseconds."""
    events = _recorded(instance_id, rows[:CHUNK], event_of)
    for start in range(CHUNK, len(rows), CHUNK):
        await asyncio.sleep(0)
        events += _recorded(instance_id, rows[start : start + CHUNK], event_of)
    return events


def _recorded(instance_id: str, rows: list[Row], event_of: Decode) -> list[Recorded]:
    loads = orjson.loads
    return [
        Recorded(
            Stream(instance_id, kind, id_), sequence, position, at, creator, owner,
            event_of(event_type, loads(payload)),
        )
        for kind, id_, sequence, position, at, creator, owner, event_type, payload in rows
    ]  # fmt: skip
