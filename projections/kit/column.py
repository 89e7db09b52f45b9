"""Columns: what a table's rows hold, in six types, and what they borrow from another table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personae.projections.kit.table import Table

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""What a table or column may be called; checked, because names go into SQL as they are."""

UNSET = {"text": "''", "bigint": "0", "boolean": "false", "text[]": "'{}'", "bytea": "''"}
"""SQL for what columns that always have a value hold before they are set, by type."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where a borrowed column comes from: ``table``'s row whose key is in our column ``by``."""

    table: Table
    column: str
    by: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its SQL type, what it is before it is set, and which indexes it has.

    ``index`` serves equality, prefixes and order; ``lower`` the same regardless of case, and lets
    lists be ordered regardless of case.
    """

    type: str
    default: Any = None
    index: bool = False
    lower: bool = False
    nullable: bool = False
    lookup: Lookup | None = None

    def selected(self, sql: str) -> str:
        """Return a column as it is read: JSON as text, which we decode faster than the driver."""
        return f"{sql}::text" if self.type == "jsonb" else sql

    @property
    def unset(self) -> str:
        """SQL for the value of a row in which it was never set."""
        return f"{'NULL' if self.nullable else UNSET[self.type]}::{self.type}"

    @property
    def is_list(self) -> bool:
        """Whether it holds several values."""
        return self.type.endswith("[]")


def text(*, index: bool = False, lower: bool = False) -> Column:
    """Return a column of text, empty before it is set."""
    return Column("text", "", index, lower)


def integer(*, index: bool = False) -> Column:
    """Return a column of whole numbers or numbers of an enumeration, 0 before it is set."""
    return Column("bigint", 0, index)


def boolean(*, index: bool = False) -> Column:
    """Return a column of true or false, false before it is set."""
    return Column("boolean", False, index)


def timestamp(*, index: bool = False) -> Column:
    """Return a column of moments (aware ``datetime``), None before it is set."""
    return Column("timestamptz", None, index, nullable=True)


def text_list(*, index: bool = False) -> Column:
    """Return a column of several texts (a tuple), empty before it is set."""
    return Column("text[]", (), index)


def json() -> Column:
    """Return a column of any JSON value, None before it is set."""
    return Column("jsonb", nullable=True)


def binary() -> Column:
    """Return a column of bytes, empty before it is set."""
    return Column("bytea", b"")


def lookup(table: Table, column: str, *, by: str) -> Column:
    """Return a column that is read from another table at question time, and never stored here.

    ``by`` is our column with the id of that table's row; None when there is no such row::

        "project_name": lookup(PROJECTS, "name", by="project_id")
    """
    theirs = table.columns[column]
    return Column(theirs.type, lower=theirs.lower, nullable=True, lookup=Lookup(table, column, by))


def checked(name: str) -> str:
    """Return a name that is safe in SQL. Raises ``ValueError``."""
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a table or column")
    return name
