"""The wire's two doors for wiring: routes of an aiohttp application, handlers of grpclib."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from grpclib.const import Handler
from personae.http.wire import connect, explorer, grpc, grpc_web, health, openapi, reflection, rest
from personae.http.wire.faults import fault_of
from personae.http.wire.http_calls import (
    language_of,
    media_type,
    preflight,
    respond_fault,
)
from personae.http.wire.interceptors import Door, Wire
from personae.http.wire.methods import METHODS, OURS, Method
from personae.http.wire.reasons import NO_ROUTE, WRONG_VERB
from personae.http.wire.registry import Registry
from personae.http.wire.services import Services

ROUTED = tuple(
    {f"/{route.template.split('/')[1]}/" for m in METHODS.values() for route in m.routes}
    | {f"/{name.split('.')[0]}." for name in METHODS}
)
"""How the paths of our APIs begin."""

RPC = tuple(f"/{package}" for package in OURS)
"""How those of methods by name begin."""


def add_routes(
    app: web.Application,
    registry: Registry,
    services: Services,
    words: Callable[[str], explorer.Words] | None = None,
) -> None:
    """Add REST, Connect, gRPC-web and ``/openapi.json`` to an application.

    With ``words`` for an ``Accept-Language`` also ``/openapi``, the page of that document.
    """
    connect_door = Door(Wire.CONNECT, registry, services)
    web_door = Door(Wire.GRPC_WEB, registry, services)
    app.add_routes(rest.routes(Door(Wire.REST, registry, services)))
    app.add_routes(
        web.post(method.path, _by_content_type(connect_door, web_door, method))
        for method in METHODS.values()
    )
    app.add_routes([web.get("/openapi.json", openapi.handler(registry))])
    if words is not None:
        app.add_routes([web.get("/openapi", explorer.handler(registry, words))])
    app.middlewares.append(_lost(services))


def grpc_mapping(
    registry: Registry, services: Services, ready: Callable[[], Awaitable[bool]]
) -> dict[str, Handler]:
    """Return all gRPC handlers by path, with health (as ``ready`` says) and reflection."""
    door = Door(Wire.GRPC, registry, services)
    return {
        **grpc.handlers(door),
        **health.handlers(ready, door.turns),
        **reflection.handlers(door.turns),
    }


def _by_content_type(
    connect_door: Door, web_door: Door, method: Method
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        if media_type(request).startswith(grpc_web.TYPE):
            return await grpc_web.answer(web_door, method, request)
        return await connect.answer(connect_door, method, request)

    return handle


def _lost(services: Services) -> web.middleware:  # type: ignore[valid-type]
    """Answer preflights, and requests below our paths that no route takes."""

    @web.middleware
    async def lost(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        unmatched = request.match_info.http_exception
        if unmatched is None or not request.path.startswith(ROUTED):
            return await handler(request)
        if request.method == hdrs.METH_OPTIONS and hdrs.ORIGIN in request.headers:
            return preflight(request)
        return _no_route(request, unmatched, services)

    return lost


def _no_route(
    request: web.Request, unmatched: web.HTTPException, services: Services
) -> web.Response:
    wrong_verb = isinstance(unmatched, web.HTTPMethodNotAllowed)
    refusal = WRONG_VERB(verb=request.method) if wrong_verb else NO_ROUTE(path=request.path)
    fault = fault_of(refusal, services, language_of(request, services))
    allowed: dict[str, str] = {hdrs.ALLOW: unmatched.headers[hdrs.ALLOW]} if wrong_verb else {}
    is_rpc = request.path.startswith(RPC)
    return respond_fault(request, fault, fault.connect() if is_rpc else fault.rest(), allowed)
