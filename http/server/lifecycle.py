"""The server's life: refuse to run unsafely, listen, drain, stop."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Mapping
from time import monotonic

from aiohttp import http_parser, web
from grpclib.const import Handler
from personae.http.server.faults import Faults
from personae.http.server.metrics import Metrics
from personae.http.server.middleware import InFlight, Surroundings
from personae.http.server.origin import Networks
from personae.http.server.port import Port
from personae.http.server.probes import Check, Probes, Readiness
from personae.http.server.proxies import Proxies
from personae.http.server.settings import ServerSettings
from personae.http.server.tree_page import Tree
from prometheus_client import CollectorRegistry

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def refuse_unsafe_runtime() -> None:
    """Raise ``RuntimeError`` where known holes are open (P-40).

    aiohttp's pure-Python parser has most of the request-smuggling advisories, and some checks of
    the libraries underneath are assertions, which ``python -O`` removes.
    """
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        raise RuntimeError("aiohttp's C parser is missing: reinstall aiohttp from its wheel")
    if sys.flags.optimize:
        raise RuntimeError("python -O removes checks that the server relies on")


class Server:
    """One process's listening port.

    ``app`` gets the probes' routes; the surroundings of :mod:`middleware` are put around it. Add
    all routes before :meth:`start`. ``grpc`` maps ``/package.Service/Method`` to grpclib's
    handlers. ``registry`` is where Prometheus finds everything; the server adds its own metrics.
    ``tree`` tells what ``/debug/actors`` shows.

        server = Server(app, grpc, ServerSettings(port=8080), checks={"database": ping})
        await server.start()
        await server.signalled()       # SIGTERM or SIGINT
        await server.stop()            # a second signal cuts what is still under way
    """

    def __init__(
        self,
        app: web.Application,
        grpc: Mapping[str, Handler],
        settings: ServerSettings,
        *,
        checks: Mapping[str, Check] | None = None,
        registry: CollectorRegistry | None = None,
        faults: Faults | None = None,
        tree: Tree | None = None,
    ) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.in_flight = InFlight(settings.limits.request_timeout)
        self.readiness = Readiness(checks or {})
        self._app = app
        self._grpc = grpc
        self._runner = web.AppRunner(app, handle_signals=False, shutdown_timeout=1.0)
        self._port: Port | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._asked = asyncio.Event()
        self._now = asyncio.Event()
        self._around = self._surroundings(faults or Faults())
        registry = registry or CollectorRegistry()
        registry.register(self.metrics)
        insiders = Networks(settings.debug_networks)
        app.add_routes(Probes(self.readiness, registry, insiders, tree).routes())

    def _surroundings(self, faults: Faults) -> Surroundings:
        settings = self.settings
        return Surroundings(
            proxies=Proxies(settings.trusted_proxies, settings.client_certificate_header),
            faults=faults,
            metrics=self.metrics,
            in_flight=self.in_flight,
            body_size=settings.limits.body_size,
            external_secure=settings.external_secure,
        )

    @property
    def port(self) -> int:
        """The port number that is listened on."""
        return self._opened.number

    @property
    def _opened(self) -> Port:
        if self._port is None:
            raise RuntimeError("the server has not been started")
        return self._port

    async def start(self) -> None:
        """Start the application and listen. Raises ``RuntimeError`` (P-40) or ``OSError``."""
        refuse_unsafe_runtime()
        await self._runner.setup()
        manager = self._runner.server
        if manager is None:
            raise RuntimeError("aiohttp has made no server")
        self._port = Port(self.settings, manager, self._grpc, self.metrics, self._around)
        await self._port.listen()
        self._sweeper = asyncio.create_task(self._sweep())

    async def _sweep(self) -> None:
        limits = self.settings.limits
        shortest = min(limits.header_timeout, limits.body_timeout, limits.write_timeout)
        while True:
            await asyncio.sleep(max(0.02, min(1.0, shortest / 5)))
            now = monotonic()
            self.in_flight.sweep(now)
            self._opened.sweep(now)

    async def signalled(self) -> None:
        """Return when SIGTERM or SIGINT arrives; a second one ends the drain."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self._on_signal)
        await self._asked.wait()

    def _on_signal(self) -> None:
        if self._asked.is_set():
            self._now.set()
        self._asked.set()

    async def drain(self) -> None:
        """Take no more, finish what is under way, for at most ``drain_timeout`` seconds.

        The port is closed at once. Idle connections get a moment, so that a request which is
        already on its way is answered; every answer from now on closes its connection.
        """
        self.readiness.leaving = self._around.draining = True
        port = self._opened
        await port.close()
        end = monotonic() + self.settings.drain_timeout
        while (port.guests or self.in_flight.since) and not self._now.is_set():
            now = monotonic()
            if now > end:
                return
            port.drain(now)
            await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Drain, cut the rest, stop the application."""
        if self._port is None:
            return
        await self.drain()
        self._port.abort()
        if self._sweeper is not None:
            self._sweeper.cancel()
        await self._runner.cleanup()
        for number in _SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)
        self._port = None
