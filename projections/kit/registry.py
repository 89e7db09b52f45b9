"""All projections of a process: started, told of commits, waited for, asked."""

from __future__ import annotations

import asyncio
import importlib
import logging
import pkgutil
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from types import ModuleType
from typing import Any

from personae.actors.domain.kit import Recorded
from personae.actors.runtime.supervisor import RESTART, Supervisor
from personae.projections.kit import poison, question, versions
from personae.projections.kit.asking import ask
from personae.projections.kit.builds import LOOK_AGAIN, Builds
from personae.projections.kit.failure import Failed
from personae.projections.kit.known import Memory
from personae.projections.kit.page import Page
from personae.projections.kit.progress import Meter, Progress, Report
from personae.projections.kit.projector import Projector
from personae.projections.kit.rebuild import rebuild
from personae.projections.kit.shelf import Shelf
from personae.projections.kit.spooler import Pace, Spooler
from personae.projections.kit.table import Row, Table
from personae.projections.kit.verify import Difference, verify
from personae.projections.kit.versions import version_of
from personae.store.codec import Corrupt
from personae.store.errors import StatementError, Unavailable
from personae.store.log import Log
from personae.store.pool import Database

logger = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that a read waits for the position it needs."""


@dataclass(frozen=True, slots=True)
class Status:
    """One table within one instance; ``lag`` counts events, ``error`` says why it waits."""

    table: str
    version: int
    instance_id: str
    position: int
    head: int
    failed: int
    building: bool
    spooled_here: bool
    error: str

    @property
    def lag(self) -> int:
        """How many events the table has not seen."""
        return max(0, self.head - self.position)


class BeingBuiltError(RuntimeError):
    """Tables catch up with the log; those of the release before may answer meanwhile."""


class Projections:
    """The read models of one process over one database and log.

    ``at_once`` projectors use the database at a time. Put :meth:`on_committed` into
    ``log.on_committed``, and call it for what other processes commit. A projector that
    dies is started again after a while; ``given_up`` is told when one dies too often.
    """

    def __init__(
        self,
        database: Database,
        log: Log,
        tables: Sequence[Table],
        *,
        at_once: int = 3,
        pace: Pace | None = None,
    ) -> None:
        self.shelf = Shelf(database)
        self.tables = tables
        self._database = database
        self._log = log
        self._gate = asyncio.Semaphore(at_once)
        self._lists = Memory()
        self._pace = pace or Pace()
        self._heads: dict[str, int] = {}
        self._projectors: dict[str, Projector] = {}
        self._tree = Supervisor("projections", on_escalation=self._give_up)
        for table in tables:
            self._tree.add(table.physical, partial(self._make, table), RESTART)
        self.given_up: Callable[[BaseException], object] = _nobody
        self._spooler = Spooler(self.shelf, log, self._projectors, uuid.uuid4().hex, self._pace)
        self._builds = Builds(
            self.shelf, tables, self._pace, lagging=self._lagging, anew=self._begin_anew
        )
        self._upkeep = self._tree.node("upkeep", RESTART)
        self._upkeep.add("spooler", self._spooler.run, RESTART)
        self._upkeep.add("builds", self._builds.run, RESTART)
        self._upkeep.add("older tables", self._tidy, RESTART)

    async def start(self) -> None:
        """Create what is absent, start every projector and let it catch up.

        Returns at once: until a table whose version was raised is built (:meth:`building`), the
        rows of the release before answer, for as long as a process of that keeps them new.
        Raises :class:`ShapeChangedError`.
        """
        await self._builds.prepare()
        self._projectors.clear()
        await self._tree.start()
        await self._load_positions()
        await self._spooler.sweep(list(self._projectors))

    async def stop(self) -> None:
        """Finish the batches under way, save positions, release leases."""
        self._spooler.stop()
        await self._upkeep.stop()
        self._builds.waiting.clear()
        await self._spooler.release()
        await asyncio.gather(*(projector.close() for projector in self._projectors.values()))
        await self._tree.stop()

    def snapshot(self) -> dict[str, Any]:
        """Return the tree of projectors, for ``/debug/actors``."""
        return self._tree.snapshot() | {"swept_here": len(self._spooler.held)}

    def on_committed(self, recorded: list[Recorded]) -> None:
        """Tell the projectors of committed events, in order of position; never waits.

        Whoever wrote them, and perhaps for a second time. What cannot be decoded has lost its type:
        each projector then asks the log whether it is one of its own.
        """
        for instance_id, group in groupby(recorded, lambda one: one.stream.instance_id):
            batch = list(group)
            types = {type(one.event) for one in batch}
            for projector in self._projectors.values():
                if Corrupt in types:
                    projector.hear(instance_id, batch[-1].position)
                else:
                    concerns = not types.isdisjoint(projector.table.events)
                    projector.offer(batch, concerns=concerns)

    async def reached(
        self,
        table: Table,
        instance_id: str,
        position: int,
        timeout: float = PATIENCE,  # noqa: ASYNC109 — how long to wait for others
    ) -> bool:
        """Wait until a table has everything up to ``position``; False when it took too long.

        While it is built: until the version that answers for it has, which no event tells.
        """
        over = asyncio.get_running_loop().time() + timeout
        while self.builds(table):
            if await versions.reached(self.shelf, self._log, table, instance_id, position):
                return True
            if asyncio.get_running_loop().time() > over:
                return False
            await asyncio.sleep(LOOK_AGAIN)
        return await self._projectors[table.physical].reached(instance_id, position, timeout)

    async def ask(self, asked: question.Question) -> Page:
        """Return the page that answers a question, and as of which position at least.

        Raises :class:`Unavailable` too while a table that was dropped is not there again.
        """
        track = self._projectors[asked.table.physical].track(asked.instance_id)
        position = track.seen
        with _there_again():
            return replace(await ask(self._database, asked, self._lists), position=position)

    async def find(self, table: Table, instance_id: str, *key: str) -> Row | None:
        """Return the row with a key, or None. Raises what :meth:`ask` raises."""
        with _there_again():
            return await question.find(self._database, table, instance_id, *key)

    async def status(self) -> list[Status]:
        """Return how far every table is in every instance."""
        heads = {one: await self._log.head(one) for one in await self._log.instances()}
        parked = await poison.counts(self.shelf)
        return [
            Status(
                table=projector.table.name,
                version=projector.table.version,
                instance_id=instance_id,
                position=projector.track(instance_id).seen,
                head=head,
                failed=parked.get((*version_of(projector.table), instance_id), 0),
                building=projector.table.name in self._builds.waiting,
                spooled_here=projector.table.physical in self._spooler.held,
                error=projector.track(instance_id).error,
            )
            for projector in self._projectors.values()
            for instance_id, head in heads.items()
        ]

    async def building(self, pause: float = LOOK_AGAIN) -> AsyncIterator[Progress]:
        """Yield the progress of each table that is being built, until all of them are asked.

        Again after ``pause`` seconds. Raises ``DatabaseError``.
        """
        meters: dict[str, Meter] = {}
        while self._builds.waiting:
            found = await self.status()
            for name in list(self._builds.waiting):
                rows = [one for one in found if one.table == name]
                meter = meters.setdefault(name, Meter(name))
                yield meter.at(sum(one.position for one in rows), sum(one.head for one in rows))
            await asyncio.sleep(pause)

    def builds(self, table: Table) -> bool:
        """Say whether questions are still answered by another version of a table."""
        return table.name in self._builds.waiting

    async def check_built(self) -> None:
        """Raise :class:`BeingBuiltError` until every table answers, and has caught up once.

        A process that says so is not ready: those of the release before are needed still.
        """
        if self._builds.unready:
            raise BeingBuiltError(", ".join(self._builds.unready))

    async def failed(self, instance_id: str = "") -> list[Failed]:
        """Return the events that were put aside."""
        return await poison.failed(self.shelf, instance_id)

    async def retry(self, table: Table, instance_id: str, position: int) -> bool:
        """Apply a parked event after all; see :func:`personae.projections.kit.poison.retry`."""
        return await poison.retry(self.shelf, self._log, table, instance_id, position)

    async def remove(self, table: Table, instance_id: str, position: int) -> bool:
        """Forget a parked event; False when there is none."""
        return await poison.remove(self.shelf, table, instance_id, position)

    async def verify(self, table: Table, report: Report | None = None) -> list[Difference]:
        """Return where a live table differs from the log."""
        return await verify(self.shelf, self._log, table, report)

    async def rebuild(self, table: Table, report: Report | None = None) -> None:
        """Build a live table anew from the log and move it into place."""
        await rebuild(self.shelf, self._log, table, report)

    def _make(self, table: Table) -> Projector:
        """Return a new projector of a table; what its predecessor knew is in the database."""
        projector = Projector(table, self.shelf, self._log, self._gate, journal=self._lists.journal)
        if predecessor := self._projectors.get(table.physical):
            projector.inherit(predecessor.tracks)
        self._projectors[table.physical] = projector
        return projector

    def _give_up(self, error: BaseException) -> None:
        self.given_up(error)

    async def _load_positions(self) -> None:
        for (name, version, instance_id), position in (await self.shelf.positions()).items():
            if projector := self._projectors.get(f"{name}_v{version}"):
                projector.track(instance_id).load(position)

    async def _tidy(self) -> None:
        await versions.tidy(self.shelf, self.tables, self._pace)

    async def _begin_anew(self, table: Table) -> None:
        await self._projectors[table.physical].begin_anew()

    async def _lagging(self) -> set[str]:
        """Return the tables that lack events which the log had when this was asked before.

        Under load the log is always a little ahead of them.
        """
        heads = {one: await self._log.head(one) for one in await self._log.instances()}
        wanted, self._heads = self._heads or heads, heads
        return {
            projector.table.name
            for projector in self._projectors.values()
            for instance_id, head in wanted.items()
            if projector.track(instance_id).seen < head
        }


@contextmanager
def _there_again() -> Iterator[None]:
    """Refuse for now what is asked of a table that was dropped: it is created again soon."""
    try:
        yield
    except StatementError as error:
        if not versions.is_gone(error):
            raise
        raise Unavailable("a read model was dropped while this process was away") from error


def _nobody(_error: BaseException) -> None:
    """Hear of it: nobody is told who gives up."""


def tables_in(package: ModuleType) -> list[Table]:
    """Return every table that the modules of a package declare, in order of names."""
    found: dict[str, Table] = {}
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        declared = vars(importlib.import_module(module.name)).values()
        found |= {table.name: table for table in declared if isinstance(table, Table)}
    return [found[name] for name in sorted(found)]
