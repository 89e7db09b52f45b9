"""Verifying: build a table from the log in a scratch schema and compare it with the live one."""

from __future__ import annotations

from dataclasses import dataclass

from personae.projections.kit.progress import Meter, Report
from personae.projections.kit.rebuild import EACH_STATEMENT, PATIENT, Builder, saved_positions
from personae.projections.kit.shelf import Shelf
from personae.projections.kit.table import Key, Table
from personae.store.log import Log
from personae.store.session import Session

SCRATCH = "projections_verify"
MAX_DIFFERENCES = 1000


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not as the log says; ``columns`` differ, or it is ``missing`` or ``extra``."""

    instance_id: str
    key: Key
    kind: str
    columns: tuple[str, ...] = ()


async def verify(
    live: Shelf, log: Log, table: Table, report: Report | None = None
) -> list[Difference]:
    """Return where a live table differs from the log, at most 1,000 rows per instance.

    An instance's rows are compared at a common position: its projector waits for that long.
    """
    scratch = Shelf(live.database, f"{SCRATCH}_{table.name}"[:60])
    await scratch.drop()
    try:
        await scratch.prepare([table])
        builder, meter = Builder(table, scratch, log), Meter(table.name, report)
        positions = await saved_positions(live, table, live.database)
        await builder.build(positions, meter)
        found: list[Difference] = []
        for instance_id in positions:
            found += await _compare(live, builder, instance_id, meter)
        return found
    finally:
        await scratch.drop()


async def _compare(
    live: Shelf, builder: Builder, instance_id: str, meter: Meter
) -> list[Difference]:
    table = builder.table

    async def held(tx: Session) -> list[Difference]:
        await tx.run(PATIENT)
        row = await tx.row(
            f"SELECT position FROM {live.path('positions')}"
            " WHERE name = %s AND version = %s AND instance_id = %s FOR UPDATE",
            (table.name, table.version, instance_id),
        )
        await builder.build({instance_id: row[0] if row else 0}, meter)
        return await _differences(live, builder.shelf, table, instance_id, tx)

    return await live.database.atomically(held, EACH_STATEMENT)


async def _differences(
    live: Shelf, scratch: Shelf, table: Table, instance_id: str, tx: Session
) -> list[Difference]:
    key = ", ".join(f'"{part}"' for part in table.key)
    rest = [name for name in table.stored if name not in table.key]
    mine, theirs = (", ".join(f'{side}."{name}"' for name in rest) for side in ("a", "b"))
    differ = ", ".join(f'a."{name}" IS DISTINCT FROM b."{name}"' for name in rest)
    sql = (
        f"SELECT a.instance_id IS NULL, b.instance_id IS NULL, {key}, {differ}"
        f" FROM (SELECT * FROM {live.path(table.physical)} WHERE instance_id = %s) a FULL JOIN"
        f" (SELECT * FROM {scratch.path(table.physical)} WHERE instance_id = %s) b USING ({key})"
        f" WHERE ROW({mine}) IS DISTINCT FROM ROW({theirs}) ORDER BY {key} LIMIT {MAX_DIFFERENCES}"
    )
    found = []
    for missing, extra, *values in await tx.rows(sql, (instance_id, instance_id), limit=600):
        parts, flags = values[: len(table.key)], values[len(table.key) :]
        kind = "missing" if missing else "extra" if extra else "different"
        columns = tuple(name for name, differs in zip(rest, flags, strict=True) if differs)
        found.append(
            Difference(instance_id, tuple(parts), kind, columns if kind == "different" else ())
        )
    return found
