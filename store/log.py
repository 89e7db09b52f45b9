"""The event log as the rooms above see it: what is appended, what is read, what may go wrong.

``memory.MemoryLog`` and ``postgres.PostgresLog`` keep this contract; one test runs on both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from personae.actors.domain.kit import KINDS, Claim, Kind, Recorded, Refusal, Release, Stream
from personae.actors.domain.kit.refusal import CONTENDED, UNAVAILABLE

PAGE = 5000
"""Events that one read of the log returns at most."""

OnCommitted = Callable[[list[Recorded]], None]
Name = tuple[str, str, str]
"""A unique name: the instance it is unique in (empty: in all of them), kind and value."""

EVERYWHERE = ""
"""In place of an instance: among all of them."""


class WrongVersion(Exception):  # noqa: N818 — an answer that leads to another try, not an error
    """Somebody wrote to ``stream`` first: nothing was appended; read its tail and decide again."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(f"{stream.type} {stream.id}")
        self.stream = stream


class OutcomeUnknown(Refusal):
    """UNAVAILABLE, and the events may be in the log all the same.

    Whoever holds the streams' state in memory must drop it and read the log again.
    """

    def __init__(self) -> None:
        super().__init__(UNAVAILABLE)


class Repeated(Refusal):
    """There is a receipt for this very order: nothing was appended, it was carried out before."""

    def __init__(self) -> None:
        super().__init__(CONTENDED)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Says that an order was carried out; committed with its events, once.

    ``key`` is what its caller calls the whole call, ``step`` counts the orders within it from 0.
    ``sealed`` is for those who wrote it.
    """

    caller: str
    key: str
    step: int
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Part:
    """The events of one stream in a commit; ``version`` is the sequence before the first."""

    stream: Stream
    version: int
    owner: str
    events: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What is appended as a whole or not at all: at least one event, all of one instance.

    ``claims`` and ``releases`` go with the id of the aggregate that takes or gives up the name.
    A release of a name that this aggregate does not hold is ignored. A name both released and
    claimed by one aggregate stays as it is.
    """

    instance_id: str
    parts: tuple[Part, ...]
    claims: tuple[tuple[Claim, str], ...] = ()
    releases: tuple[tuple[Release, str], ...] = ()
    creator: str
    at: datetime
    receipt: Receipt | None = None

    def __post_init__(self) -> None:
        if not any(part.events for part in self.parts):
            raise ValueError("a commit needs an event")
        if {part.stream.instance_id for part in self.parts} != {self.instance_id}:
            raise ValueError("a commit belongs to one instance")
        if self.at.tzinfo is None:
            raise ValueError("a commit's time needs a time zone")

    @property
    def taken(self) -> dict[Name, tuple[Claim, str]]:
        """The names to claim, with their claim and their holder to be."""
        if not self.claims:
            return {}
        released = {(self._name(release), holder) for release, holder in self.releases}
        return {
            self._name(claim): (claim, holder)
            for claim, holder in self.claims
            if (self._name(claim), holder) not in released
        }

    @property
    def given_back(self) -> dict[Name, str]:
        """The names to release, with the holder who gives them up."""
        if not self.releases:
            return {}
        held = {(self._name(claim), holder) for claim, holder in self.claims}
        return {
            self._name(release): holder
            for release, holder in self.releases
            if (self._name(release), holder) not in held
        }

    def _name(self, of: Claim | Release) -> Name:
        return (EVERYWHERE if of.everywhere else self.instance_id, of.kind, of.value)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An aggregate after its event number ``sequence``, as it was in memory."""

    sequence: int
    position: int
    owner: str
    created_at: datetime
    changed_at: datetime
    state: Any


def revision_of(stream: Stream) -> int:
    """Return the revision that a stream's events are stored with: its kind's."""
    kind = KINDS.get(stream.type)
    return kind.revision if kind else 1


class Log(Protocol):
    """An event log. Reads return what is committed; positions have no holes."""

    on_committed: list[OnCommitted]
    """Called with the events of each commit of this process, in order of position, before the
    appender is answered. Must return at once; what it raises is reported and changes nothing."""

    @property
    def depth(self) -> int:
        """Events that wait to be written."""
        ...

    async def append(self, commit: Commit) -> list[Recorded]:
        """Commit, and return the events with their positions.

        Raises :class:`Repeated`; :class:`WrongVersion`; the claim's ``taken`` refusal; INVALID for
        text that cannot be stored; OVERLOADED when the queue is full; UNAVAILABLE when nothing was
        written; :class:`OutcomeUnknown`. A caller that is cancelled does not undo its commit.
        """
        ...

    async def stream(self, stream: Stream, after: int = 0) -> list[Recorded]:
        """Return the events of one aggregate with a sequence above ``after``, in order.

        Raises ``CorruptEvent`` when one of them cannot be decoded.
        """
        ...

    async def after(
        self, instance_id: str, position: int, limit: int, types: Collection[str] | None = None
    ) -> list[Recorded]:
        """Return up to ``limit`` events (at most :data:`PAGE`) above ``position``, in order.

        ``types``: stored event types; all when None. One that cannot be decoded is a ``Corrupt``.
        """
        ...

    async def head(self, instance_id: str) -> int:
        """Return the last position of an instance; 0 when it has no events."""
        ...

    async def holder(self, instance_id: str, kind: str, value: str) -> str | None:
        """Return the id of the aggregate that holds a name, here or :data:`EVERYWHERE`."""
        ...

    async def holders(self, instance_id: str, kind: str, values: Collection[str]) -> dict[str, str]:
        """Return who holds which of several names; those that nobody holds are left out."""
        ...

    async def receipts(self, instance_id: str, caller: str, key: str) -> list[Receipt]:
        """Return the receipts of one call, by step."""
        ...

    async def drop_receipts(self, before: datetime) -> None:
        """Forget the receipts of commits made before a time."""
        ...

    async def instances(self) -> list[str]:
        """Return the instances that have events, in order of their ids."""
        ...

    async def load_snapshot(self, stream: Stream, kind: Kind[Any]) -> Snapshot | None:
        """Return the last snapshot, unless its state's shape is another one."""
        ...

    async def keep_snapshot(self, stream: Stream, kind: Kind[Any], snapshot: Snapshot) -> None:
        """Keep a snapshot, unless a later one is kept already."""
        ...
