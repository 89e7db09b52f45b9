"""Conditions: pieces of a WHERE clause with their values, and who may see which rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL of our own with ``%s`` for each of ``params``; the table's rows are called ``t``."""

    sql: str
    params: tuple[Any, ...] = ()

    def __invert__(self) -> Condition:
        # NOT of an unknown (NULL) is unknown in SQL; here what does not match is the complement.
        return Condition(f"({self.sql}) IS NOT TRUE", self.params)


EVERYTHING = Condition("TRUE")
NOTHING = Condition("FALSE")


def all_of(conditions: Iterable[Condition]) -> Condition:
    """Return what meets every condition; everything when there is none."""
    return _joined(" AND ", conditions, EVERYTHING)


def any_of(conditions: Iterable[Condition]) -> Condition:
    """Return what meets one of the conditions; nothing when there is none."""
    return _joined(" OR ", conditions, NOTHING)


def _joined(word: str, conditions: Iterable[Condition], empty: Condition) -> Condition:
    parts = list(conditions)
    if len(parts) < 2:  # noqa: PLR2004 — one condition needs no word between
        return parts[0] if parts else empty
    sql = word.join(f"({part.sql})" for part in parts)
    return Condition(sql, tuple(param for part in parts for param in part.params))


@dataclass(frozen=True, slots=True)
class Allowed:
    """The rows a caller may see: all, or those of some owners and those with some ids.

    ``owner`` and ``id`` name the columns that are compared, for tables where the permission hangs
    on others than ``resource_owner`` and ``id``.
    """

    all: bool = False
    owners: Collection[str] = ()
    ids: Collection[str] = ()
    owner: str = "resource_owner"
    id: str = "id"

    def condition(self) -> Condition:
        """Return the clause that hides every other row."""
        if self.all:
            return EVERYTHING
        return any_of(
            Condition(f't."{column}" = ANY(%s)', (sorted(values),))
            for column, values in ((self.owner, self.owners), (self.id, self.ids))
            if values
        )


ALL = Allowed(all=True)
"""Every row: for callers whose permission was checked for the whole instance."""
