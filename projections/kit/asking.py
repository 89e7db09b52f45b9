"""Asking: a question's statement, with what is known of its list, and the page it returns."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from personae.projections.kit.journal import Change
from personae.projections.kit.known import Known, Memory
from personae.projections.kit.page import Cursor, Page
from personae.projections.kit.question import Question, answers, digest, follows, statement
from personae.store.pool import Database

TRIES = 3
"""Statements that meet a mark of before because the table was written meanwhile."""


async def ask(database: Database, question: Question, memory: Memory | None = None) -> Page:
    """Return the page that answers a question. Raises :class:`Refusal`.

    A list that many ask for at once is counted by one of them. While it goes on changing, a count
    that began after the question is as good as one of its own: the total is that of a moment
    before the page, after the question.
    """
    memory = memory or Memory()
    name, asked_at = digest(question), time.monotonic()
    while True:
        known = memory.get(name)
        if known and (page := await _under(database, question, memory, known)):
            return page
        if known and known.asked_at > asked_at:
            believed = replace(known, mark="")
            return _page(question, await database.rows(*statement(question, believed)), believed)
        async with memory.turn(name):
            if memory.get(name) is known:
                return await _anew(database, question, memory)


async def _anew(database: Database, question: Question, memory: Memory) -> Page:
    """Return the page, and remember what it tells of its list."""
    memory.journal.follow(question.table, question.instance_id)
    asked_at = time.monotonic()
    found = await database.rows(*statement(question))
    mark, total, *_ = found[0]
    known = Known(mark, total, asked_at)
    memory.keep(digest(question), known)
    return _page(question, found, known)


async def _under(
    database: Database, question: Question, memory: Memory, known: Known
) -> Page | None:
    """Return the page, unless the tables have changed since in a way that is not known here."""
    change = None
    for _ in range(TRIES):
        before, change = change, _since(question, memory, known)
        if before and before.mark == change.mark:
            return None
        asked_at = time.monotonic()
        found = await database.rows(*statement(question, known, change))
        mark, total, *_ = found[0]
        if mark == change.mark:
            if mark != known.mark:
                places = known.places if change.empty else {}
                known = Known(mark, total, asked_at, places)
                memory.keep(digest(question), known)
            return _page(question, found, known)
    return None


def _since(question: Question, memory: Memory, known: Known) -> Change:
    if not follows(question):
        return Change(known.mark)
    return memory.journal.since(question.table, question.instance_id, known.mark)


def _page(question: Question, found: list[tuple[Any, ...]], known: Known) -> Page:
    """Return the page of rows of mark, total, the table's columns and the value ordered by."""
    make = answers(question.table)
    rows = [make(values[2:-1]) for values in found if values[2] is not None]

    def place(at: int) -> Cursor:
        return (found[at][-1], *(getattr(rows[at], part) for part in question.order_by[1:]))

    if rows and question.after is None:
        for at in (0, len(rows) - 1):
            known.note(question.offset + at, place(at))
    more = len(rows) == question.size
    return Page(rows, found[0][1], next=place(-1) if more else None)
