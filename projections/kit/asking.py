"""Asking: a question's statement, with what is known of its list, and the page it returns."""

from __future__ import annotations

from typing import Any

from personae.projections.kit.known import Known, Memory
from personae.projections.kit.page import Cursor, Page
from personae.projections.kit.question import Question, digest, statement
from personae.projections.kit.writer import maker
from personae.store.pool import Database


async def ask(database: Database, question: Question, memory: Memory | None = None) -> Page:
    """Return the page that answers a question. Raises :class:`Refusal`.

    A list that many ask for at once is counted by one of them.
    """
    memory = memory or Memory()
    name = digest(question)
    known = memory.get(name)
    if known and (page := await _under(database, question, known)):
        return page
    async with memory.turn(name):
        newer = memory.get(name)
        if newer is known:
            return await _anew(database, question, memory)
    page = await _under(database, question, newer) if newer else None
    return page or await _anew(database, question, memory)


async def _anew(database: Database, question: Question, memory: Memory) -> Page:
    """Return the page, and remember what it tells of its list."""
    found = await database.rows(*statement(question))
    mark, total, *_ = found[0]
    known = Known(mark, total)
    memory.keep(digest(question), known)
    return _page(question, found, known)


async def _under(database: Database, question: Question, known: Known) -> Page | None:
    """Return the page, unless the tables have changed since."""
    found = await database.rows(*statement(question, known))
    return _page(question, found, known) if found[0][0] == known.mark else None


def _page(question: Question, found: list[tuple[Any, ...]], known: Known) -> Page:
    """Return the page of rows of mark, total, the table's columns and the value ordered by."""
    table = question.table
    make = maker(table.answer, table, table.columns)
    rows = [make(values[2:-1]) for values in found if values[2] is not None]

    def place(at: int) -> Cursor:
        return (found[at][-1], *(getattr(rows[at], part) for part in question.order_by[1:]))

    if rows and question.after is None:
        for at in (0, len(rows) - 1):
            known.note(question.offset + at, place(at))
    more = len(rows) == question.size
    return Page(rows, found[0][1], next=place(-1) if more else None)
