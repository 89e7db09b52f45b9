"""The log in memory: the same contract as PostgreSQL's, for tests and trials. Keeps nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from personae.actors.domain.kit import Kind, Recorded, Stream, name_of
from personae.actors.domain.kit.event import Foreign
from personae.store import snapshots
from personae.store.codec import encode, to_json
from personae.store.log import PAGE, Commit, Name, OnCommitted, WrongVersion


class MemoryLog:
    """An event log in a few dictionaries."""

    def __init__(self) -> None:
        self.on_committed: list[OnCommitted] = []
        self._logs: defaultdict[str, list[Recorded]] = defaultdict(list)
        self._streams: defaultdict[Stream, list[Recorded]] = defaultdict(list)
        self._names: defaultdict[str, dict[Name, str]] = defaultdict(dict)
        self._snapshots: dict[Stream, tuple[int, str, bytes]] = {}

    async def append(self, commit: Commit) -> list[Recorded]:
        """See :class:`personae.store.log.Log`."""
        for part in commit.parts:
            to_json([*part.stream, part.owner, *map(encode, part.events)])
        self._check(commit)
        self._move_names(commit)
        done = self._record(commit)
        for tell in self.on_committed:
            tell(done)
        return done

    def _check(self, commit: Commit) -> None:
        for part in commit.parts:
            if part.events and part.version != len(self._streams[part.stream]):
                raise WrongVersion(part.stream)
        names = self._names[commit.instance_id]
        for name, (claim, _) in commit.taken.items():
            if name in names:
                raise claim.taken()

    def _move_names(self, commit: Commit) -> None:
        names = self._names[commit.instance_id]
        for name, holder in commit.given_back.items():
            if names.get(name) == holder:
                del names[name]
        names.update({name: holder for name, (_, holder) in commit.taken.items()})

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
        return self._names.get(instance_id, {}).get((kind, value))

    async def instances(self) -> list[str]:
        """See :class:`personae.store.log.Log`."""
        return sorted(instance_id for instance_id, log in self._logs.items() if log)

    async def load_snapshot(self, stream: Stream, kind: Kind[Any]) -> tuple[int, Any] | None:
        """See :class:`personae.store.log.Log`."""
        sequence, shape, state = self._snapshots.get(stream, (0, "", b""))
        loaded = snapshots.loads(kind, shape, state)
        return None if loaded is None else (sequence, loaded)

    async def keep_snapshot(
        self, stream: Stream, kind: Kind[Any], sequence: int, state: Any
    ) -> None:
        """See :class:`personae.store.log.Log`."""
        if sequence >= self._snapshots.get(stream, (0,))[0]:
            kept = (sequence, snapshots.shape_of(kind), snapshots.dumps(state))
            self._snapshots[stream] = kept


def _type(recorded: Recorded) -> str:
    event = recorded.event
    return event.type if isinstance(event, Foreign) else name_of(event)
