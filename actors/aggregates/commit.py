"""From what a decider yields to what the log appends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from personae.actors.domain.kit import Claim, On, Refusal, Release, Stream
from personae.store.log import Commit, Part


@dataclass(slots=True)
class Draft:
    """The events of each stream in the order they were decided, the names taken and given."""

    versions: dict[Stream, int] = field(default_factory=dict)
    owners: dict[Stream, str] = field(default_factory=dict)
    events: dict[Stream, list[Any]] = field(default_factory=dict)
    claims: list[tuple[Claim, str]] = field(default_factory=list)
    releases: list[tuple[Release, str]] = field(default_factory=list)

    def add(self, stream: Stream, decision: Any) -> None:
        """Take note of one decision about one stream."""
        if isinstance(decision, Claim):
            self._claim(decision, stream.id)
        elif isinstance(decision, Release):
            self.releases.append((decision, stream.id))
        elif not isinstance(decision, Refusal):
            self.events.setdefault(stream, []).append(decision)

    def _claim(self, wanted: Claim, holder: str) -> None:
        name = (wanted.kind, wanted.value)
        if any((claim.kind, claim.value) == name for claim, _ in self.claims):
            raise wanted.taken()  # by another decision of the same commit: the log cannot see it
        self.claims.append((wanted, holder))

    def add_on(self, decision: On) -> None:
        """Take note of a decision about another stream."""
        self.versions.setdefault(decision.stream, decision.version)
        self.owners.setdefault(decision.stream, decision.owner)
        self.add(decision.stream, decision.decision)


def commit_of(
    stream: Stream,
    version: int,
    owner: str,
    decisions: Iterable[Any],
    *,
    creator: str,
    at: datetime,
) -> Commit | None:
    """Return what to append, or ``None`` when the decisions hold no event: nothing changes."""
    draft = Draft(versions={stream: version}, owners={stream: owner})
    for decision in decisions:
        if isinstance(decision, On):
            draft.add_on(decision)
        else:
            draft.add(stream, decision)
    if not draft.events:
        return None
    parts = tuple(
        Part(where, draft.versions[where], draft.owners[where], tuple(events))
        for where, events in draft.events.items()
    )
    return Commit(
        instance_id=stream.instance_id,
        parts=parts,
        claims=tuple(draft.claims),
        releases=tuple(draft.releases),
        creator=creator,
        at=at,
    )
