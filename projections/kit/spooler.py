"""The spooler: exactly one process in the cluster sweeps a projection for what the bus missed.

Who sweeps is decided by a lease, a row with an expiry by the database's clock. It only saves
work: two sweepers would do no harm, as the position fences every write. So a process that was
stopped and goes on behind the expiry of its lease writes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass

from personae.projections.kit.projector import Projector
from personae.projections.kit.shelf import Shelf
from personae.store.errors import DatabaseError
from personae.store.log import Log

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: how long a lease lasts, how often it is renewed or tried for, how often one sweeps.

    ``jitter`` is the part by which a time may be shorter, so that processes that started together
    drift apart. ``tidy`` is how long nobody keeps a table of an earlier release before it goes,
    twice as long at most.

    A released lease is taken over within ``renew``, that of a dead process within ``lease`` and
    ``renew`` together.
    """

    lease: float = 5.0
    renew: float = 1.5
    sweep: float = 60.0
    tidy: float = 60.0
    jitter: float = 0.2

    def about(self, seconds: float) -> float:
        """Return a time that differs each time."""
        return seconds * random.uniform(1 - self.jitter, 1.0)  # noqa: S311 — no secret


class Spooler:
    """Sweeps those projectors of this process whose lease it holds as ``holder``."""

    def __init__(
        self,
        shelf: Shelf,
        log: Log,
        projectors: Mapping[str, Projector],
        holder: str,
        pace: Pace | None = None,
    ) -> None:
        self.held: set[str] = set()
        self._shelf = shelf
        self._log = log
        self._projectors = projectors
        self._holder = holder
        self._pace = pace or Pace()
        self._due: dict[str, float] = {}
        self._stopping = False

    async def run(self) -> None:
        """Try for leases, and sweep, until cancelled or told to stop."""
        self._stopping = False
        try:
            while not self._stopping:
                await self._turn()
                await asyncio.sleep(self._pace.about(self._pace.renew))
        finally:
            self.held = set()

    def stop(self) -> None:
        """Begin nothing more."""
        # Python 3.11's wait_for, which the driver uses, may lose a cancellation.
        self._stopping = True

    async def release(self) -> None:
        """Release the leases for others."""
        with contextlib.suppress(DatabaseError):
            await self._shelf.database.run(
                f"DELETE FROM {self._shelf.path('leases')} WHERE holder = %s", (self._holder,)
            )

    async def _turn(self) -> None:
        try:
            await self.renew()
            await self._sweep_due()
        except DatabaseError as error:
            self.held = set()
            logger.warning("the spooler waits: %s", error)

    async def renew(self) -> None:
        """Renew the leases held and take those that expired."""
        rows = await self._shelf.database.rows(
            f"INSERT INTO {self._shelf.path('leases')} AS l (name, holder, expires_at)"
            " SELECT name, %s, clock_timestamp() + make_interval(secs => %s)"
            " FROM unnest(%s::text[]) AS name"
            " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder,"
            " expires_at = excluded.expires_at"
            " WHERE l.holder = excluded.holder OR l.expires_at < clock_timestamp()"
            " RETURNING name",
            (self._holder, self._pace.lease, sorted(self._projectors)),
        )
        self.held = {name for (name,) in rows}

    async def _sweep_due(self) -> None:
        now = asyncio.get_running_loop().time()
        # A lease just taken is due at once: its last holder may have died in the middle.
        self._due = {name: self._due.get(name, 0.0) for name in self.held}
        due = [name for name, at in self._due.items() if at <= now]
        if due:
            await self.sweep(due)
            for name in due:
                self._due[name] = now + self._pace.about(self._pace.sweep)

    async def sweep(self, names: list[str]) -> None:
        """Tell projectors how far the log is, and save positions that ran ahead."""
        heads = {one: await self._log.head(one) for one in await self._log.instances()}
        for name in names:
            for instance_id, head in heads.items():
                self._projectors[name].hear(instance_id, head)
            await self._projectors[name].save()
