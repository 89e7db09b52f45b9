"""A log as a file of lines, out of one store and into another.

The file is JSON lines, in this order:

1. ``{"personae": "log", "format": 1, "instances": {id: {"after": …, "upto": …}}}``
2. ``{"personae": "data_key", …}``: the data keys, sealed by the master key as the table holds
   them: with the master key they open the secrets inside the events
3. the events: one object with all columns each, instance by instance, in order of position
4. ``{"personae": "claim", …}``: every name that is taken, and by whom. Claims have no position, so
   a file carries all of them, and they replace those of its instances
5. ``{"personae": "end", "events": …, "claims": …, "checksums": {instance: …}}``

All is read in one snapshot: the claims are those of the last event. An import writes the events
first and moves the heads last, in one transaction with keys and claims: an instance is not there
until it is whole, and an import that was cut off is continued by importing again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from personae.store.ledger import PAGE, Passed, checksum, heads, ignore, lines
from personae.store.pool import Database
from personae.store.session import Session

FORMAT = 1
HOUR = 3600.0

PATIENT = "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"

OURS = "(instance_id = ANY(%(ids)s) OR instance_id = '' AND holder = ANY(%(ids)s))"
_CLAIMS = f"""
SELECT kind, instance_id, value, json_build_object('personae', 'claim', 'instance_id', instance_id,
       'kind', kind, 'value', value, 'holder', holder)::text
FROM claims WHERE {OURS} AND (kind, instance_id, value) > (%(kind)s, %(of)s, %(value)s)
ORDER BY kind, instance_id, value LIMIT %(page)s"""
_KEYS = """
SELECT json_build_object('personae', 'data_key', 'id', id,
       'sealed', encode(sealed, 'hex'), 'active_from', active_from)::text
FROM encryption_keys ORDER BY id"""


class TransferError(Exception):
    """The file does not fit this store, or is no export; the message says why."""


@dataclass(frozen=True, slots=True)
class Range:
    """The events of one instance above ``after``, up to ``upto``."""

    after: int
    upto: int

    @property
    def events(self) -> int:
        """How many these are."""
        return self.upto - self.after


@dataclass(frozen=True, slots=True)
class Moved:
    """What a file holds, and of what an import wrote."""

    ranges: Mapping[str, Range]
    claims: int
    checksums: Mapping[str, str]
    written: int

    @property
    def events(self) -> int:
        """The events of the file."""
        return sum(one.events for one in self.ranges.values())


Begun = Callable[[int], Passed]
"""Is told how many events there are; returns what is to be told of those done."""


def untold(_events: int) -> Passed:
    """Tell nobody how far it is."""
    return ignore


async def export(
    database: Database,
    write: Callable[[bytes], object],
    *,
    instance_id: str = "",
    after: int = 0,
    begun: Begun = untold,
) -> Moved:
    """Write the log of one instance, or of all, above a position, as it is at this moment.

    Memory does not grow with the log. Raises :class:`TransferError` when there is no such
    instance or ``after`` is beyond its end.
    """
    async with database.transaction("REPEATABLE READ") as tx:
        await tx.run(PATIENT)
        ranges = _ranges(await heads(tx), instance_id, after)
        passed = begun(sum(one.events for one in ranges.values()))
        shown = {one: {"after": part.after, "upto": part.upto} for one, part in ranges.items()}
        write(_marked("log", format=FORMAT, instances=shown))
        for (key,) in await tx.rows(_KEYS):
            write(_ended([key]))
        sums = {}
        for one, part in ranges.items():
            async for page in lines(tx, one, part.after, part.upto):
                write(_ended(page))
                passed(len(page))
            sums[one] = await checksum(tx, one, part.after, part.upto)
        claims = await _write_claims(tx, list(ranges), write)
        moved = Moved(ranges, claims, sums, 0)
        write(_marked("end", events=moved.events, claims=claims, checksums=sums))
    return moved


def _ranges(found: Mapping[str, int], instance_id: str, after: int) -> dict[str, Range]:
    if instance_id and instance_id not in found:
        raise TransferError(f"there is no instance {instance_id}")
    if after and not instance_id and len(found) > 1:
        raise TransferError("positions belong to an instance: say which one")
    chosen = {instance_id: found[instance_id]} if instance_id else found
    for one, head in chosen.items():
        if after > head:
            raise TransferError(f"instance {one} ends at position {head}")
    return {one: Range(after, head) for one, head in chosen.items()}


async def _write_claims(tx: Session, ids: list[str], write: Callable[[bytes], object]) -> int:
    count = 0
    last = ("", "", "")
    while True:
        values = {"ids": ids, "kind": last[0], "of": last[1], "value": last[2], "page": PAGE}
        page = await tx.rows(_CLAIMS, values, limit=HOUR)
        if page:
            write(_ended([line for *_, line in page]))
        count += len(page)
        if len(page) < PAGE:
            return count
        last = page[-1][:3]


def _marked(kind: str, **values: Any) -> bytes:
    return orjson.dumps({"personae": kind, **values}, option=orjson.OPT_APPEND_NEWLINE)


def _ended(page: Sequence[str]) -> bytes:
    return ("\n".join(page) + "\n").encode()
