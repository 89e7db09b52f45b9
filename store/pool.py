"""The way to PostgreSQL: a bounded pool of connections, and errors that say what to do next.

The only importer of aiopg and psycopg2. Nothing of theirs leaves this module, neither a connection
nor an exception, because their habits differ from asyncio's: a ``statement_timeout`` arrives as
``CancelledError``, a cancelled statement leaves a connection in the middle of a result, and
aiopg's own pool forgets to wake a waiter. Here a connection belongs to one call, and one that was
cancelled, timed out or lost is thrown away.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import aiopg
import psycopg2
from personae.actors.domain.kit import Refusal
from personae.actors.domain.kit.refusal import UNAVAILABLE
from psycopg2 import errorcodes, errors
from psycopg2.extensions import POLL_OK, POLL_READ, TRANSACTION_STATUS_IDLE, make_dsn, parse_dsn

T = TypeVar("T")
Row = tuple[Any, ...]
Params = Sequence[Any] | Mapping[str, Any] | None
Isolation = Literal["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]

SESSION = {
    "timezone": "UTC",
    "statement_timeout": "10s",
    "idle_in_transaction_session_timeout": "5s",
    "client_connection_check_interval": "500ms",
}
"""Session settings of every connection: no client of ours can hold a lock for long."""

KEEPALIVE: Mapping[str, Any] = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5_000,
}
"""libpq parameters (seconds, milliseconds) that end a half-open connection: five seconds after
something was sent, about ten when idle."""

FIRST_RETRY, LAST_RETRY = 0.05, 0.5
"""Seconds to the next attempt to connect, after the first failure and at most."""

LOOK_AGAIN = 0.25
"""Seconds after which a socket that is waited for is looked at all the same: uvloop tells once, and
never again, of one that ends with an error, as when the database dies before it read what was sent;
what it said at last is then read, and the end is not."""

TRIES = 12
"""How often what met another transaction is run, before its caller hears of it."""

FIRST_PAUSE, LAST_PAUSE = 0.002, 0.2
"""Seconds before the second try, at most; each pause may be twice as long as the one before."""

FULL_SECONDS = 6.0
"""Seconds for which the disk counts as full after a statement found it so: read models that wait
try again every five."""

OPENING = 5
"""How many times longer than later a connection may take while the pool is opened."""

CHUNK = 500
"""Rows made into Python values at a time: one to two milliseconds, then others have a turn."""


class DatabaseError(Exception):
    """What a statement may raise. ``outcome_unknown``: a write may have been committed."""

    def __init__(self, message: str, *, outcome_unknown: bool = False) -> None:
        super().__init__(message)
        self.outcome_unknown = outcome_unknown


class Unavailable(DatabaseError, Refusal):  # noqa: N818 — a state, not a fault
    """The database cannot be reached, went away, or every connection is taken: try later.

    No fault of the caller, who is told to try again.
    """

    def __init__(self, message: str = "", *, outcome_unknown: bool = False) -> None:
        Refusal.__init__(self, UNAVAILABLE)
        self.outcome_unknown = outcome_unknown
        self.message = message

    def __str__(self) -> str:
        return self.message or self.id


class DiskFull(Unavailable):
    """The database has no room left: it answers, and nothing can be written."""


class QueryTimeout(Unavailable):
    """The statement took longer than we allow, which is no deadline of its caller's."""


class SerializationFailure(DatabaseError):  # noqa: N818 — PostgreSQL's word
    """The transaction met another one (40001, deadlock included): run it again."""


class Conflict(DatabaseError):  # noqa: N818 — as above
    """A row with this key exists; ``constraint`` names the key that refused."""

    def __init__(self, constraint: str) -> None:
        super().__init__(f"conflict with {constraint}")
        self.constraint = constraint


class StatementError(DatabaseError):
    """The statement or one of its values is wrong; ``sqlstate`` says how."""

    def __init__(self, sqlstate: str, message: str) -> None:
        super().__init__(f"{sqlstate} {message}".rstrip())
        self.sqlstate = sqlstate


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


class _Connection(aiopg.Connection):
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


class Session:
    """One connection in the hands of one call or one transaction."""

    def __init__(self, connection: aiopg.Connection, timeout: float) -> None:
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
            raise _said(failed, lost=bool(connection.closed)) from None
        return cursor.raw


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
        self._idle: list[aiopg.Connection] = []
        self._busy: set[aiopg.Connection] = set()
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
            with contextlib.suppress(Unavailable, psycopg2.Error):
                connection = await self._connect()
                self._busy.add(connection)
                try:
                    await Session(connection, self._timeout).run(f'LISTEN "{channel}"')
                    yield None
                    while True:
                        yield (await connection.notifies.get()).payload
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

    def _take_idle(self) -> aiopg.Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if not connection.closed:
                return connection
            self._stats.discarded += 1
        return None

    def _keep(self, connection: aiopg.Connection) -> None:
        """Keep a connection that is whole: open, between statements, in no transaction."""
        whole = not connection.closed and (
            connection.raw.get_transaction_status() == TRANSACTION_STATUS_IDLE
        )
        if whole and not self._closed:
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

    async def _connect(self, limit: float = 0) -> aiopg.Connection:
        loop = asyncio.get_running_loop()
        limit = limit or self._connect_timeout
        if self._closed or loop.time() < self._retry_at:
            raise Unavailable("the database is away")
        if self._retry_at:  # one looks whether it is back, and the others are refused meanwhile
            self._retry_at = loop.time() + limit
        try:
            connection = await _Connection(self.dsn, limit, options=self._options, **KEEPALIVE)
        except (TimeoutError, psycopg2.Error) as error:
            self._retry_at = loop.time() + self._retry_in
            self._retry_in = min(self._retry_in * 2, LAST_RETRY)
            reason = str(error).strip().partition("\n")[0] or "no answer in time"
            raise Unavailable(f"cannot connect: {reason}") from None
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


def without_password(dsn: str) -> tuple[str, str]:
    """Return a database's address in libpq's words without its password, and the password."""
    words = parse_dsn(dsn)
    password = words.pop("password", "")
    return make_dsn(**words), password


def _cancels() -> int:
    task = asyncio.current_task()
    return task.cancelling() if task else 0


def _fetched(cursor: Any, count: int = CHUNK) -> list[Row]:
    """Return the next rows of a result, which a connection lost by now takes with it."""
    try:
        return cursor.fetchmany(count)  # type: ignore[no-any-return]
    except psycopg2.Error as error:
        raise _translated(error, lost=True) from None


def _cancelled(error: BaseException, connection: aiopg.Connection) -> bool:
    """Say whether the task was cancelled: aiopg then closes the connection.

    A statement that the server cancelled is reported in the same words, the connection open.
    """
    return isinstance(error, asyncio.CancelledError) and bool(connection.closed)


def _said(error: BaseException, *, lost: bool) -> DatabaseError:
    """Return our word for whatever the driver raised."""
    if isinstance(error, asyncio.CancelledError):
        return QueryTimeout("cancelled by the server")
    if isinstance(error, TimeoutError):
        return QueryTimeout("no answer in time", outcome_unknown=True)
    if isinstance(error, psycopg2.Error):
        return _translated(error, lost=lost)
    return StatementError("22021", "a text holds NUL or half a character")


def _translated(error: psycopg2.Error, *, lost: bool) -> DatabaseError:
    """Return our word for a driver's error, without the values that PostgreSQL puts in its text."""
    state = error.pgcode or ""
    if state == errorcodes.UNIQUE_VIOLATION:
        return Conflict(error.diag.constraint_name or "")
    if isinstance(error, (errors.SerializationFailure, errors.DeadlockDetected)):
        return SerializationFailure(state)
    if state == errorcodes.DISK_FULL and not lost:
        return DiskFull(f"no room on the disk {state}")
    if lost or state[:2] in {"08", "53", "57"}:
        return Unavailable(f"connection lost {state}".rstrip(), outcome_unknown=lost)
    if not state and isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError)):
        return Unavailable("connection lost", outcome_unknown=True)
    about_the_sql = state.startswith("42")
    return StatementError(state, (error.diag.message_primary or "") if about_the_sql else "")
