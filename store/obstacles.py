"""What is in the way of commits: asked in one query, however many they are."""

from __future__ import annotations

from collections.abc import Iterable

from personae.actors.domain.kit import Stream
from personae.store.codec import to_json
from personae.store.entry import Entry, Key
from personae.store.log import Repeated, WrongVersion
from personae.store.pool import Database

# A LIMIT keeps each a lookup by key, whatever PostgreSQL thinks of the table's size.
_THERE = """
SELECT w, a, b, c FROM jsonb_to_recordset(%(keys)s) AS key (w text, a text, b text, c text)
WHERE CASE w
    WHEN 'receipt' THEN (SELECT true FROM receipts
        WHERE instance_id = %(instance)s AND caller = a AND key = b AND step = c::int LIMIT 1)
    WHEN 'event' THEN (SELECT true FROM events
        WHERE instance_id = %(instance)s AND aggregate_type = a AND aggregate_id = b
        AND sequence = c::bigint LIMIT 1)
    ELSE (SELECT true FROM claims WHERE instance_id = a AND kind = b AND value = c LIMIT 1) END"""


class Obstacles:
    """Keys that are in the log: whoever wants to be first with one of them comes too late."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._there = set(keys)

    @classmethod
    async def of(
        cls, database: Database, instance_id: str, batch: list[Entry], limit: float
    ) -> Obstacles:
        """Look for all keys of a batch. Raises ``DatabaseError``."""
        keys = {key for entry in batch for key in entry.keys}
        wanted = to_json([dict(zip("wabc", key, strict=True)) for key in keys]).decode()
        values = {"instance": instance_id, "keys": wanted}
        return cls(await database.rows(_THERE, values, limit=limit))

    def complaint(self, entry: Entry) -> Exception | None:
        """Return what to tell the caller of a commit, if something is in its way."""
        for key in entry.keys:
            if key in self._there:
                return _complaint(entry, key)
        return None


def _complaint(entry: Entry, key: Key) -> Exception:
    what, *where = key
    if what == "receipt":
        return Repeated()
    if what == "event":
        return WrongVersion(Stream(entry.commit.instance_id, where[0], where[1]))
    claim, _ = entry.taken[where[0], where[1], where[2]]
    return claim.taken()  # type: ignore[no-any-return]


def in_turn(batch: Iterable[Entry]) -> tuple[list[Entry], list[Entry]]:
    """Return those of a batch that are first with all they want, and those that must wait."""
    first: list[Entry] = []
    later: list[Entry] = []
    wanted: set[Key] = set()
    for entry in batch:
        if wanted.isdisjoint(entry.keys):
            wanted.update(entry.keys)
            first.append(entry)
        else:
            later.append(entry)
    return first, later
