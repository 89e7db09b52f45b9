"""A commit on its way through the lane: its events as rows, and what it must be first with."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any, Literal, NamedTuple

from personae.actors.domain.kit import Recorded, Stream
from personae.store.codec import encode, to_json
from personae.store.log import Commit, Name, revision_of

Key = tuple[Literal["receipt", "event", "name"], str, str, str]
"""What can be written once: a receipt by caller, key and step; an event by type and id of its
stream and its sequence; a name by where it is unique, kind and value."""


class Row(NamedTuple):
    """An event on its way: where it goes, and itself as JSON."""

    stream: Stream
    sequence: int
    owner: str
    event: Any
    json: bytes


@dataclass(eq=False, slots=True)
class Entry:
    """A commit in the queue. ``uncertain`` once it was sent and no answer came."""

    commit: Commit
    rows: list[Row]
    taken: dict[Name, Any]
    given_back: dict[Name, str]
    answer: asyncio.Future[list[Recorded]]
    since: float
    size: int = field(init=False)
    uncertain: bool = False

    def __post_init__(self) -> None:
        self.size = sum(len(row.json) for row in self.rows)

    @classmethod
    def of(cls, commit: Commit, loop: asyncio.AbstractEventLoop) -> Entry:
        """Return a commit as it waits from now on. Raises INVALID for text nobody can store."""
        rows, answer = _rows(commit), loop.create_future()
        return cls(commit, rows, commit.taken, commit.given_back, answer, loop.time())

    @property
    def keys(self) -> list[Key]:
        """What this commit must be first with; its caller hears of the first that is there."""
        receipt = self.commit.receipt
        keys: list[Key] = []
        if receipt:
            keys.append(("receipt", receipt.caller, receipt.key, str(receipt.step)))
        keys += [("event", row.stream.type, row.stream.id, str(row.sequence)) for row in self.rows]
        keys += [("name", *name) for name in self.taken]
        return keys

    def recorded(self, position: Iterator[int]) -> list[Recorded]:
        """Return the events as the log holds them, at the next positions."""
        at, creator = self.commit.at, self.commit.creator
        return [
            Recorded(row.stream, row.sequence, next(position), at, creator, row.owner, row.event)
            for row in self.rows
        ]

    def accept(self, recorded: list[Recorded]) -> None:
        """Tell the caller, if it is still there, what was committed."""
        if not self.answer.done():
            self.answer.set_result(recorded)

    def refuse(self, refusal: Exception) -> None:
        """Tell the caller, if it is still there, why nothing was."""
        if not self.answer.done():
            self.answer.set_exception(refusal)


def refuse(batch: Iterable[Entry], refusal: Exception) -> None:
    """Tell all callers of a batch the same."""
    for entry in batch:
        entry.refuse(refusal)


def _rows(commit: Commit) -> list[Row]:
    at = commit.at.astimezone(UTC)
    rows = []
    for part in commit.parts:
        revision = revision_of(part.stream)
        for sequence, event in enumerate(part.events, part.version + 1):
            event_type, payload = encode(event)
            json = to_json({
                "t": part.stream.type, "i": part.stream.id, "s": sequence, "e": event_type,
                "r": revision, "o": part.owner, "c": commit.creator, "a": at, "p": payload,
            })  # fmt: skip
            rows.append(Row(part.stream, sequence, part.owner, event, json))
    return rows
