"""Statements on one connection, and their rows."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg2
from personae.store.connection import Connection
from personae.store.errors import Unavailable, said, translated

Row = tuple[Any, ...]
Params = Sequence[Any] | Mapping[str, Any] | None

CHUNK = 500
"""Rows made into Python values at a time: one to two milliseconds, then others have a turn."""


class Session:
    """One connection in the hands of one call or one transaction."""

    def __init__(self, connection: Connection, timeout: float) -> None:
        self._connection = connection
        self._timeout = timeout
        self._over = False

    def end(self) -> None:
        """Let go of the connection: from now on it serves others."""
        self._over = True

    async def rows(self, sql: str, params: Params = None, *, limit: float = 0) -> list[Row]:
        """Return all rows of a statement. ``limit``: seconds, else the pool's."""
        cursor = await self._execute(sql, params, limit)
        if not cursor.description:
            return []
        rows = _fetched(cursor)
        while len(rows) < cursor.rowcount:
            await asyncio.sleep(0)
            rows += _fetched(cursor)
        return rows

    async def row(self, sql: str, params: Params = None, *, limit: float = 0) -> Row | None:
        """Return the first row, or None."""
        cursor = await self._execute(sql, params, limit)
        return next(iter(_fetched(cursor, 1)), None) if cursor.description else None

    async def run(self, sql: str, params: Params = None, *, limit: float = 0) -> int:
        """Run a statement and return how many rows it touched."""
        return int((await self._execute(sql, params, limit)).rowcount)

    async def _execute(self, sql: str, params: Params, limit: float) -> Any:
        connection = self._connection
        if self._over:
            raise RuntimeError("the transaction is over")
        if connection.closed:
            raise Unavailable("connection lost")
        cancels = _cancels()
        cursor = await connection.cursor()
        failed: BaseException | None = None
        try:
            await cursor.execute(sql, params, timeout=limit or self._timeout)
        except (asyncio.CancelledError, TimeoutError, psycopg2.Error, ValueError) as error:
            failed = error
        # wait_for of Python 3.11, which aiopg uses, loses a cancellation that meets the answer.
        if _cancels() > cancels or (failed and _cancelled(failed, connection)):
            raise asyncio.CancelledError
        if failed:
            raise said(failed, lost=bool(connection.closed)) from None
        return cursor.raw


def _cancels() -> int:
    task = asyncio.current_task()
    return task.cancelling() if task else 0


def _fetched(cursor: Any, count: int = CHUNK) -> list[Row]:
    """Return the next rows of a result, which a connection lost by now takes with it."""
    try:
        return cursor.fetchmany(count)  # type: ignore[no-any-return]
    except psycopg2.Error as error:
        raise translated(error, lost=True) from None


def _cancelled(error: BaseException, connection: Connection) -> bool:
    """Say whether the task was cancelled: aiopg then closes the connection.

    A statement that the server cancelled is reported in the same words, the connection open.
    """
    return isinstance(error, asyncio.CancelledError) and bool(connection.closed)
