"""How far every table is, by what the database says: for who looks from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from personae.projections.kit import versions
from personae.projections.kit.poison import counts
from personae.projections.kit.reader import Reader
from personae.projections.kit.shelf import Shelf
from personae.projections.kit.table import Table
from personae.projections.kit.versions import version_of
from personae.store.log import PAGE, Log


@dataclass(frozen=True, slots=True)
class Standing:
    """One table within one instance.

    ``lag`` counts the events that the table still wants; the saved ``position`` may stand further
    back when what lies between does not concern it. ``asked``: questions are answered by it.
    """

    table: str
    version: int
    instance_id: str
    position: int
    head: int
    lag: int
    failed: int
    asked: bool


async def survey(shelf: Shelf, log: Log, tables: Sequence[Table]) -> list[Standing]:
    """Return where every table stands in every instance. Changes nothing."""
    heads = {one: await log.head(one) for one in await log.instances()}
    known = await shelf.exists()
    positions = await shelf.positions() if known else {}
    answering = await versions.answering(shelf) if known else {}
    parked = await counts(shelf) if known else {}
    found = []
    for table in tables:
        for one, head in heads.items():
            position = positions.get((table.name, table.version, one), 0)
            lag = await _wanted(log, table, one, position, head)
            current = answering.get(version_of(table)) == table.version
            count = parked.get((*version_of(table), one), 0)
            found.append(
                Standing(table.name, table.version, one, position, head, lag, count, current)
            )
    return found


async def _wanted(log: Log, table: Table, instance_id: str, position: int, head: int) -> int:
    """Count the events that concern a table: exactly while they are few, else all there are."""
    if head - position > PAGE:
        return head - position
    return len(await log.after(instance_id, position, PAGE, Reader(table, log).types))
