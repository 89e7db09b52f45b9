"""The last resort: what callers see when no door has answered for itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from html import escape

import orjson
from aiohttp import hdrs, web
from personae.actors.domain.kit import Reason, Refusal
from personae.http.server.http1 import SlowBodyError
from personae.http.server.refusals import BAD_REQUEST, BY_STATUS, INTERNAL, SENTENCES

log = logging.getLogger("personae.http")

Page = Callable[[web.Request, int, str, str], str]
"""(request, status, reason id, sentence) -> HTML."""

Translate = Callable[[Refusal, web.Request], str]
"""(refusal, request) -> sentence in the caller's language."""

DETAIL = "type.googleapis.com/zitadel.v1.ErrorDetail"
"""What the API says errors in; here too, as whoever calls it cannot know which room answers."""

_SERVER_ERROR = 500
_CLIENT_ERROR = 400


class Fault(Exception):  # noqa: N818 — an answer, not an error
    """A refusal with the HTTP status to answer it with."""

    def __init__(self, status: int, reason: Reason | Refusal, *, close: bool = False) -> None:
        super().__init__(reason.id)
        self.status = status
        self.refusal = reason if isinstance(reason, Refusal) else Refusal(reason)
        self.close = close


def plain_page(request: web.Request, status: int, reason: str, sentence: str) -> str:  # noqa: ARG001
    """Return the page for browsers when wiring gave none."""
    text = escape(f"{sentence} ({reason})")
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{status}</title>'
        f"<h1>{status}</h1><p>{text}</p></html>"
    )


def plain_sentence(refusal: Refusal, request: web.Request) -> str:  # noqa: ARG001
    """Return the English sentence when wiring gave no translator."""
    return SENTENCES.get(refusal.id, SENTENCES[BAD_REQUEST.id])


class Faults:
    """Turns whatever escaped a handler into an answer; never shows what happened inside."""

    def __init__(self, page: Page = plain_page, translate: Translate = plain_sentence) -> None:
        self._page = page
        self._translate = translate

    def answer(self, request: web.Request, exc: Exception) -> web.StreamResponse:
        """Return the response. Redirects and answers that a handler made itself are raised."""
        if isinstance(exc, web.HTTPException) and not _is_default(exc):
            raise exc
        fault = as_fault(exc)
        if fault.refusal.reason is INTERNAL:
            log.error("request failed: %s", type(exc).__name__, exc_info=exc)
        response = self._render(request, fault)
        if isinstance(exc, web.HTTPMethodNotAllowed):
            response.headers[hdrs.ALLOW] = exc.headers[hdrs.ALLOW]
        if fault.close:
            response.force_close()
        return response

    def _render(self, request: web.Request, fault: Fault) -> web.Response:
        refusal, status = fault.refusal, fault.status
        sentence = self._translate(refusal, request)
        if "text/html" in request.headers.get(hdrs.ACCEPT, ""):
            page = self._page(request, status, refusal.id, sentence)
            return web.Response(status=status, text=page, content_type="text/html")
        detail = {"@type": DETAIL, "id": refusal.id, "message": sentence}
        message = f"{sentence} ({refusal.id})"
        body = {"code": refusal.code.value, "message": message, "details": [detail]}
        return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")


def _is_default(exc: web.HTTPException) -> bool:
    """Tell aiohttp's own plain answers from those that a handler has made."""
    if exc.status < _CLIENT_ERROR:
        return False
    return isinstance(exc, web.HTTPRequestEntityTooLarge) or (
        exc.content_type == "text/plain" and exc.text == f"{exc.status}: {exc.reason}"
    )


def as_fault(exc: Exception) -> Fault:
    """Return which refusal an exception amounts to."""
    if isinstance(exc, Fault):
        return exc
    if isinstance(exc, Refusal):
        return Fault(exc.code.http, exc)
    for kind, status, close in _KINDS:
        if isinstance(exc, kind):
            return Fault(status, BY_STATUS[status], close=close)
    if isinstance(exc, web.HTTPException):
        fallback = INTERNAL if exc.status >= _SERVER_ERROR else BAD_REQUEST
        return Fault(exc.status, BY_STATUS.get(exc.status, fallback))
    return Fault(_SERVER_ERROR, INTERNAL)


_KINDS: tuple[tuple[type[Exception], int, bool], ...] = (
    (SlowBodyError, 408, True),
    (web.HTTPRequestEntityTooLarge, 413, True),
    (web.RequestPayloadError, 400, True),
    (ConnectionError, 400, True),
    (TimeoutError, 504, False),
)
"""(exception, status, whether the connection is spoilt)"""
