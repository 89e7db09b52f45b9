"""What counts once among all processes: names that are taken until they expire.

One statement takes all names that wait, as the lane does with events; no call has one of its own
when many come at once.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from personae.store.errors import DatabaseError
from personae.store.pool import Database

TAKE = """
INSERT INTO seen (name, until_at)
SELECT * FROM unnest(%s::bytea[], %s::timestamptz[])
{} ON CONFLICT (name) DO NOTHING RETURNING name"""
QUICKLY = "WHERE (SELECT set_config('synchronous_commit', 'off', true)) = 'off'"
"""For this statement only: no waiting for the disk. Whatever is written after it, and waited for,
brings it there too."""
FORGET = "DELETE FROM seen WHERE until_at < %s"
FORGET_EVERY = timedelta(minutes=1)
MOST = 1_000
"""Names that one statement takes."""

Waiting = tuple[bytes, datetime, "asyncio.Future[bool]"]


class Seen:
    """Takes names. A name whose time is over may be taken again once it was forgotten.

    ``portable``: the engine may have no commits that are not waited for.
    """

    def __init__(self, database: Database, *, portable: bool = False) -> None:
        self._database = database
        self._take_names = TAKE.format("" if portable else QUICKLY)
        self._forgetting: asyncio.Task[None] | None = None
        self._waiting: list[Waiting] = []
        self._flushing: asyncio.Task[None] | None = None
        self._forgot_at: datetime | None = None

    async def first(self, name: bytes, until: datetime, now: datetime) -> bool:
        """Take a name; false when it was taken before, here or elsewhere.

        Raises ``DatabaseError``: nothing counts while that cannot be known.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()
        self._waiting.append((name, until, answer))
        if self._flushing is None:
            self._flushing = loop.create_task(self._flush(now))
        return await answer

    async def _flush(self, now: datetime) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._take(batch)
                self._forget(now)
        finally:
            self._flushing = None

    async def _take(self, batch: list[Waiting]) -> None:
        wanted = {name: until for name, until, _ in reversed(batch)}
        try:
            rows = await self._database.rows(
                self._take_names, (list(wanted), list(wanted.values()))
            )
        except DatabaseError as error:
            for _, _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        taken = {bytes(row[0]) for row in rows}
        for name, _, answer in batch:
            if not answer.done():
                answer.set_result(name in taken)
            taken.discard(name)  # twice in one batch: the first one has it

    def _forget(self, now: datetime) -> None:
        """Have removed what has expired, once in a while; nobody waits for that."""
        if self._forgot_at is not None and now - self._forgot_at < FORGET_EVERY:
            return
        self._forgot_at = now
        self._forgetting = asyncio.create_task(self._remove(now))

    async def _remove(self, now: datetime) -> None:
        try:
            await self._database.run(FORGET, (now,))
        except DatabaseError:
            return
