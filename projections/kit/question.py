"""Questions: a table, filters, an order and a page, as one statement.

The statement returns the page and the count of all that match from one snapshot. What a client
sent is only ever a parameter; every name in it comes from a declaration.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.kit.refusal import INVALID
from personae.projections.kit import compare
from personae.projections.kit.condition import Allowed, Condition, all_of, any_of
from personae.projections.kit.expression import expression, sorting, view
from personae.projections.kit.filters import filtered
from personae.projections.kit.page import (
    DEFAULT_LIMIT,
    LIMIT_EXCEEDED,
    MAX_LIMIT,
    Cursor,
    Page,
    moment_of,
)
from personae.projections.kit.table import Row, Table
from personae.projections.kit.writer import maker
from personae.store.pool import Database

MAX_OFFSET = 2**62
ALWAYS = {"creation_date", "change_date"}
"""Columns that every row has a value in: each comes from an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of one table within one instance.

    ``filters`` are the request's filter messages, ``where`` columns that must equal a value (one of
    several for a list), ``conditions`` SQL of one's own. ``allowed`` is not optional: rows
    outside of it are neither returned nor counted. ``limit`` 0 is the default (100); ``after``
    continues behind a cursor, and then ``offset`` counts from there.
    """

    table: Table
    instance_id: str
    allowed: Allowed | Condition
    filters: Sequence[Message] = ()
    where: Mapping[str, Any] = field(default_factory=dict)
    conditions: Sequence[Condition] = ()
    order: str = ""
    ascending: bool = True
    offset: int = 0
    limit: int = 0
    after: Cursor | None = None

    @property
    def size(self) -> int:
        """How many rows a page has at most. Raises ``QUERY-LimitExceeded``."""
        if not 0 <= self.limit <= MAX_LIMIT:
            raise LIMIT_EXCEEDED(limit=MAX_LIMIT)
        return self.limit or DEFAULT_LIMIT

    @property
    def order_by(self) -> tuple[str, ...]:
        """The columns that rows are ordered by: the wanted one, then the key."""
        rest = tuple(part for part in self.table.key if part != self.order)
        return (self.order, *rest) if self.order else rest


async def ask(database: Database, question: Question) -> Page:
    """Return the page that answers a question. Raises :class:`Refusal`."""
    table, size = question.table, question.size
    sql, params = statement(question)
    found = await database.rows(sql, params)
    make = maker(table.answer, table, table.columns)
    rows = [make(values[1:-1]) for values in found if values[1] is not None]
    more = len(rows) == size
    last = found[-1][-1] if more else None
    key = tuple(getattr(rows[-1], part) for part in question.order_by[1:]) if more else ()
    return Page(rows, found[0][0], next=(last, *key) if more else None)


async def find(database: Database, table: Table, instance_id: str, *key: str) -> Row | None:
    """Return the row with a key, or None."""
    where = "".join(f' AND t."{part}" = %s' for part in table.key)
    columns = ", ".join(_selected(table))
    sql = f"SELECT {columns} FROM {view(table)} t WHERE t.instance_id = %s{where}"
    values = await database.row(sql, (instance_id, *key))
    return maker(table.answer, table, table.columns)(values) if values else None


def statement(question: Question) -> tuple[str, tuple[Any, ...]]:
    """Return the SQL of a question and its parameters; for those who want to EXPLAIN it."""
    table = question.table
    if not 0 <= question.offset <= MAX_OFFSET:
        raise INVALID(field="offset")
    matching = _matching(question)
    page = matching if question.after is None else all_of([matching, _behind(question)])
    columns = [f"{sql} AS c{at}" for at, sql in enumerate(_selected(table))]
    source, size = view(table), question.size
    first = sorting(table, question.order_by[0])
    rows = f"FROM {source} t WHERE {page.sql} ORDER BY {_order(question)} LIMIT %s OFFSET %s"
    if question.offset:
        rows = _behind_offset(table, rows) + f" ORDER BY {_order(question)}"
    sql = (
        f"SELECT counted.total, page.* FROM"
        f" (SELECT count(*) AS total FROM {source} t WHERE {matching.sql}) counted"
        f" LEFT JOIN LATERAL (SELECT {', '.join(columns)}, {first} AS ordered {rows}) page ON TRUE"
    )
    return sql, (*matching.params, *page.params, size, question.offset)


def _behind_offset(table: Table, rows: str) -> str:
    """Return the same rows, found by their keys: what an offset skips is not read, only counted."""
    key = ("instance_id", *table.key)
    keys = ", ".join(f't."{part}"' for part in key)
    same = " AND ".join(f't."{part}" = picked."{part}"' for part in key)
    return f"FROM (SELECT {keys} {rows}) picked JOIN {view(table)} t ON {same}"


def _selected(table: Table) -> list[str]:
    return [kind.selected(expression(table, name)) for name, kind in table.columns.items()]


def _matching(question: Question) -> Condition:
    table, allowed = question.table, question.allowed
    return all_of(
        [
            Condition("t.instance_id = %s", (question.instance_id,)),
            allowed.condition() if isinstance(allowed, Allowed) else allowed,
            *(_equal(table, column, value) for column, value in question.where.items()),
            *question.conditions,
            *([filtered(table, question.filters)] if question.filters else []),
        ]
    )


def _equal(table: Table, column: str, value: Any) -> Condition:
    sql, kind = expression(table, column), table.columns[column]
    if isinstance(value, list | tuple | set | frozenset):
        return compare.within(sql, kind, list(value))
    return compare.scalar(sql, kind, value)


def _order(question: Question) -> str:
    table = question.table
    direction = "ASC" if question.ascending else "DESC"
    parts = []
    for column in question.order_by:
        nulls = "FIRST" if question.ascending else "LAST"
        nullable = f" NULLS {nulls}" if _may_lack(table, column) else ""
        parts.append(f"{sorting(table, column)} {direction}{nullable}")
    return ", ".join(parts)


def _may_lack(table: Table, column: str) -> bool:
    """Tell whether rows without a value must be put somewhere, which no index knows of."""
    return table.columns[column].nullable and column not in ALWAYS


def _behind(question: Question) -> Condition:
    """Return what comes after the cursor: rows with a greater value, or an equal one and key.

    What has no value comes first in ascending order, last in descending order.
    """
    table, cursor = question.table, question.after or ()
    if len(cursor) != len(question.order_by):
        raise INVALID(field="page_token")
    first, *rest = question.order_by
    sign = ">" if question.ascending else "<"
    sql = sorting(table, first)
    value = moment_of(cursor[0]) if table.columns[first].type == "timestamptz" else cursor[0]
    keys = ", ".join(f't."{part}"' for part in rest)
    if value is not None:
        left, right = ", ".join(filter(None, (sql, keys))), ", ".join(["%s"] * len(cursor))
        beyond = Condition(f"({left}) {sign} ({right})", (value, *cursor[1:]))
        unset = Condition(f"{sql} IS NULL")
        nulls_follow = table.columns[first].nullable and not question.ascending
        return any_of([beyond, unset]) if nulls_follow else beyond
    tail = Condition(f"({keys}) {sign} ({', '.join(['%s'] * len(rest))})", tuple(cursor[1:]))
    same = all_of([Condition(f"{sql} IS NULL"), tail])
    return any_of([same, Condition(f"{sql} IS NOT NULL")]) if question.ascending else same
