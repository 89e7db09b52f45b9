"""How many wrong guesses an address may make (RFC 8628, 5.1). In this process only, bounded."""

from __future__ import annotations

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from aiohttp import web
from personae.http.login.problems import Problem

if TYPE_CHECKING:
    from personae.http.login.visit import Visit

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
        """Take note of a wrong guess."""
        self._wrong.setdefault(address, deque(maxlen=self._most)).append(now)
        self._wrong.move_to_end(address)
        if len(self._wrong) > ADDRESSES_AT_MOST:
            self._wrong.popitem(last=False)


GUESSES: web.AppKey[Guesses] = web.AppKey("guesses", Guesses)
MAILS: web.AppKey[Guesses] = web.AppKey("mails", Guesses)
"""Messages that somebody asked for who is not signed in, by whom they go to."""

MAILS_AT_MOST, MAILS_WINDOW = 5, timedelta(hours=1)


def address_of(visit: Visit) -> str:
    """Return the address that a browser comes from, behind trusted proxies only."""
    return str(visit.request.get("client_ip") or visit.request.remote)


def check_guesses(visit: Visit, field: str) -> None:
    """Refuse an address that guessed wrong too often within a minute. Raises :class:`Problem`."""
    guesses, now = visit.request.app[GUESSES], visit.services.world.now()
    if guesses.too_many(address_of(visit), now):
        seconds = int(WINDOW.total_seconds())
        raise Problem(field, "wrong_often", status=429, retry=seconds)


def note_wrong(visit: Visit) -> None:
    """Count a wrong guess of the visit's address."""
    visit.request.app[GUESSES].wrong(address_of(visit), visit.services.world.now())
