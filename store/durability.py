"""A database that may forget what it acknowledged is no place for a log of events."""

from __future__ import annotations

from personae.store.pool import Database

DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
"""PostgreSQL settings without which an acknowledged commit may be lost in a crash."""


class NotDurable(RuntimeError):  # noqa: N818 — says what is wrong
    """The database's settings may lose acknowledged commits."""


async def require_durable(database: Database, *, accept_loss: bool = False) -> list[str]:
    """Refuse, with :class:`NotDurable`, a database that may lose what it acknowledged.

    Returns the settings that are off when ``accept_loss`` lets them pass, for a warning.
    """
    sql = "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off' ORDER BY name"
    off = [name for (name,) in await database.rows(sql, (list(DURABLE),))]
    if off and not accept_loss:
        raise NotDurable(
            f"the database runs with {', '.join(off)} off: a crash would lose events."
            " Turn that on, or start all the same with PERSONAE_STORE__ACCEPT_LOSS=true"
        )
    return off
