"""What surrounds every request: who asks and for which host, headers, deadlines, last resort."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from aiohttp import HttpVersion11, hdrs, web
from multidict import istr
from personae.http.server.faults import Fault, Faults
from personae.http.server.metrics import Metrics
from personae.http.server.origin import ORIGIN, Origin, agree, checked_host, request_id
from personae.http.server.proxies import Proxies
from personae.http.server.refusals import (
    BAD_HOST,
    BAD_REQUEST,
    DEADLINE,
    METHOD_NOT_ALLOWED,
    TOO_LARGE,
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_HOST = istr("Host")
_REQUEST_ID = istr("X-Request-Id")
_SERVER = istr("Server")
_FORWARDED_FOR = istr("X-Forwarded-For")
_FORWARDED_HOST = istr("X-Forwarded-Host")
_CODING = istr("Transfer-Encoding")
_TYPE = istr("Content-Type")
_CSP = istr("Content-Security-Policy")
_FRAMES = istr("X-Frame-Options")  # for browsers without frame-ancestors (RFC 9700, 4.16)
_NOSNIFF = istr("X-Content-Type-Options")
_HSTS = istr("Strict-Transport-Security")
_DEFAULT_CSP = "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
_HTML = (
    (istr("Referrer-Policy"), "same-origin"),
    (istr("Cross-Origin-Opener-Policy"), "same-origin"),
)
_TWO_YEARS = "max-age=63072000; includeSubDomains"

# The keys are agreed between rooms as plain strings; aiohttp would warn about each once.
web.BaseRequest._seen_str_keys.update({"host", "client_ip", "request_id"})  # noqa: SLF001


class InFlight:
    """The requests under way, oldest first, and their deadline (P-36).

    One sweep over the oldest replaces a timer per request.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._overdue: set[asyncio.Task[object]] = set()
        self.since: dict[asyncio.Task[object], float] = {}

    def sweep(self, now: float) -> None:
        """Cancel what is overdue."""
        for task, since in list(self.since.items()):
            if now - since <= self._timeout:
                return
            if task not in self._overdue:
                self._overdue.add(task)
                task.cancel()

    def expired(self, task: asyncio.Task[object]) -> bool:
        """Tell whether the task's cancellation came from here; take it back if so."""
        if task not in self._overdue:
            return False
        task.uncancel()
        return True

    def leave(self, task: asyncio.Task[object]) -> None:
        """End a request."""
        del self.since[task]
        if self._overdue:
            self._overdue.discard(task)


def checked_origin(request: web.Request, proxies: Proxies) -> Origin:
    """Return who asks for which host (P-33). Raises :class:`Fault` with 400 when unclear."""
    headers = request.headers
    peer = request.remote or ""
    host = headers.get(_HOST, "")
    client = peer
    try:
        agree(request.raw_path, host)
        if proxies.trusting:
            hops, outer = headers.getall(_FORWARDED_FOR, None), headers.get(_FORWARDED_HOST)
            if hops is not None or outer is not None:
                chain = None if hops is None else ",".join(hops)
                host, client = proxies.seen(peer, host, chain, outer)
        named = proxies.certificate_header
        shown = proxies.certificate(peer, headers.getall(named, ())) if named else ""
        return Origin(request_id(headers.get(_REQUEST_ID)), checked_host(host), client, shown)
    except ValueError:
        raise Fault(400, BAD_HOST, close=True) from None


def check_body(request: web.Request, limit: int) -> None:
    """Refuse a body that is announced too large, or framed otherwise than RFC 9112 6.1 allows."""
    if (request.content_length or 0) > limit:
        raise Fault(413, TOO_LARGE, close=True)
    coding = request.headers.get(_CODING)
    if coding is not None and (coding.lower() != "chunked" or request.version != HttpVersion11):
        raise Fault(400, BAD_REQUEST, close=True)


class Request(web.Request):
    """aiohttp's request; every response to it is dressed, whoever made it and however early."""

    ATTRS = web.Request.ATTRS | {"dress"}
    dress: Callable[[web.Request, web.StreamResponse], None]

    async def read(self) -> bytes:
        """Return the body: at once when all of it is there, as most bodies are.

        Raises ``HTTPRequestEntityTooLarge``, and what is wrong with the body.
        """
        payload = self._payload
        if self._read_bytes is not None or not payload.is_eof():
            return await super().read()
        body = payload.read_nowait()
        if len(body) > self._client_max_size:
            raise web.HTTPRequestEntityTooLarge(self._client_max_size)
        self._read_bytes = body
        return body

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        self.dress(self, response)
        await super()._prepare_hook(response)


class Surroundings:
    """The outermost layer, outside of routing: it sees what finds no handler, too."""

    def __init__(
        self,
        *,
        proxies: Proxies,
        faults: Faults,
        metrics: Metrics,
        in_flight: InFlight,
        body_size: int,
        external_secure: bool,
    ) -> None:
        self._proxies = proxies
        self._faults = faults
        self._metrics = metrics
        self._in_flight = in_flight
        self._body_size = body_size
        self._external_secure = external_secure
        self.draining = False

    def around(self, handler: Handler) -> Handler:
        """Return the handler with everything around it."""
        in_flight, metrics, faults, enter = self._in_flight, self._metrics, self._faults, self.enter

        async def outermost(request: web.Request) -> web.StreamResponse:
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 — for the type checker; coroutines run in tasks
            in_flight.since[task] = started = monotonic()
            status, entered = 500, False
            try:
                enter(request)
                entered = True
                response = await handler(request)
                status = response.status
            except web.HTTPException as exc:
                status = exc.status
                response = faults.answer(request, exc)
            except Exception as exc:  # noqa: BLE001 — the last resort
                response = faults.answer(request, exc)
                status = response.status
            except asyncio.CancelledError:
                if not in_flight.expired(task):
                    raise
                response = faults.answer(request, Fault(504, DEADLINE, close=True))
                status = 504
            finally:
                in_flight.leave(task)
                resource = request.match_info.route.resource if entered else None
                metrics.count_request(request.method, resource, status, monotonic() - started)
            return response

        return outermost

    def enter(self, request: web.Request) -> None:
        """Find out who asks for which host. Raises :class:`Fault` when that must be refused."""
        origin = checked_origin(request, self._proxies)
        request["request_id"], request["host"], request["client_ip"] = origin[:3]
        ORIGIN.set(origin)
        if request.method not in METHODS:
            raise Fault(405, METHOD_NOT_ALLOWED)
        if request.body_exists:
            check_body(request, self._body_size)

    def dress(self, request: web.Request, response: web.StreamResponse) -> None:
        """Give a response its request id and security headers, and take ``Server`` away."""
        headers = response.headers
        headers.popall(_SERVER, None)
        request_id_ = request.get("request_id")
        if request_id_ is not None:
            headers[_REQUEST_ID] = request_id_
        headers.setdefault(_NOSNIFF, "nosniff")
        if self._external_secure:
            headers.setdefault(_HSTS, _TWO_YEARS)
        if headers.get(_TYPE, "")[:9] == "text/html":
            if _CSP not in headers:
                headers[_CSP], headers[_FRAMES] = _DEFAULT_CSP, "DENY"
            for name, value in _HTML:
                headers.setdefault(name, value)
        if self.draining:
            response.force_close()
            headers[hdrs.CONNECTION] = "close"
