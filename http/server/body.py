"""Reading request bodies: bounded, and the sender's fault when they cannot be read (P-37)."""

from __future__ import annotations

from typing import Any

import orjson
from aiohttp import web
from personae.http.server.faults import Fault
from personae.http.server.refusals import BAD_REQUEST


async def read_json(request: web.Request) -> Any:
    """Return the decoded JSON body; ``None`` when it is empty.

    Raises :class:`Fault` with 400 for what is no JSON or nested deeper than 1,024 levels.
    """
    body = await request.read()
    try:
        return orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        raise Fault(400, BAD_REQUEST) from None
