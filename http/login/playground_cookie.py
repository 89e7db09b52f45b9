"""What the playground remembers while somebody signs in: sealed, for minutes, for its path only."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from personae.http.login.seal import seal, unseal
from personae.http.login.visit import Visit

PATH = "/ui/playground"
LIFE_SECONDS = 600


def write(visit: Visit, response: web.Response, value: dict[str, Any]) -> None:
    """Give the browser what to bring back."""
    response.set_cookie(
        _name(visit),
        seal(visit.services, _purpose(visit), value),
        max_age=LIFE_SECONDS,
        path=PATH,
        secure=visit.services.origins.secure,
        httponly=True,
        samesite="Lax",
    )


def read(visit: Visit) -> dict[str, Any] | None:
    """Return what this browser was given, or ``None``."""
    found = unseal(visit.services, _purpose(visit), visit.request.cookies.get(_name(visit), ""))
    return found if isinstance(found, dict) else None


def forget(visit: Visit, response: web.Response) -> None:
    """Take it back: an answer is looked at once."""
    secure = visit.services.origins.secure
    response.del_cookie(_name(visit), path=PATH, secure=secure, httponly=True, samesite="Lax")


def _purpose(visit: Visit) -> str:
    return f"playground {visit.instance_id} {visit.browser}"


def _name(visit: Visit) -> str:
    return f"{'__Secure-' if visit.services.origins.secure else ''}personae.playground"
