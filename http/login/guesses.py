"""How many wrong codes an address may try (RFC 8628, 5.1). In this process only, bounded."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

from aiohttp import web

MOST = 20
WINDOW = timedelta(minutes=1)
ADDRESSES_AT_MOST = 10_000


class Guesses:
    """Remembers wrong guesses by where they came from."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, deque[datetime]] = OrderedDict()

    def too_many(self, address: str, now: datetime) -> bool:
        """Say whether an address has to wait."""
        wrong = self._wrong.get(address)
        while wrong and now - wrong[0] >= WINDOW:
            wrong.popleft()
        return bool(wrong) and len(wrong or ()) >= MOST

    def wrong(self, address: str, now: datetime) -> None:
        """Take note of a wrong guess."""
        self._wrong.setdefault(address, deque(maxlen=MOST)).append(now)
        self._wrong.move_to_end(address)
        if len(self._wrong) > ADDRESSES_AT_MOST:
            self._wrong.popitem(last=False)


GUESSES: web.AppKey[Guesses] = web.AppKey("guesses", Guesses)
