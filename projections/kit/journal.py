"""What projectors of this process changed lately: by it a remembered count follows the changes.

A step is one move of a table's position, with the rows it changed as they were and as they became.
Each move says which one it moved from (``positions.moved_from``), so steps make a chain, and what
others did in between breaks it: then a list is counted, as one that nothing is known of.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from personae.projections.kit.fold import Fold
from personae.projections.kit.table import Key, Row, Table

STEPS = 500
"""Moves of one table within one instance that are kept, the last ones."""

TABLES = 200
"""Tables within instances whose moves are kept: those whose lists were asked last."""

ROWS = 100
"""Changed rows that are looked through; with more, counting is no dearer."""

WORDS = 4
"""Of a table's part of a mark: name, version, position, time."""

Rows = Mapping[Key, Row | None]


class Step(NamedTuple):
    """One move: when it happened, the table's part of the mark, its rows before and after."""

    moved_at: str
    mark: str
    before: Rows
    after: Rows


@dataclass(frozen=True, slots=True)
class Change:
    """What led from a mark that is known to ``mark``: rows as they were, and as they became."""

    mark: str
    before: tuple[Row, ...] = ()
    after: tuple[Row, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether no row is another."""
        return not (self.before or self.after)


class Journal:
    """The last moves of the tables that lists were asked of, by the move before each."""

    def __init__(self) -> None:
        self._steps: OrderedDict[tuple[str, str], OrderedDict[str, Step]] = OrderedDict()

    def follow(self, table: Table, instance_id: str) -> None:
        """Keep the moves of a table from now on."""
        self._steps.setdefault((table.physical, instance_id), OrderedDict())
        self._steps.move_to_end((table.physical, instance_id))
        if len(self._steps) > TABLES:
            self._steps.popitem(last=False)

    def note(self, fold: Fold, moved: tuple[str | None, str], to: int) -> None:
        """Keep a move to position ``to`` that wrote a fold; ``moved`` from when to when."""
        table, rows, (moved_from, moved_at) = fold.table, fold.changed, moved
        steps = self._steps.get((table.physical, fold.instance_id))
        unknown = len(rows) > ROWS or rows.keys() - fold.before.keys()
        if steps is None or moved_from is None or unknown:
            return
        mark = f"{table.name} {table.version} {to} {moved_at}"
        before = {key: fold.before[key] for key in rows}
        steps[moved_from] = Step(moved_at, mark, before, rows)
        if len(steps) > STEPS:
            steps.popitem(last=False)

    def since(self, table: Table, instance_id: str, mark: str) -> Change:
        """Return what happened to a table since a mark; nothing when that is not known."""
        steps = self._steps.get((table.physical, instance_id), OrderedDict[str, Step]())
        part, moved_at = _part(mark, table)
        before: dict[Key, Row | None] = {}
        after: dict[Key, Row | None] = {}
        last = part
        while step := steps.get(moved_at):
            before = {**step.before, **before}
            after |= step.after
            if len(after) > ROWS:
                return Change(mark)
            last, moved_at = step.mark, step.moved_at
        return Change(mark.replace(part, last), _there(before), _there(after))


def _part(mark: str, table: Table) -> tuple[str, str]:
    """Return a table's part of a mark, and when its position moved; empty where it has none."""
    start = [table.name, str(table.version)]
    for part in mark.split(","):
        words = part.split(" ", WORDS - 1)
        if words[:2] == start and len(words) == WORDS:
            return part, words[3]
    return mark, ""


def _there(rows: Rows) -> tuple[Row, ...]:
    return tuple(row for row in rows.values() if row is not None)
