"""What the wires over HTTP share: calls from requests, bodies, answers, cross-origin headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import hdrs, web
from personae.http.wire.call import Call
from personae.http.wire.faults import Fault
from personae.http.wire.limits import DEADLINE
from personae.http.wire.methods import Method
from personae.http.wire.packing import SMALLEST, accepted, packed
from personae.http.wire.pieces import AT_ONCE, Pieces
from personae.http.wire.reasons import COMPRESSED, TOO_LARGE
from personae.http.wire.services import Services
from personae.http.wire.wrong import Wrong

JSON = "application/json"
EXPOSED = "grpc-status, grpc-message, grpc-status-details-bin, retry-after, www-authenticate"
PREFLIGHT_SECONDS = "7200"
ENCODINGS = {"", "identity", "gzip", "deflate"}
"""Of bodies, that are taken apart on the way here; in others we would read what nobody wrote."""


def call_of(request: web.Request, method: Method, services: Services) -> Call:
    """Make the call of a request; the server room says under which host, from where, as what."""
    return Call(
        method=method,
        services=services,
        headers=request.headers,
        host=str(request.get("host") or request.headers.get(hdrs.HOST, "")),
        seconds=DEADLINE,
        client_ip=str(request.get("client_ip", "")),
        request_id=str(request.get("request_id", "")),
        language=language_of(request, services),
        target=(request.method, request.path),
    )


def language_of(request: web.Request, services: Services) -> str:
    """Return the language to answer a request in."""
    return services.language(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))


async def body_of(request: web.Request) -> bytes:
    """Return the whole body. Raises ``Refusal`` (too large, strangely packed), :class:`Wrong`."""
    if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() not in ENCODINGS:
        raise COMPRESSED()
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise TOO_LARGE() from None
    except (web.RequestPayloadError, web.HTTPBadRequest):
        raise Wrong("body") from None


def media_type(request: web.Request) -> str:
    """Return the type of the body without parameters, lower-case; empty when not said."""
    return request.headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip().lower()


def respond(
    request: web.Request,
    body: bytes,
    content_type: str = JSON,
    status: int = 200,
    headers: dict[str, str] | None = None,
    *,
    pack: Callable[[bytes], bytes] = packed,
) -> web.Response:
    """Return an API answer: never cached, readable from any origin, packed if asked for."""
    every = {hdrs.CONTENT_TYPE: content_type, hdrs.CACHE_CONTROL: "no-store", **(headers or {})}
    every |= cross_origin(request)
    if len(body) >= SMALLEST and accepted(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
        body = pack(body)
        every[hdrs.CONTENT_ENCODING] = "gzip"
        every[hdrs.VARY] = ", ".join(filter(None, (every.get(hdrs.VARY), "Accept-Encoding")))
    content = Pieces(body) if len(body) > AT_ONCE else body
    return web.Response(body=content, status=status, headers=every)


def respond_fault(
    request: web.Request, fault: Fault, body: dict[str, Any], headers: dict[str, str] | None = None
) -> web.Response:
    """Return a fault with a body that the wire gave it."""
    every = fault.headers | (headers or {})
    return respond(request, orjson.dumps(body), JSON, fault.status, every)


def cross_origin(request: web.Request) -> dict[str, str]:
    """Return what lets a page of any origin read the answer. Our APIs take no cookies."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None:
        return {}
    return {
        hdrs.ACCESS_CONTROL_ALLOW_ORIGIN: origin,
        hdrs.ACCESS_CONTROL_ALLOW_CREDENTIALS: "true",
        hdrs.ACCESS_CONTROL_EXPOSE_HEADERS: EXPOSED,
        hdrs.VARY: "Origin",
    }


def preflight(request: web.Request) -> web.Response:
    """Answer a browser that asks whether a page may send its request."""
    asked = request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, "")
    return web.Response(
        status=204,
        headers={
            **cross_origin(request),
            hdrs.ACCESS_CONTROL_ALLOW_METHODS: "GET, POST, PUT, PATCH, DELETE",
            hdrs.ACCESS_CONTROL_ALLOW_HEADERS: asked,
            hdrs.ACCESS_CONTROL_MAX_AGE: PREFLIGHT_SECONDS,
        },
    )
