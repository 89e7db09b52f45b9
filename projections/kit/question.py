"""Questions: a table, filters, an order and a page, as one statement.

The statement returns the page and the count of all that match from one snapshot. What a client
sent is only ever a parameter; every name in it comes from a declaration.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.kit.refusal import INVALID
from personae.projections.kit import compare
from personae.projections.kit.condition import Allowed, Condition, all_of, any_of
from personae.projections.kit.expression import expression, sorting, view
from personae.projections.kit.filters import filtered
from personae.projections.kit.journal import Change
from personae.projections.kit.known import Known
from personae.projections.kit.page import (
    DEFAULT_LIMIT,
    LIMIT_EXCEEDED,
    MAX_LIMIT,
    Cursor,
    moment_of,
)
from personae.projections.kit.shelf import LIVE
from personae.projections.kit.table import Row, Table
from personae.projections.kit.writer import Make, encode, given_rows, maker
from personae.store.pool import Database

MAX_OFFSET = 2**62
ALWAYS = {"creation_date", "change_date"}
"""Columns that every row has a value in: each comes from an event."""


@dataclass(frozen=True, kw_only=True)
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

    @cached_property
    def matching(self) -> Condition:
        """Which rows match, of those that are allowed. Raises :class:`Refusal`."""
        table, allowed = self.table, self.allowed
        return all_of(
            [
                Condition("t.instance_id = %s", (self.instance_id,)),
                allowed.condition() if isinstance(allowed, Allowed) else allowed,
                *(_equal(table, column, value) for column, value in self.where.items()),
                *self.conditions,
                *([filtered(table, self.filters)] if self.filters else []),
            ]
        )

    @property
    def order_by(self) -> tuple[str, ...]:
        """The columns that rows are ordered by: the wanted one, then the key."""
        rest = tuple(part for part in self.table.key if part != self.order)
        return (self.order, *rest) if self.order else rest


async def find(database: Database, table: Table, instance_id: str, *key: str) -> Row | None:
    """Return the row with a key, or None."""
    where = "".join(f' AND t."{part}" = %s' for part in table.key)
    columns = ", ".join(_selected(table))
    sql = f"SELECT {columns} FROM {view(table)} t WHERE t.instance_id = (SELECT %s){where}"
    values = await database.row(sql, (instance_id, *key))
    return answers(table)(values) if values else None


@lru_cache
def answers(table: Table) -> Make:
    """Return what makes a row of the values of a table's columns."""
    return maker(table.answer, table, table.columns)


def statement(
    question: Question, known: Known | None = None, change: Change | None = None
) -> tuple[str, tuple[Any, ...]]:
    """Return the SQL of a question and its parameters; for those who want to EXPLAIN it.

    Its rows begin with the mark of the tables it reads and the total. With what is ``known`` of
    the list nothing is counted nor skipped again; there are no rows then if the mark is another.
    With a ``change`` the mark is its own, and total and beginning follow by the rows it names; what
    is known under an empty mark is believed.
    """
    if not 0 <= question.offset <= MAX_OFFSET:
        raise INVALID(field="offset")
    page = _page(question, known if known and known.mark else None, change)
    total = _total(question, known, change)
    read = sorted(set(_READ.findall(page.sql + total.sql)))
    sql = (
        f"WITH state AS MATERIALIZED ({_MARK}), page AS MATERIALIZED ({page.sql})"
        f" SELECT state.mark, {total.sql}, page.* FROM state LEFT JOIN page ON TRUE"
    )
    return sql, (question.instance_id, read, *page.params, *total.params)


def digest(question: Question) -> bytes:
    """Return what tells a list from others: all that matters for its rows and their order."""
    matching = question.matching
    whole = question.table.physical, _order(question), matching.sql, matching.params
    return hashlib.blake2b(repr(whole).encode(), digest_size=16).digest()


_READ = re.compile(rf'{LIVE}\."(\w+@\d+)"')
"""What a statement reads from: all SQL about other tables is made with :func:`view`."""

_MARK = (
    "SELECT string_agg(concat_ws(' ', a.name, a.answered_by, p.position, p.moved_at), ','"
    f" ORDER BY a.name) AS mark FROM {LIVE}.tables a LEFT JOIN {LIVE}.positions p"
    " ON p.name = a.name AND p.version = a.answered_by AND p.instance_id = %s"
    " WHERE a.name || '@' || a.version = ANY(%s)"
)
"""Changes with every change of the tables' rows: one transaction writes these and the position.

With the version that answers too, which is another one until a release's own is built.
"""


def _page(question: Question, known: Known | None, change: Change | None) -> Condition:
    table, offset, matching = question.table, question.offset, question.matching
    conditions, start = [matching], Condition("")
    if known:
        # Constant for all rows: where it does not hold, not one is looked at.
        mark = change.mark if change else known.mark
        conditions = [Condition("(SELECT mark FROM state) = %s", (mark,)), matching]
    if question.after is not None:
        conditions.append(_from(question, question.after, ""))
    elif known and change and not change.empty:
        if 0 in known.places and not _may_lack(table, question.order_by[0]):
            start = _start(question, known.places[0], change)
            conditions.append(_from_start(question))
    elif known and (number := known.nearest(offset)) is not None:
        conditions.append(_from(question, known.places[number], "="))
        offset -= number
    found, order = all_of(conditions), _order(question)
    rows = f"FROM {view(table)} t WHERE {found.sql} ORDER BY {order} LIMIT %s OFFSET %s"
    if offset >= question.size:
        rows = _behind_offset(table, rows) + f" ORDER BY {order}"
    first = sorting(table, question.order_by[0])
    sql = f"{start.sql}SELECT {_numbered(table)}, {first} AS ordered {rows}"
    return Condition(sql, (*start.params, *found.params, question.size, offset))


def _start(question: Question, first: Cursor, change: Change) -> Condition:
    """Return what says where a list can begin that began at ``first`` before it changed."""
    table, columns = question.table, question.order_by
    kinds = [table.columns[column].type for column in columns]
    known = ", ".join(f"%s::{kind} AS s{at}" for at, kind in enumerate(kinds))
    new = ", ".join(sorting(table, column) for column in columns)
    direction = "ASC" if question.ascending else "DESC"
    order = ", ".join(f"s{at} {direction}" for at in range(len(columns)))
    return Condition(
        f"WITH start AS MATERIALIZED (SELECT * FROM (SELECT {known} UNION ALL"
        f" SELECT {new} FROM ({given_rows(table)}) t) s ORDER BY {order} LIMIT 1) ",
        (*first, encode(change.after)),
    )


def _from_start(question: Question) -> Condition:
    columns = question.order_by
    here = ", ".join(sorting(question.table, column) for column in columns)
    there = ", ".join(f"(SELECT s{at} FROM start)" for at in range(len(columns)))
    return Condition(f"({here}) {'>' if question.ascending else '<'}= ({there})")


def follows(question: Question) -> bool:
    """Tell whether a row's own values say if it matches: not those of others of its table."""
    return view(question.table) not in question.matching.sql


def _total(question: Question, known: Known | None, change: Change | None) -> Condition:
    """Return the total: known, or followed; a page that is not full tells it; else counted."""
    matching = question.matching
    if known is None:
        return _told_by_page(question, _count(view(question.table), matching))
    total = Condition("%s::bigint", (known.total,))
    if not known.mark:
        return _told_by_page(question, total)
    if change is None or change.empty:
        return total
    given = f"({given_rows(question.table)})"
    counts = [_count(given, matching, encode(rows)) for rows in (change.after, change.before)]
    sql = f"{total.sql} + {counts[0].sql} - {counts[1].sql}"
    return Condition(sql, (*total.params, *counts[0].params, *counts[1].params))


def _count(rows: str, matching: Condition, *given: str) -> Condition:
    return Condition(
        f"(SELECT count(*) FROM {rows} t WHERE {matching.sql})", (*given, *matching.params)
    )


def _told_by_page(question: Question, total: Condition) -> Condition:
    """Return a total, but where a page that is not full tells where the list ends."""
    if question.after is not None:
        return total
    size, offset = question.size, question.offset
    n = "(SELECT count(*) FROM page)"
    ends = f"{n} < %s AND ({n} > 0 OR %s = 0)"
    return Condition(
        f"CASE WHEN {ends} THEN {n} + %s ELSE {total.sql} END",
        (size, offset, offset, *total.params),
    )


def _behind_offset(table: Table, rows: str) -> str:
    """Return the same rows, found by their keys: what an offset skips is not read, only counted."""
    key = ("instance_id", *table.key)
    keys = ", ".join(f't."{part}"' for part in key)
    same = " AND ".join(f't."{part}" = picked."{part}"' for part in key)
    return f"FROM (SELECT {keys} {rows}) picked JOIN {view(table)} t ON {same}"


def _selected(table: Table) -> list[str]:
    return [kind.selected(expression(table, name)) for name, kind in table.columns.items()]


@lru_cache
def _numbered(table: Table) -> str:
    return ", ".join(f"{sql} AS c{at}" for at, sql in enumerate(_selected(table)))


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


def _from(question: Question, cursor: Cursor, itself: str) -> Condition:
    """Return what comes after a cursor: rows with a greater value, or an equal one and key.

    ``itself`` is ``=`` to begin with the cursor's own row. What has no value comes first in
    ascending order, last in descending order.
    """
    table = question.table
    if len(cursor) != len(question.order_by):
        raise INVALID(field="page_token")
    first, *rest = question.order_by
    sign = (">" if question.ascending else "<") + itself
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
