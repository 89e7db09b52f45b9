"""The log in memory: the same contract as PostgreSQL's, for tests and trials. Keeps nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from personae.actors.domain.kit import Kind, Recorded, Stream, name_of
from personae.actors.domain.kit.event import Foreign
from personae.store import snapshots
from personae.store.codec import encode, to_json
from personae.store.log import (
    PAGE,
    Commit,
    Name,
    OnCommitted,
    Receipt,
    Repeated,
    Snapshot,
    WrongVersion,
)


class MemoryLog:
    """An event log in a few dictionaries."""

    def __init__(self) -> None:
        self.on_committed: list[OnCommitted] = []
        self._logs: defaultdict[str, list[Recorded]] = defaultdict(list)
        self._streams: defaultdict[Stream, list[Recorded]] = defaultdict(list)
        self._names: dict[Name, str] = {}
        self._snapshots: dict[Stream, tuple[int, str, bytes]] = {}
        self._receipts: dict[tuple[str, str, str, int], tuple[Receipt, datetime]] = {}

    depth = 0

    async def append(self, commit: Commit) -> list[Recorded]:
        """See :class:`personae.store.log.Log`."""
        for part in commit.parts:
            to_json([*part.stream, part.owner, *map(encode, part.events)])
        self._check(commit)
        self._move_names(commit)
        done = self._record(commit)
        if (receipt := commit.receipt) is not None:
            self._receipts[_receipt_key(commit.instance_id, receipt)] = (receipt, commit.at)
        for tell in self.on_committed:
            tell(done)
        return done

    def _check(self, commit: Commit) -> None:
        receipt = commit.receipt
        if receipt and _receipt_key(commit.instance_id, receipt) in self._receipts:
            raise Repeated
        for part in commit.parts:
            if part.events and part.version != len(self._streams[part.stream]):
                raise WrongVersion(part.stream)
        for name, (claim, _) in commit.taken.items():
            if name in self._names:
                raise claim.taken()

    def _move_names(self, commit: Commit) -> None:
        for name, holder in commit.given_back.items():
            if self._names.get(name) == holder:
                del self._names[name]
        self._names.update({name: holder for name, (_, holder) in commit.taken.items()})

    def _record(self, commit: Commit) -> list[Recorded]:
        log = self._logs[commit.instance_id]
        done = []
        for part in commit.parts:
            for sequence, event in enumerate(part.events, part.version + 1):
                recorded = Recorded(
                    part.stream, sequence, len(log) + 1,
                    commit.at, commit.creator, part.owner, event,
                )  # fmt: skip
                log.append(recorded)
                self._streams[part.stream].append(recorded)
                done.append(recorded)
        return done

    async def stream(self, stream: Stream, after: int = 0) -> list[Recorded]:
        """See :class:`personae.store.log.Log`."""
        return self._streams.get(stream, [])[after:]

    async def after(
        self, instance_id: str, position: int, limit: int, types: Collection[str] | None = None
    ) -> list[Recorded]:
        """See :class:`personae.store.log.Log`."""
        later = self._logs.get(instance_id, [])[position:]
        wanted = later if types is None else [item for item in later if _type(item) in types]
        return wanted[: min(limit, PAGE)]

    async def head(self, instance_id: str) -> int:
        """See :class:`personae.store.log.Log`."""
        return len(self._logs.get(instance_id, ()))

    async def holder(self, instance_id: str, kind: str, value: str) -> str | None:
        """See :class:`personae.store.log.Log`."""
        return self._names.get((instance_id, kind, value))

    async def holders(self, instance_id: str, kind: str, values: Collection[str]) -> dict[str, str]:
        """See :class:`personae.store.log.Log`."""
        found = {value: self._names.get((instance_id, kind, value)) for value in values}
        return {value: holder for value, holder in found.items() if holder is not None}

    async def receipts(self, instance_id: str, caller: str, key: str) -> list[Receipt]:
        """See :class:`personae.store.log.Log`."""
        call = (instance_id, caller, key)
        found = [one for at, (one, _) in self._receipts.items() if at[:3] == call]
        return sorted(found, key=lambda receipt: receipt.step)

    async def drop_receipts(self, before: datetime) -> None:
        """See :class:`personae.store.log.Log`."""
        self._receipts = {at: kept for at, kept in self._receipts.items() if kept[1] >= before}

    async def instances(self) -> list[str]:
        """See :class:`personae.store.log.Log`."""
        return sorted(instance_id for instance_id, log in self._logs.items() if log)

    async def load_snapshot(self, stream: Stream, kind: Kind[Any]) -> Snapshot | None:
        """See :class:`personae.store.log.Log`."""
        return snapshots.loads(kind, *self._snapshots.get(stream, (0, "", b"")))

    async def keep_snapshot(self, stream: Stream, kind: Kind[Any], snapshot: Snapshot) -> None:
        """See :class:`personae.store.log.Log`."""
        if snapshot.sequence >= self._snapshots.get(stream, (0,))[0]:
            kept = (snapshot.sequence, snapshots.shape_of(kind), snapshots.dumps(snapshot))
            self._snapshots[stream] = kept


def _receipt_key(instance_id: str, receipt: Receipt) -> tuple[str, str, str, int]:
    return (instance_id, receipt.caller, receipt.key, receipt.step)


def _type(recorded: Recorded) -> str:
    event = recorded.event
    return event.type if isinstance(event, Foreign) else name_of(event)
