"""The address that a browser comes back to, on this machine only (RFC 8252, 7.3)."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

import click
from aiohttp import web

PATH = "/callback"
SAID = "Done. You can close this window and go back to the terminal."
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class Loopback:
    """Waits for one request at ``http://127.0.0.1:PORT/callback``; port 0 takes a free one."""

    def __init__(self, port: int = 0) -> None:
        self._port, self._answer = port, asyncio.get_running_loop().create_future()
        self.uri = ""

    async def __aenter__(self) -> Self:
        """Begin to listen. Raises ``OSError`` for a port that is taken."""
        app = web.Application()
        app.router.add_get(PATH, self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        port = self._runner.addresses[0][1]
        self.uri = f"http://127.0.0.1:{port}{PATH}"
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _at: TracebackType | None,
    ) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def answer(self, seconds: float) -> dict[str, str]:
        """Return the parameters that the browser brought. Raises ``ClickException`` for none."""
        try:
            async with asyncio.timeout(seconds):
                found: dict[str, str] = await self._answer
        except TimeoutError:
            raise click.ClickException(f"nobody came back within {seconds:g} s") from None
        return found

    async def _take(self, request: web.Request) -> web.Response:
        if not self._answer.done():
            self._answer.set_result(dict(request.query))
        return web.Response(text=SAID, headers=HEADERS)
