"""The login pages' own cookies: which browser a form was made for, and the language chosen."""

from __future__ import annotations

import re

from aiohttp import web
from personae.http.identity.services import Services

BROWSER, LANGUAGE = "form", "language"
YEAR_SECONDS = 365 * 24 * 3600
_VALUE = re.compile(r"[A-Za-z0-9_-]{2,64}")


def _name(services: Services, kind: str) -> str:
    return f"__Host-personae.{kind}" if services.origins.secure else f"personae.{kind}"


def read(request: web.Request, services: Services, kind: str) -> str:
    """Return a cookie's value, or nothing when it is not one of ours."""
    value = request.cookies.get(_name(services, kind), "")
    return value if _VALUE.fullmatch(value) else ""


def write(
    response: web.StreamResponse,
    services: Services,
    kind: str,
    value: str,
    life: int | None = None,
    *,
    same_site: str = "Lax",
) -> None:
    """Set a cookie; without ``life`` in seconds it ends with the browser."""
    response.set_cookie(
        _name(services, kind),
        value,
        max_age=life,
        path="/",
        secure=services.origins.secure,
        httponly=True,
        samesite=same_site,
    )
