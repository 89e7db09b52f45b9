"""How many wrong guesses may be made within a minute (RFC 8628, 5.1): by process, bounded.

At the pages this slows guessing down by address and by account, over the API by account. Whatever
the way, an account stops comparing after a hundred failures in a row
(``user.decide.password.FAILURES_AT_MOST``).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta

MOST = 20
WINDOW = timedelta(minutes=1)
ADDRESSES_AT_MOST = 10_000


class Guesses:
    """Remembers wrong guesses by where they came from."""

    def __init__(self, most: int = MOST, window: timedelta = WINDOW) -> None:
        self._most = most
        self._window = window
        self._wrong: OrderedDict[str, deque[datetime]] = OrderedDict()

    def too_many(self, address: str, now: datetime) -> bool:
        """Say whether an address has to wait."""
        wrong = self._wrong.get(address)
        while wrong and now - wrong[0] >= self._window:
            wrong.popleft()
        return bool(wrong) and len(wrong or ()) >= self._most

    def wrong(self, address: str, now: datetime) -> None:
        """Take note of a wrong guess, or of one that is under way and may be."""
        self._wrong.setdefault(address, deque(maxlen=self._most)).append(now)
        self._wrong.move_to_end(address)
        if len(self._wrong) > ADDRESSES_AT_MOST:
            self._wrong.popitem(last=False)

    def right(self, address: str) -> None:
        """Take back the last guess: it was none."""
        if wrong := self._wrong.get(address):
            wrong.pop()
