"""The keys that clients publish themselves (RFC 7591, 2: ``jwks_uri``), fetched within bounds.

A key set at a ``jwks_uri`` is fetched when a key is needed that is not known, and when what is
known has grown old; at most once a minute, by one call for all who wait. What was fetched stays
for a day while its address does not answer.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
from personae.actors.domain.project.state import AppKey
from personae.http.oidc.registration.jwks import usable

Fetch = Callable[[str, int], Awaitable[bytes | None]]
"""Gets what an address has, of so many bytes at most; ``None`` for anything but that."""

LONGEST = 64 * 1024
FRESH = timedelta(minutes=15)
PAUSE = timedelta(minutes=1)
OLDEST = timedelta(days=1)
SETS_AT_MOST = 1_000


async def nowhere(_url: str, _longest: int) -> None:
    """Fetch nothing: for a provider that calls nobody."""
    return


@dataclass(slots=True)
class _Set:
    """A key set, when it was fetched and when that was tried; the call under way, if any."""

    keys: Mapping[str, AppKey] = field(default_factory=dict)
    fetched: datetime | None = None
    tried: datetime | None = None
    fetching: asyncio.Task[None] | None = None

    def lacks(self, key_id: str | None, now: datetime) -> bool:
        """Say whether it is time to look again."""
        if self.tried is not None and now - self.tried < PAUSE:
            return False
        known = key_id in self.keys if key_id else bool(self.keys)
        return not known or self.fetched is None or now - self.fetched >= FRESH


class PublishedKeys:
    """The key sets that clients publish, by address."""

    def __init__(self, fetch: Fetch = nowhere) -> None:
        self._fetch = fetch
        self._sets: OrderedDict[str, _Set] = OrderedDict()

    async def of(self, uri: str, key_id: str | None, now: datetime) -> Mapping[str, AppKey]:
        """Return the keys at an address, looked at again where the wanted one is missing."""
        known = self._set(uri)
        if known.fetching is None and known.lacks(key_id, now):
            known.tried = now
            known.fetching = asyncio.create_task(self._refresh(uri, known, now))
        if known.fetching is not None:
            await asyncio.shield(known.fetching)
        return known.keys

    def _set(self, uri: str) -> _Set:
        known = self._sets.setdefault(uri, _Set())
        self._sets.move_to_end(uri)
        if len(self._sets) > SETS_AT_MOST:
            self._sets.popitem(last=False)
        return known

    async def _refresh(self, uri: str, known: _Set, now: datetime) -> None:
        try:
            found = await self._fetch(uri, LONGEST)
            keys = None if found is None else _read(found)
            if keys is not None:
                known.keys, known.fetched = keys, now
            elif known.fetched is None or now - known.fetched >= OLDEST:
                known.keys = {}
        finally:
            known.fetching = None


def _read(body: bytes) -> Mapping[str, AppKey] | None:
    """Return the keys of a set, ``None`` for what is none; keys that are no use are left out."""
    try:
        found = usable(orjson.loads(body))
    except ValueError:
        return None
    return None if found is None else {id_: AppKey(pem.encode()) for id_, pem in found}
