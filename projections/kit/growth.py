"""A table that grows: PostgreSQL plans for what it saw last, at first for one that is empty."""

from __future__ import annotations

import asyncio
import logging

from personae.projections.kit.failure import described
from personae.projections.kit.shelf import Shelf
from personae.projections.kit.table import Table

logger = logging.getLogger(__name__)

FIRST = 1_000
"""Rows written before the first look: reading a smaller table as a whole is no harm."""

UNDER_WAY, AT_REST = 10, 2
"""How many times as much is written before the next look: during a fill, and behind it."""


class Growth:
    """Lets the database look at a table (``ANALYZE``) when this process has written much to it.

    The server's own looks come a minute later at best, and are not there on every engine.
    """

    def __init__(self, table: Table, shelf: Shelf) -> None:
        self._table = table
        self._shelf = shelf
        self._seen = 0
        self._looking: asyncio.Task[None] | None = None

    def wrote(self, rows: int, *, at_rest: bool) -> None:
        """Look, if so many rows written since the start are worth it; never waits."""
        times = AT_REST if at_rest else UNDER_WAY
        if self._looking is None and rows >= max(FIRST, self._seen * times):
            self._seen = rows
            self._looking = asyncio.create_task(self._look())

    async def close(self) -> None:
        """Let go of a look under way."""
        if self._looking:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        try:
            await self._shelf.analyze(self._table, self._shelf.database)
        except Exception as error:  # noqa: BLE001 — a plan may be slow for it, nothing is wrong
            logger.warning("%s was not looked at: %s", self._table, described(error))
        finally:
            self._looking = None
