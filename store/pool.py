"""The way to PostgreSQL: a bounded pool of connections.

aiopg's own pool forgets to wake a waiter. Here a connection belongs to one call, and comes back
only when it is whole.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from personae.store.connection import Connection, connect
from personae.store.errors import (
    DatabaseError,
    DiskFull,
    QueryTimeout,
    SerializationFailure,
    Unavailable,
)
from personae.store.session import Params, Row, Session

T = TypeVar("T")
Isolation = Literal["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]

SESSION = {
    "timezone": "UTC",
    "statement_timeout": "10s",
    "idle_in_transaction_session_timeout": "5s",
    "client_connection_check_interval": "500ms",
}
"""Session settings of every connection: no client of ours can hold a lock for long."""

FIRST_RETRY, LAST_RETRY = 0.05, 0.5
"""Seconds to the next attempt to connect, after the first failure and at most."""

TRIES = 12
"""How often what met another transaction is run, before its caller hears of it."""

FIRST_PAUSE, LAST_PAUSE = 0.002, 0.2
"""Seconds before the second try, at most; each pause may be twice as long as the one before."""

FULL_SECONDS = 6.0
"""Seconds for which the disk counts as full after a statement found it so: read models that wait
try again every five."""

OPENING = 5
"""How many times longer than later a connection may take while the pool is opened."""


@dataclass(slots=True)
class Stats:
    """Counters of a pool since its start, and its state now."""

    size: int
    busy: int = 0
    idle: int = 0
    waiting: int = 0
    opened: int = 0
    discarded: int = 0
    timeouts: int = 0
    refused: int = 0
    repeated: int = 0


class Database:
    """A pool of connections to one database.

    ``size`` connections at most, ``waiting`` callers at most in the queue before them, each for
    ``patience`` seconds; ``timeout`` seconds for a statement, ``connect_timeout`` for a new
    connection. While the database is away callers are refused at once, and one of them tries
    again now and then; so it serves again by itself. ``isolation`` is that of every statement and
    transaction that names none; the engine's own when None.
    """

    def __init__(
        self,
        dsn: str,
        *,
        size: int = 10,
        waiting: int = 1000,
        patience: float = 2.0,
        timeout: float = 12.0,
        connect_timeout: float = 2.0,
        session: Mapping[str, str] | None = None,
        isolation: Isolation | None = None,
    ) -> None:
        self.dsn = dsn
        self._waiting_limit = waiting
        self._patience = patience
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        session = {**SESSION, **_isolated(isolation), **(session or {})}
        self._options = " ".join(f"-c {key}={value}" for key, value in session.items())
        self._turns = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._writes: set[asyncio.Task[Any]] = set()
        self._retry_at = 0.0
        self._retry_in = FIRST_RETRY
        self._answered_at = 0.0
        self._closed = False
        self._full_until = 0.0
        self._stats = Stats(size)

    async def open(self) -> None:
        """Connect to the full size, so that no request pays for it. Raises :class:`Unavailable`.

        Nobody waits for an answer yet: a slow database gets ``OPENING`` times as long as later.
        """
        wanted = self._stats.size - len(self._idle) - len(self._busy)
        made = await asyncio.gather(*(self._add() for _ in range(wanted)), return_exceptions=True)
        for failed in made:
            if failed:
                raise failed

    async def _add(self) -> None:
        self._idle.append(await self._connect(OPENING * self._connect_timeout))

    async def close(self) -> None:
        """Let writes under way finish, then close every connection."""
        self._closed = True
        if self._writes:
            await asyncio.wait(self._writes, timeout=self._timeout)
        for connection in [*self._idle, *self._busy]:
            _ = connection.close()
        self._idle.clear()

    def room(self) -> None:
        """Raise :class:`DiskFull` when a statement found the disk full, a moment ago."""
        if asyncio.get_running_loop().time() < self._full_until:
            raise DiskFull("no room on the disk")

    @property
    def stats(self) -> Stats:
        """What the pool does now and has done."""
        self._stats.idle = len(self._idle)
        self._stats.busy = len(self._busy)
        return self._stats

    async def rows(self, sql: str, params: Params = None, *, limit: float = 0) -> list[Row]:
        """Return all rows of a statement. ``limit``: seconds, else the pool's."""
        return await self._alone(Session.rows, sql, params, limit)

    async def row(self, sql: str, params: Params = None, *, limit: float = 0) -> Row | None:
        """Return the first row, or None."""
        return await self._alone(Session.row, sql, params, limit)

    async def run(self, sql: str, params: Params = None, *, limit: float = 0) -> int:
        """Write; return how many rows were touched. Goes on to its end when the caller is gone."""
        return await self._to_the_end(self._alone(Session.run, sql, params, limit))

    async def atomically(
        self, work: Callable[[Session], Awaitable[T]], isolation: Isolation | None = None
    ) -> T:
        """Run ``work`` in a transaction; again from its beginning when it met another one.

        So ``work`` may run several times, and what it does besides its session must bear that.
        """

        async def once() -> T:
            async with self.transaction(isolation) as session:
                return await work(session)

        return await self._again(once)

    @contextlib.asynccontextmanager
    async def transaction(self, isolation: Isolation | None = None) -> AsyncIterator[Session]:
        """Run several statements as one: committed at the end, rolled back when it raises.

        Raises :class:`SerializationFailure`, where :meth:`atomically` tries again. A caller
        cancelled in the middle rolls back; one cancelled at the end has committed.
        """
        async with self._session() as session:
            await session.run(f"BEGIN ISOLATION LEVEL {isolation}" if isolation else "BEGIN")
            try:
                yield session
            except Exception:
                # An error in the rollback closes the connection, which rolls back as well.
                with contextlib.suppress(DatabaseError):
                    await session.run("ROLLBACK")
                raise
            await self._to_the_end(session.run("COMMIT"))

    async def listen(self, channel: str) -> AsyncIterator[str | None]:
        """Yield the payloads sent to a channel, until the end, over a connection of its own.

        Yields None whenever it begins to listen, at first and after each loss: what was sent
        before may be missed, so read the truth from the tables then.
        """
        while not self._closed:
            with contextlib.suppress(Unavailable):
                connection = await self._connect()
                self._busy.add(connection)
                try:
                    await Session(connection, self._timeout).run(f'LISTEN "{channel}"')
                    yield None
                    while True:
                        yield await connection.heard()
                finally:
                    self._busy.discard(connection)
                    _ = connection.close()
            await asyncio.sleep(self._retry_in)

    async def _alone(
        self, ask: Callable[..., Awaitable[T]], sql: str, params: Params, limit: float
    ) -> T:
        """Run one statement as a transaction of its own."""

        async def once() -> T:
            async with self._session() as session:
                return await ask(session, sql, params, limit=limit)

        return await self._again(once)

    async def _again(self, once: Callable[[], Awaitable[T]]) -> T:
        """Repeat what met another transaction: it was rolled back, so it happens once at most."""
        for attempt in range(TRIES - 1):
            try:
                return await once()
            except SerializationFailure:
                self._stats.repeated += 1
            pause = min(FIRST_PAUSE * 2**attempt, LAST_PAUSE)
            await asyncio.sleep(random.random() * pause)  # noqa: S311 — no secret
        return await once()

    async def _to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Await work that a cancelled caller must not cut off."""
        task = asyncio.ensure_future(work)
        self._writes.add(task)
        task.add_done_callback(self._written)
        return await asyncio.shield(task)

    def _written(self, task: asyncio.Task[Any]) -> None:
        self._writes.discard(task)
        if not task.cancelled():
            task.exception()

    @contextlib.asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        await self._turn()
        try:
            connection = self._take_idle() or await self._connect()
            self._busy.add(connection)
            session = Session(connection, self._timeout)
            began = asyncio.get_running_loop().time()
            try:
                yield session
            except QueryTimeout:
                self._stats.timeouts += 1
                if self._answered_at < began:
                    self._doubt()
                raise
            except DiskFull:
                self._full_until = asyncio.get_running_loop().time() + FULL_SECONDS
                raise
            except asyncio.CancelledError:
                _ = connection.close()
                raise
            finally:
                session.end()
                self._busy.discard(connection)
                self._keep(connection)
        finally:
            self._turns.release()

    async def _turn(self) -> None:
        """Wait for one of the connections, in order, for a bounded time."""
        if not self._turns.locked():
            await self._turns.acquire()
            return
        if self._stats.waiting >= self._waiting_limit:
            self._stats.refused += 1
            raise Unavailable("too many callers wait for a connection")
        self._stats.waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        except TimeoutError:
            self._stats.refused += 1
            raise Unavailable("no connection became free in time") from None
        finally:
            self._stats.waiting -= 1

    def _take_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection
            self._stats.discarded += 1
        return None

    def _keep(self, connection: Connection) -> None:
        """Keep a connection that can serve others."""
        if connection.whole and not self._closed:
            self._idle.append(connection)
            self._answered_at = asyncio.get_running_loop().time()
            return
        self._stats.discarded += 1
        _ = connection.close()

    def _doubt(self) -> None:
        """Have the next callers connect anew, when nobody was answered while one waited in vain.

        A database that hangs answers no new connection either, which is known much sooner.
        """
        for connection in self._idle:
            self._stats.discarded += 1
            _ = connection.close()
        self._idle.clear()

    async def _connect(self, limit: float = 0) -> Connection:
        loop = asyncio.get_running_loop()
        limit = limit or self._connect_timeout
        if self._closed or loop.time() < self._retry_at:
            raise Unavailable("the database is away")
        if self._retry_at:  # one looks whether it is back, and the others are refused meanwhile
            self._retry_at = loop.time() + limit
        try:
            connection = await connect(self.dsn, limit, self._options)
        except Unavailable:
            self._retry_at = loop.time() + self._retry_in
            self._retry_in = min(self._retry_in * 2, LAST_RETRY)
            raise
        except asyncio.CancelledError:
            self._retry_at = min(self._retry_at, loop.time())
            raise
        if self._closed:  # meanwhile: nobody closes what comes later
            _ = connection.close()
            raise Unavailable("the pool is closed")
        self._retry_at, self._retry_in = 0.0, FIRST_RETRY
        self._stats.opened += 1
        return connection


def _isolated(isolation: Isolation | None) -> Mapping[str, str]:
    # A blank in libpq's options is written with a backslash.
    if isolation is None:
        return {}
    return {"default_transaction_isolation": isolation.lower().replace(" ", "\\ ")}
