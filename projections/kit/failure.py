"""What cannot be applied: which event, and why, kept beside the tables until somebody mends it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from personae.actors import runtime
from personae.actors.domain.kit import Foreign, Recorded, name_of
from personae.projections.kit.shelf import Shelf
from personae.projections.kit.table import Table
from personae.store.codec import Corrupt, CorruptEvent
from personae.store.errors import DatabaseError
from personae.store.session import Session

UNREADABLE = "the stored event cannot be decoded"


@dataclass(frozen=True, slots=True)
class Failure:
    """One event that failed, and why; the reason never holds what the event holds."""

    position: int
    event_type: str
    aggregate_type: str
    aggregate_id: str
    error: str
    attempts: int = 1

    @classmethod
    def of(cls, recorded: Recorded, error: BaseException) -> Failure:
        """Return the failure of an event."""
        event, stream = recorded.event, recorded.stream
        kind = event.type if isinstance(event, Foreign | Corrupt) else name_of(event)
        return cls(recorded.position, kind, stream.type, stream.id, described(error))


@dataclass(frozen=True, slots=True)
class Failed:
    """One parked event."""

    name: str
    version: int
    instance_id: str
    position: int
    event_type: str
    aggregate_type: str
    aggregate_id: str
    attempts: int
    error: str
    failed_at: datetime


def described(error: BaseException) -> str:
    """Return what went wrong and where, never what the event holds."""
    if isinstance(error, CorruptEvent):
        return UNREADABLE
    if isinstance(error, DatabaseError):
        return f"{type(error).__name__} {error}"
    return runtime.described(error)


async def park(
    tx: Session, shelf: Shelf, table: Table, instance_id: str, failures: Sequence[Failure]
) -> None:
    """Put events aside, within the transaction that moves the table's position behind them."""
    await tx.run(
        f"INSERT INTO {shelf.path('failed_events')} (name, version, instance_id, position,"
        " event_type, aggregate_type, aggregate_id, attempts, error)"
        " SELECT %s, %s, %s, position, event_type, aggregate_type, aggregate_id, attempts, error"
        " FROM json_to_recordset(%s) AS f (position bigint, event_type text, aggregate_type text,"
        " aggregate_id text, attempts int, error text)"
        " ON CONFLICT (name, version, instance_id, position) DO UPDATE SET"
        " attempts = excluded.attempts, error = excluded.error, failed_at = now()",
        (table.name, table.version, instance_id, msgspec.json.encode(failures).decode()),
    )
