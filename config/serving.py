"""A process at work: its port opened over its parts, until it is told to stop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from personae.actors.runtime import collector
from personae.actors.runtime.supervisor import Supervisor
from personae.actors.workers.outbound import Outbound
from personae.config import origins, workers
from personae.config.banner import BannerInfo, banner
from personae.config.claim_sources import claim_sources
from personae.config.crew_metrics import CrewRegistry
from personae.config.errors import StartError
from personae.config.profiles import profiles_of
from personae.config.settings import Settings
from personae.config.version import VERSION
from personae.config.wiring import Node, running
from personae.http import login, oidc, saml, wire
from personae.http.identity.services import SERVICES
from personae.http.server import Tree
from personae.http.server.lifecycle import Server
from personae.http.server.settings import Limits, ServerSettings, tls_context

log = structlog.get_logger("personae")


def application(node: Node) -> web.Application:
    """Return the application with the routes of every door."""
    app = web.Application()
    app[SERVICES] = node.services
    texts = node.services.texts
    wire.add_routes(
        app,
        wire.DEFAULT,
        node.services,
        words=lambda accept: texts.tree(texts.negotiate(accept, texts.languages), "explorer"),
    )
    of = node.settings.oidc
    oidc.add_routes(
        app,
        implicit=of.implicit,
        sources=claim_sources(),
        profiles=profiles_of(node.settings),
        fetch=Outbound(private=of.jwks_private).get,
    )
    saml.add_routes(app)
    login.add_routes(app, own_port=own_port_of(node.settings))
    return app


def own_port_of(settings: Settings) -> Callable[[], str] | None:
    """Return where the playground reaches this process, if there is to be one."""
    if not settings.oidc.playground:
        return None
    host = settings.server.host
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 — any address
    scheme = "https" if settings.server.tls_certificate else "http"
    url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"
    return lambda: url


def server(node: Node, *, crew: CrewRegistry | None = None) -> Server:
    """Return the listening port of a process, not yet open; ``crew``: see :func:`listen`."""
    settings, texts = node.settings, node.services.texts
    of = settings.server
    tls = None
    if of.tls_certificate and of.tls_key:
        tls = tls_context(str(of.tls_certificate), str(of.tls_key))
    return Server(
        application(node),
        wire.grpc_mapping(wire.DEFAULT, node.services, node.answers),
        ServerSettings(
            host=of.host,
            port=settings.port,
            reuse_port=crew is not None,
            tls=tls,
            external_secure=settings.external_secure,
            trusted_proxies=of.trusted_proxies,
            client_certificate_header=of.client_certificate_header,
            drain_timeout=of.shutdown_timeout.total_seconds(),
            limits=Limits(
                body_size=int(of.body_limit), request_timeout=of.request_timeout.total_seconds()
            ),
        ),
        checks={
            "database": node.ping,
            "disk": node.room,
            "read_models": node.services.projections.check_built,
        },
        registry=crew or node.metrics.registry,
        faults=login.faults(node.services),
        tree=Tree(
            seen=(lambda: crew.trees(node.tree())) if crew else node.tree,
            words=lambda accept: texts.tree(texts.negotiate(accept, texts.languages), "actors"),
        ),
    )


async def serve(settings: Settings) -> None:
    """Run the server until it is told to stop. Raises ``StartError`` for one clear line."""
    claim_sources()  # what does not load is told before anything is started, by one process
    if settings.workers > 1:
        collector.tame()
        await workers.serve(settings)
        return
    async with running(settings) as node:
        await listen(node)


async def listen(node: Node, *, crew: CrewRegistry | None = None) -> None:
    """Open the port, say where everything is, and stop in order when a signal comes.

    ``crew`` holds the metrics of several workers that share the port; their first process speaks.
    Raises ``StartError``, after it has stopped, when a part cannot be kept running.
    """
    port = server(node, crew=crew)
    await port.start()
    collector.tame()
    sys.setswitchinterval(HAND_OVER_SECONDS)
    if crew is None:
        banner(info_of(node))
    try:
        await told_to_stop(node.root, node.given_up, port.signalled())
    finally:
        log.info("stopping", grace_seconds=node.settings.server.shutdown_timeout.total_seconds())
        await port.stop()


HAND_OVER_SECONDS = 0.0002
"""How long a thread that hashes waits for the loop's to let go of the interpreter.

With Python's 5 ms a thread made 180 RSA signatures a second beside a loop that never rested, with
0.5 ms 1,000, with 0.1 ms 1,800; that loop was none the slower. This value lies between.
"""


async def told_to_stop(
    root: Supervisor, given_up: asyncio.Event, signalled: Awaitable[object]
) -> None:
    """Return at a signal. Raises ``StartError`` when the supervisor tree has given up on a part.

    Who watches the process then sees that it failed, and starts it anew.
    """
    waits = [asyncio.ensure_future(signalled), asyncio.ensure_future(given_up.wait())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in waits:
        task.cancel()
    if given_up.is_set():
        log.error("a part of the server could not be kept running", tree=root.snapshot())
        raise StartError("a part of the server could not be kept running: see the log")


async def setup(settings: Settings) -> None:
    """Prepare the database and the first instance, and end."""
    async with running(settings) as node:
        banner(info_of(node))


def info_of(node: Node) -> BannerInfo:
    """Return what the banner tells."""
    settings = node.settings
    return BannerInfo(
        version=VERSION,
        url=settings.external_url,
        admin_name=settings.first_instance.admin.user_name,
        data=settings.data,
        database=info_of_database(settings),
        admin_password=node.first_start.password if node.first_start else None,
        metrics=settings.metrics.enabled,
    )


def info_of_database(settings: Settings) -> str:
    """Return where the events are kept, without any password."""
    if settings.database is None:
        return "embedded PostgreSQL"
    return origins.address(settings.database.get_secret_value())
