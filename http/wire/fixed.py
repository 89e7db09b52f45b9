"""Answers that are the same for everybody: made once, away from the loop, and packed once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web
from personae.http.wire.http_calls import JSON, respond
from personae.http.wire.packing import packed


class Fixed:
    """What ``make`` makes, at the first request; those that come meanwhile wait for that one."""

    def __init__(
        self, make: Callable[[], bytes], kind: str = JSON, headers: dict[str, str] | None = None
    ) -> None:
        self._make, self._kind, self._headers = make, kind, headers
        self._made: asyncio.Task[tuple[bytes, bytes]] | None = None

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request."""
        if self._made is None:
            self._made = asyncio.create_task(asyncio.to_thread(self._work))
        # Who goes away while it is made takes it from nobody.
        plain, small = await asyncio.shield(self._made)
        return respond(request, plain, self._kind, headers=self._headers, pack=lambda _: small)

    def _work(self) -> tuple[bytes, bytes]:
        plain = self._make()
        return plain, packed(plain)
