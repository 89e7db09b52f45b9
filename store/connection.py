"""A connection to PostgreSQL: the only importer of aiopg, and what it must be helped with.

A connection that was cancelled, timed out or lost is in the middle of something: it is thrown away.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Mapping
from typing import Any

import aiopg
import psycopg2
from personae.store.errors import Unavailable
from psycopg2.extensions import POLL_OK, POLL_READ, TRANSACTION_STATUS_IDLE, make_dsn, parse_dsn

KEEPALIVE: Mapping[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5_000,
}
"""libpq parameters (seconds, milliseconds) that end a half-open connection: five seconds after
something was sent, about ten when idle."""

LOOK_AGAIN = 0.25
"""Seconds after which a socket that is waited for is looked at all the same: uvloop tells once, and
never again, of one that ends with an error, as when the database dies before it read what was sent;
what it said at last is then read, and the end is not."""


async def connect(dsn: str, seconds: float, options: str) -> Connection:
    """Return a new connection, made within so many seconds. Raises :class:`Unavailable`.

    ``options``: what libpq tells the server at the start, as ``-c name=value``.
    """
    try:
        connection = Connection(dsn, seconds, options=options, **KEEPALIVE)
        _ = await connection
    except (TimeoutError, psycopg2.Error) as error:
        reason = str(error).strip().partition("\n")[0] or "no answer in time"
        raise Unavailable(f"cannot connect: {reason}") from None
    return connection


class Connection(aiopg.Connection):
    """aiopg's connection, watched under the number that its socket has, and only while it has it.

    Until it stands libpq may need several sockets (the next address of a host, then without TLS),
    mostly under the same number: aiopg watches the first, and never hears of the others. When it
    is lost, whatever is opened next gets its number, and would be taken for it.
    """

    async def _connect(self) -> aiopg.Connection:
        if self._fileno is not None:
            self._loop.remove_reader(self._fileno)
        self._fileno = self._waiter = None
        try:
            async with asyncio.timeout(self._timeout):
                while (state := self._conn.poll()) != POLL_OK:
                    await _until(self._conn.fileno(), state)
        except BaseException:
            _ = self.close()
            raise
        self._fileno = self._conn.fileno()
        self._loop.add_reader(self._fileno, self._ready, self._weakref)
        return self

    async def _poll(self, waiter: asyncio.Future[None], timeout: float) -> None:  # noqa: ASYNC109 — as in aiopg
        self._look_later()
        try:
            await super()._poll(waiter, timeout)
        finally:
            self._looking.cancel()

    def _look_later(self) -> None:
        self._looking = self._loop.call_later(LOOK_AGAIN, self._look)

    def _look(self) -> None:
        self._look_later()
        self._ready(self._weakref)

    async def _cursor(self, *args: Any, **options: Any) -> aiopg.Cursor:
        """Return a cursor that is gone, with statement and answer, as soon as nobody holds it.

        aiopg's holds a transaction that holds it: thousands waited for the cyclic collector, which
        does not see what libpq keeps for each.
        """
        cursor = await super()._cursor(*args, **options)
        del cursor._transaction  # noqa: SLF001 — transactions are ours
        return cursor

    @property
    def whole(self) -> bool:
        """Whether it can serve others: open, between statements, in no transaction."""
        idle: bool = not self.closed and (
            self.raw.get_transaction_status() == TRANSACTION_STATUS_IDLE
        )
        return idle

    async def heard(self) -> str:
        """Wait for what is told on a channel. Raises :class:`Unavailable` when it is lost."""
        try:
            payload: str = (await self.notifies.get()).payload
        except psycopg2.Error:
            raise Unavailable("connection lost") from None
        return payload

    @staticmethod
    def _ready(weak_self: weakref.ref[Any]) -> None:
        aiopg.Connection._ready(weak_self)  # noqa: SLF001 — it has no other hook
        connection = weak_self()
        if connection is not None and connection.closed:
            _ = connection.close()


async def _until(socket: int, state: int) -> None:
    """Wait for a moment until a socket can be read, or written to; then nothing watches it."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    reading = state == POLL_READ
    watch, forget = (
        (loop.add_reader, loop.remove_reader) if reading else (loop.add_writer, loop.remove_writer)
    )
    watch(socket, ready.set)
    try:
        async with asyncio.timeout(LOOK_AGAIN):
            await ready.wait()
    except TimeoutError:
        pass
    finally:
        forget(socket)


def without_password(dsn: str) -> tuple[str, str]:
    """Return a database's address in libpq's words without its password, and the password."""
    words = parse_dsn(dsn)
    password = words.pop("password", "")
    return make_dsn(**words), password
