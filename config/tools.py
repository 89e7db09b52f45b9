"""What a command needs of a node: the store, the aggregates, the master key; never the port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from personae.actors.aggregates.dispatch import Dispatch
from personae.config import masterkey, parts
from personae.config.errors import StartError
from personae.config.metrics import Metrics
from personae.config.settings import Settings
from personae.store.crypto import Keyring
from personae.store.log import Log
from personae.store.pool import Database


@asynccontextmanager
async def store(settings: Settings, *, new: bool = False) -> AsyncIterator[Database]:
    """Yield the database with the tables of this release.

    Raises ``StartError`` when there is none yet, unless ``new`` asks to make it.
    """
    if not new:
        _require_database(settings)
    async with AsyncExitStack() as stack:
        yield await parts.prepared(settings, stack)


@asynccontextmanager
async def bare_store(settings: Settings) -> AsyncIterator[Database]:
    """Yield the database as it is, made when there is none, without any table of ours."""
    async with AsyncExitStack() as stack:
        dsn = await stack.enter_async_context(parts.reachable(settings))
        yield await parts.connected(settings, dsn, stack)


@asynccontextmanager
async def aggregates(settings: Settings) -> AsyncIterator[Dispatch]:
    """Yield the way to send commands; a running server hears of what follows."""
    key = master(settings)
    _require_database(settings)
    async with AsyncExitStack() as stack:
        database = await parts.prepared(settings, stack)
        keyring = await Keyring.load(database, key)
        world = await parts.aggregates(settings, database, keyring, Metrics(), stack)
        yield Dispatch(world)


def master(settings: Settings) -> bytes:
    """Return the master key. Raises ``StartError`` when there is none: a new one opens nothing."""
    kept = settings.data / "masterkey"
    if settings.masterkey is None and settings.masterkey_file is None and not kept.exists():
        raise StartError(f"there is no master key: give --masterkey-file, or put it into {kept}")
    return masterkey.obtain(settings)


async def instance_of(log: Log, wanted: str) -> str:
    """Return the instance that is meant: the named one, or the only one."""
    found = await log.instances()
    if wanted and wanted not in found:
        raise StartError(f"there is no instance {wanted}")
    if not found:
        raise StartError("there is no instance yet: run `personae setup`")
    if not wanted and len(found) > 1:
        raise StartError(f"say which instance with --instance: {', '.join(found)}")
    return wanted or found[0]


def _require_database(settings: Settings) -> None:
    if settings.database is None and not (settings.data / "postgresql" / "PG_VERSION").exists():
        raise StartError(f"there is no database in {settings.data}: give --data or --database")
