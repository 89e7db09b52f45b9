"""Documents that others publish, as key sets: fetched within bounds, and remembered.

A document is fetched when something is needed of it that is not known, and when what is known has
grown old; at most once a minute, by one call for all who wait. What was fetched stays for a day
while its address does not answer.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

T = TypeVar("T")

Fetch = Callable[[str, int], Awaitable[bytes | None]]
"""Gets what an address has, of so many bytes at most; ``None`` for anything but that."""

LONGEST = 64 * 1024
FRESH = timedelta(minutes=15)
PAUSE = timedelta(minutes=1)
OLDEST = timedelta(days=1)
DOCUMENTS_AT_MOST = 1_000


async def nowhere(_url: str, _longest: int) -> None:
    """Fetch nothing: for a provider that calls nobody."""
    return


@dataclass(slots=True)
class _Document:
    """What is in a document by name; when it was fetched, and tried; the call under way, if any."""

    holds: Mapping[str, Any] = field(default_factory=dict)
    fetched: datetime | None = None
    tried: datetime | None = None
    fetching: asyncio.Task[None] | None = None

    def lacks(self, name: str | None, now: datetime) -> bool:
        """Say whether it is time to look again."""
        if self.tried is not None and now - self.tried < PAUSE:
            return False
        known = name in self.holds if name else bool(self.holds)
        return not known or self.fetched is None or now - self.fetched >= FRESH


class Published(Generic[T]):
    """Documents by address; ``read`` returns what is in one by name, ``None`` for nonsense."""

    def __init__(
        self, read: Callable[[bytes], Mapping[str, T] | None], fetch: Fetch = nowhere
    ) -> None:
        self._read = read
        self._fetch = fetch
        self._documents: OrderedDict[str, _Document] = OrderedDict()

    async def of(self, uri: str, name: str | None, now: datetime) -> Mapping[str, T]:
        """Return what is at an address, looked at again where the wanted name is missing."""
        known = self._known(uri)
        if known.fetching is None and known.lacks(name, now):
            known.tried = now
            known.fetching = asyncio.create_task(self._refresh(uri, known, now))
        if known.fetching is not None:
            await asyncio.shield(known.fetching)
        return known.holds

    def _known(self, uri: str) -> _Document:
        known = self._documents.setdefault(uri, _Document())
        self._documents.move_to_end(uri)
        if len(self._documents) > DOCUMENTS_AT_MOST:
            self._documents.popitem(last=False)
        return known

    async def _refresh(self, uri: str, known: _Document, now: datetime) -> None:
        try:
            found = await self._fetch(uri, LONGEST)
            holds = None if found is None else self._read(found)
            if holds is not None:
                known.holds, known.fetched = holds, now
            elif known.fetched is None or now - known.fetched >= OLDEST:
                known.holds = {}
        finally:
            known.fetching = None
