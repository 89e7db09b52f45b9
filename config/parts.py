"""The parts that a server and a command share: the database and the aggregates over it."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path

import structlog
from personae.actors import domain
from personae.actors.aggregates import facts
from personae.actors.aggregates.world import World
from personae.actors.runtime.memory import MemoryLimit
from personae.actors.runtime.pools import PoolBusy, WorkPool
from personae.config.metrics import Metrics
from personae.config.roles import Roles
from personae.config.settings import Settings
from personae.store.crypto import Keyring
from personae.store.durability import require_durable
from personae.store.embedded import Embedded, EmbeddedError
from personae.store.lane import Limits
from personae.store.migrate import migrate
from personae.store.passwords import Cost, Passwords
from personae.store.pool import Database
from personae.store.postgres import PostgresLog

log = structlog.get_logger("personae")
WATCH_SECONDS = 1.0


@asynccontextmanager
async def reachable(settings: Settings) -> AsyncIterator[str]:
    """Yield the address of the database: the given one, or the embedded one, started for us.

    The embedded one is stopped by the last who uses it: a command may end while a server runs, and
    a server while a command runs.
    """
    if settings.database:
        yield settings.database.get_secret_value()
        return
    embedded = Embedded(settings.data / "postgresql")
    with closing(await asyncio.to_thread(_Use, settings.data / "database.lock")) as use:
        dsn = await asyncio.to_thread(embedded.start)
        watching = asyncio.create_task(_keep_running(embedded))
        try:
            yield dsn
        finally:
            watching.cancel()
            if use.last():
                await asyncio.to_thread(embedded.stop)


async def _keep_running(embedded: Embedded) -> None:
    """Start our own database again when it has died: nobody else would."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        if not embedded.pid:
            log.error("the embedded database died and is started again")
            try:
                await asyncio.to_thread(embedded.start)
            except EmbeddedError as error:
                log.error("the embedded database cannot be started", error=str(error))  # noqa: TRY400 — the message says it all


class _Use:
    """One user of the embedded database: a shared lock on a file, gone with its process."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w")
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def last(self) -> bool:
        """Say whether nobody else uses it; new users then wait until this one is gone."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Use it no longer."""
        self._file.close()


def shared(settings: Settings) -> bool:
    """Say whether other processes may write to the database."""
    return settings.database is not None or settings.workers > 1


async def connected(settings: Settings, dsn: str, stack: AsyncExitStack) -> Database:
    """Return the open database, closed with the stack."""
    store = settings.store
    database = Database(
        dsn,
        size=store.connections,
        timeout=store.statement_timeout.total_seconds(),
        connect_timeout=store.connect_timeout.total_seconds(),
        isolation="SERIALIZABLE" if store.portable else None,
    )
    stack.push_async_callback(database.close)
    await database.open()
    return database


async def prepared(settings: Settings, stack: AsyncExitStack) -> Database:
    """Return the database with the tables of this release; refuse one that may lose events."""
    dsn = await stack.enter_async_context(reachable(settings))
    database = await connected(settings, dsn, stack)
    for name in await require_durable(database, accept_loss=settings.store.accept_loss):
        log.warning("the database may lose acknowledged events", setting=name)
    await migrate(database)
    return database


async def aggregates(
    settings: Settings,
    database: Database,
    keyring: Keyring,
    metrics: Metrics,
    stack: AsyncExitStack,
) -> World:
    """Return the world of the aggregates; it ends with the stack."""
    domain.load()
    facts.load()
    hashing = settings.hashing
    pool = WorkPool("hashing", hashing.threads, hashing.queue)
    stack.push_async_callback(pool.stop)
    event_log = PostgresLog(
        database,
        notify=shared(settings) and not settings.store.portable,
        limits=Limits(events=settings.store.batch, queued=settings.store.queue),
        on_flush=lambda flush: metrics.flushed(*flush),
    )
    stack.push_async_callback(event_log.close)
    return World(
        log=event_log,
        keyring=keyring,
        passwords=Passwords(
            Cost(
                memory_kib=hashing.argon2_memory,
                passes=hashing.argon2_iterations,
                lanes=hashing.argon2_parallelism,
            )
        ),
        pool=pool,
        busy=PoolBusy,
        hashed=metrics.hashed,
        roles=Roles.load().by_name,
        external_domain=settings.external_domain,
        private_targets=settings.actions.private_targets,
        cap=settings.actors.live,
        idle_seconds=settings.actors.idle.total_seconds(),
        exceeded=MemoryLimit(int(settings.actors.memory)).exceeded,
    )
