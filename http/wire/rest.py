"""REST with JSON: paths, queries and bodies become messages as ``google.api.http`` says."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import NamedTuple
from urllib.parse import parse_qs

from aiohttp import web
from google.protobuf.message import Message
from personae.http.wire.decode import from_json
from personae.http.wire.faults import call_fault
from personae.http.wire.http_calls import (
    JSON,
    body_of,
    call_of,
    media_type,
    respond,
    respond_fault,
)
from personae.http.wire.interceptors import Door
from personae.http.wire.limits import PARAMETERS
from personae.http.wire.methods import METHODS, Method, Route
from personae.http.wire.parameters import put_text
from personae.http.wire.reasons import WRONG_TYPE
from personae.http.wire.render import answer_json
from personae.http.wire.wrong import Wrong

_VARIABLE = re.compile(r"\{([\w.]+)(?:=([^{}]+))?\}")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


Handler = Callable[[web.Request], Awaitable[web.Response]]


class Template(NamedTuple):
    """A path template for aiohttp's router, and the fields its variables stand for, in order."""

    pattern: str
    fields: tuple[list[str], ...]


def routes(door: Door) -> Iterator[web.RouteDef]:
    """Yield one route for every REST rule of the definition."""
    for method, route in ordered():
        template = template_of(route.template)
        yield web.route(route.verb, template.pattern, _handler(door, method, route, template))


def ordered() -> list[tuple[Method, Route]]:
    """Return all rules, those with words before those with variables in the same place.

    The router takes the first that fits, and ``keys/search`` also fits ``keys/{key_id}``. It tries
    one after the other: short ones, which are asked most, come first.
    """
    rules = [(method, route) for method in METHODS.values() for route in method.routes]

    def place(rule: tuple[Method, Route]) -> tuple[int, list[bool]]:
        parts = rule[1].template.split("/")
        return len(parts), [part[:1] == "{" for part in parts]

    return sorted(rules, key=place)


def template_of(path: str) -> Template:
    """Translate ``/v2/users/{user_id}`` or ``{key=**}`` (which also takes slashes).

    >>> template_of("/v2/{a.b}/{key=**}").pattern
    '/v2/{p0:[^{}/]+}/{p1:.+}'
    """
    fields: list[list[str]] = []

    def variable(match: re.Match[str]) -> str:
        fields.append(match[1].split("."))
        wild = re.escape(match[2] or "*").replace(r"\*\*", ".+").replace(r"\*", "[^{}/]+")
        return f"{{p{len(fields) - 1}:{wild}}}"

    return Template(_VARIABLE.sub(variable, path), tuple(fields))


def _handler(door: Door, method: Method, route: Route, template: Template) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        call = call_of(request, method, door.services)
        call.json = True
        try:
            answer = await door.answer(call, lambda message: read(request, message))
            return respond(request, answer_json(answer), status=method.success)
        except Exception as error:  # noqa: BLE001 — whatever it is, the caller gets a fault
            fault = call_fault(error, call)
            return respond_fault(request, fault, fault.rest())

    async def read(request: web.Request, message: Message) -> None:
        if route.body:
            body = await _json(request)
            await door.turns.read(len(body), lambda: from_json(body, message))
        else:
            _read_query(request, message, template)
        for index, path in enumerate(template.fields):
            put_text(message, path, [request.match_info[f"p{index}"]])

    return handle


async def _json(request: web.Request) -> bytes:
    body = await body_of(request)
    if body and media_type(request) not in {JSON, ""}:
        raise WRONG_TYPE(expected=JSON)
    return body


def _read_query(request: web.Request, message: Message, template: Template) -> None:
    for name, texts in query_of(request.rel_url.raw_query_string).items():
        path = name.split(".")
        if path not in template.fields:
            put_text(message, path, texts)


def query_of(text: str) -> dict[str, list[str]]:
    """Return the parameters of a query. Raises :class:`Wrong` for bad escapes and too many."""
    if not text:
        return {}
    if _BAD_ESCAPE.search(text):
        raise Wrong("percent-encoding", "query")
    try:
        return parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS)
    except ValueError:
        raise Wrong("percent-encoding", "query") from None
