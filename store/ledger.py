"""The log as text: every event one line of JSON with all columns, and a checksum over such lines.

Export, import, backup and restore speak of events in this form; it never passes through the event
classes, so that it carries any history whatever this release knows of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

PAGE = 5000
"""Events of one statement: what is in memory at a time."""

COLUMNS = (
    "instance_id", "aggregate_type", "aggregate_id", "sequence", "position", "event_type",
    "revision", "owner", "creator", "created_at", "payload",
)  # fmt: skip
_PAIRS = ", ".join(f"'{name}', {name}" for name in COLUMNS)
LINE = f"json_build_object({_PAIRS})::text"
"""An event as a line; times are in UTC, as in every session of ours."""

_RANGE = "FROM events WHERE instance_id = %s AND position > %s AND position <= %s"
_LINES = f"SELECT {LINE} {_RANGE} AND event_type LIKE ANY (%s) ORDER BY position"
_LAST = f"SELECT {LINE} {_RANGE} AND event_type LIKE ANY (%s) ORDER BY position DESC LIMIT %s"
_DIGEST = (
    f"SELECT encode(sha256(convert_to(string_agg({LINE}, E'\\n' ORDER BY position), 'UTF8')),"
    f" 'hex'), count(*) {_RANGE}"
)

Passed = Callable[[int], None]
"""Is told how many more events were worked through."""


class Reads(Protocol):
    """What is asked here: a database, or one transaction of it."""

    async def rows(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        ...

    async def row(self, sql: str, params: Any = None) -> tuple[Any, ...] | None:
        """Return the first row."""
        ...


@dataclass(frozen=True, slots=True)
class Totals:
    """What a store holds: ``checksum`` is over every event of every instance, in order."""

    instances: int
    events: int
    checksum: str


def ignore(_events: int) -> None:
    """Tell nobody."""


async def heads(reads: Reads) -> dict[str, int]:
    """Return the last position of every instance, in order of their ids."""
    sql = 'SELECT instance_id, position FROM heads ORDER BY instance_id COLLATE "C"'
    found: list[Any] = await reads.rows(sql)
    return dict(found)


async def lines(
    reads: Reads, instance_id: str, after: int, upto: int, types: Sequence[str] = ()
) -> AsyncIterator[list[str]]:
    """Yield pages of the events above ``after`` up to ``upto``, as lines.

    ``types``: only these, where ``*`` stands for any text; all when empty.
    """
    for start in range(after, upto, PAGE):
        page = (instance_id, start, min(start + PAGE, upto), _patterns(types))
        yield [line for (line,) in await reads.rows(_LINES, page)]


async def last(
    reads: Reads, instance_id: str, upto: int, types: Sequence[str], count: int
) -> list[str]:
    """Return so many events up to a position, oldest first, as lines."""
    rows = await reads.rows(_LAST, (instance_id, 0, upto, _patterns(types), count))
    return [line for (line,) in reversed(rows)]


def _patterns(types: Sequence[str]) -> list[str]:
    """Return types as LIKE takes them."""
    special = str.maketrans({"\\": "\\\\", "%": "\\%", "_": "\\_", "*": "%"})
    return [one.translate(special) for one in types] or ["%"]


async def checksum(
    reads: Reads, instance_id: str, after: int, upto: int, passed: Passed = ignore
) -> str:
    """Return the checksum of a range of an instance: SHA-256 over those of its pages.

    Equal events in an equal range give an equal checksum, in any database.
    """
    whole = hashlib.sha256()
    for start in range(after, upto, PAGE):
        page = (instance_id, start, min(start + PAGE, upto))
        digest, count = await reads.row(_DIGEST, page) or ("", 0)
        whole.update((digest or "").encode())
        passed(count)
    return whole.hexdigest()


async def totals(reads: Reads, passed: Passed = ignore) -> Totals:
    """Count every event and sum them up; ``passed`` shows how far that is."""
    whole = hashlib.sha256()
    found = await heads(reads)
    for instance_id, head in found.items():
        digest = await checksum(reads, instance_id, 0, head, passed)
        whole.update(f"{instance_id} {head} {digest}\n".encode())
    (events,) = await reads.row("SELECT count(*) FROM events") or (0,)
    return Totals(len(found), events, whole.hexdigest())
