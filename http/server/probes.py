"""Probes: is the process alive, may it get traffic, what did it do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import orjson
from aiohttp import web
from personae.http.server.origin import Networks
from personae.http.server.tree_page import POLICY, Tree, tree_page
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

Check = Callable[[], Awaitable[None]]
"""Returns when all is well, raises when not."""

_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-Ip")


class Readiness:
    """Whether the process should get traffic: every check passes and it is not leaving."""

    def __init__(self, checks: Mapping[str, Check], limit: float = 2.0) -> None:
        self._checks = dict(checks)
        self._limit = limit
        self.leaving = False

    async def reasons(self) -> dict[str, str]:
        """Return, by check, why the process is not ready; empty when it is. Takes ``limit`` s."""
        if self.leaving:
            return {"shutdown": "the server is stopping"}
        names = list(self._checks)
        results = await asyncio.gather(*map(self._run, names))
        return {name: why for name, why in zip(names, results, strict=True) if why}

    async def _run(self, name: str) -> str:
        try:
            async with asyncio.timeout(self._limit):
                await self._checks[name]()
        except TimeoutError:
            return "no answer in time"
        except Exception as exc:  # noqa: BLE001 — whatever a check raises means: not ready
            return type(exc).__name__
        return ""


class Probes:
    """The handlers of ``/debug/…``."""

    def __init__(
        self,
        readiness: Readiness,
        registry: CollectorRegistry,
        insiders: Networks,
        tree: Tree | None = None,
    ) -> None:
        self._readiness = readiness
        self._registry = registry
        self._insiders = insiders
        self._tree = tree

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to add to the application."""
        return [
            web.get("/debug/healthz", self.healthz),
            web.get("/debug/ready", self.ready),
            web.get("/debug/metrics", self.metrics),
            web.get("/debug/actors", self.actors),
        ]

    async def healthz(self, request: web.Request) -> web.Response:  # noqa: ARG002
        """200 as long as the event loop turns."""
        return web.Response(text="ok")

    async def ready(self, request: web.Request) -> web.Response:  # noqa: ARG002
        """200, or 412 with the reasons."""
        reasons = await self._readiness.reasons()
        body = orjson.dumps({"ready": not reasons, "reasons": reasons})
        status = 412 if reasons else 200
        return web.Response(status=status, body=body, content_type="application/json")

    async def metrics(self, request: web.Request) -> web.Response:
        """Prometheus' text format, for insiders; others are told that there is nothing."""
        if not self._is_insider(request):
            raise web.HTTPNotFound
        return web.Response(
            body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    async def actors(self, request: web.Request) -> web.Response:
        """The supervisor tree as it stands: JSON, or for browsers a page; for insiders."""
        if self._tree is None or not self._is_insider(request):
            raise web.HTTPNotFound
        tree = self._tree.seen()
        headers = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language"}
        if "text/html" not in request.headers.get("Accept", ""):
            body = orjson.dumps(tree)
            return web.Response(body=body, content_type="application/json", headers=headers)
        words = self._tree.words(request.headers.get("Accept-Language", ""))
        headers["Content-Security-Policy"] = POLICY
        return web.Response(text=tree_page(tree, words), content_type="text/html", headers=headers)

    def _is_insider(self, request: web.Request) -> bool:
        # A proxy that was not declared looks like an insider itself: its headers give it away.
        forwarded = any(name in request.headers for name in _FORWARDED)
        undeclared = forwarded and request["client_ip"] == request.remote
        return not undeclared and self._insiders.holds(request["client_ip"])
