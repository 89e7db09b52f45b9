"""What waits to be sent, in the database: it survives a restart, and one process takes each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

NAME = "notifications"


class Tables(Protocol):
    """The database."""

    async def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Any]:
        """Return rows."""

    async def row(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """Return one row, or nothing."""

    async def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Change rows; return how many."""


@dataclass(frozen=True, slots=True)
class Job:
    """A message to send: the event it tells of, and how often that was tried before."""

    instance_id: str
    position: int
    tries: int
    due_at: datetime


class Outbox:
    """Jobs, and up to which event of each instance they were put here."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def seen(self, instance_id: str) -> int:
        """Return the position up to which events have become jobs."""
        sql = "SELECT position FROM workers WHERE name = %s AND instance_id = %s"
        found = await self._tables.row(sql, (NAME, instance_id))
        return int(found[0]) if found else 0

    async def put(
        self, instance_id: str, positions: Iterable[int], seen: int, now: datetime
    ) -> None:
        """Keep jobs, then that all events up to ``seen`` were looked at; twice does no harm."""
        wanted = list(positions)
        if wanted:
            await self._tables.run(
                "INSERT INTO outbox (instance_id, position, due_at)"
                " SELECT %s, unnest(%s), %s ON CONFLICT DO NOTHING",
                (instance_id, wanted, now),
            )
        await self._tables.run(
            "INSERT INTO workers (name, instance_id, position) VALUES (%s, %s, %s)"
            " ON CONFLICT (name, instance_id) DO UPDATE"
            " SET position = greatest(workers.position, excluded.position)",
            (NAME, instance_id, seen),
        )

    async def due(self, now: datetime, limit: int) -> list[Job]:
        """Return jobs whose time has come, those that wait longest first."""
        sql = (
            "SELECT instance_id, position, tries, due_at FROM outbox"
            " WHERE due_at <= %s ORDER BY due_at LIMIT %s"
        )
        return [Job(*row) for row in await self._tables.rows(sql, (now, limit))]

    async def take(self, job: Job, until: datetime) -> bool:
        """Take a job until a time; false when another process was first."""
        sql = (
            "UPDATE outbox SET due_at = %s, tries = tries + 1"
            " WHERE instance_id = %s AND position = %s AND due_at = %s"
        )
        return await self._tables.run(sql, (until, job.instance_id, job.position, job.due_at)) == 1

    async def later(self, job: Job, due_at: datetime) -> None:
        """Try a job again at a time."""
        sql = "UPDATE outbox SET due_at = %s WHERE instance_id = %s AND position = %s"
        await self._tables.run(sql, (due_at, job.instance_id, job.position))

    async def done(self, job: Job) -> None:
        """Forget a job: it was sent, or never will be."""
        sql = "DELETE FROM outbox WHERE instance_id = %s AND position = %s"
        await self._tables.run(sql, (job.instance_id, job.position))
