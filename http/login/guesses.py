"""Wrong guesses at the pages: by the address they come from."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from aiohttp import web
from personae.http.identity.guesses import WINDOW, Guesses
from personae.http.login.problems import Problem

if TYPE_CHECKING:
    from personae.http.login.visit import Visit

GUESSES: web.AppKey[Guesses] = web.AppKey("guesses", Guesses)
MAILS: web.AppKey[Guesses] = web.AppKey("mails", Guesses)
"""Messages that somebody asked for who is not signed in, by whom they go to."""

MAILS_AT_MOST, MAILS_WINDOW = 5, timedelta(hours=1)

REGISTRATIONS: web.AppKey[Guesses] = web.AppKey("registrations", Guesses)
"""Accounts that somebody made or tried to make, by where it came from."""

REGISTRATIONS_AT_MOST, REGISTRATIONS_WINDOW = 30, timedelta(minutes=10)


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
