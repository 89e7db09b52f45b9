"""The OpenAPI 3.1 document of the REST routes, made from the definition."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import orjson
from aiohttp import web
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from personae.http.wire.fixed import Fixed
from personae.http.wire.interceptors import ANY_TOKEN, PUBLIC
from personae.http.wire.methods import METHODS, Method, Route
from personae.http.wire.registry import Registry
from personae.http.wire.schemas import described, of_field, of_message, referenced

JSON = "application/json"
VARIABLE = re.compile(r"\{([\w.]+)(?:=[^{}]+)?\}")
FAULT = {
    "description": "Refused: the message ends in an id to match on.",
    "content": {
        JSON: {
            "schema": {
                "type": "object",
                "properties": {
                    "code": {"type": "integer", "description": "A gRPC status code."},
                    "message": {"type": "string"},
                    "details": {"type": "array", "items": {"type": "object"}},
                },
            }
        }
    },
}
Json = dict[str, Any]


def handler(registry: Registry) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return what serves the document."""
    return Fixed(lambda: orjson.dumps(document(registry))).answer


def document(registry: Registry) -> Json:
    """Return the document: the routes of all methods that are bound, and their schemas."""
    bound = [method for method in METHODS.values() if registry.function(method.name)]
    paths: dict[str, Json] = {}
    for method in bound:
        for route in method.routes:
            path = paths.setdefault(VARIABLE.sub(r"{\1}", route.template), {})
            path[route.verb.lower()] = _operation(method, route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Personae", "version": "v2"},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "responses": {"Fault": FAULT},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {m.full_name: of_message(m) for m in _reachable(bound)},
        },
    }


def _reachable(methods: list[Method]) -> list[Descriptor]:
    waiting = [m for method in methods for m in _carried(method)]
    found: dict[str, Descriptor] = {}
    while waiting:
        message = waiting.pop()
        if message.full_name not in found:
            found[message.full_name] = message
            waiting += referenced(message)
    return [found[name] for name in sorted(found)]


def _carried(method: Method) -> list[Any]:
    """Return the messages that travel as JSON."""
    bodies = {method.request.DESCRIPTOR for route in method.routes if route.body}
    return [*bodies, method.reply.DESCRIPTOR]


def _operation(method: Method, route: Route) -> Json:
    service, name = method.name.split("/")
    request: Any = method.request.DESCRIPTOR
    operation: Json = {
        "operationId": f"{service}.{name}",
        "tags": [service.rpartition(".")[2]],
        **described(f"{service}.{name}"),
        "parameters": list(_parameters(request, route)),
        "responses": {
            str(method.success): {"description": "Done.", **_content(method.reply.DESCRIPTOR)},
            "default": {"$ref": "#/components/responses/Fault"},
        },
    }
    if route.body:
        operation["requestBody"] = _content(request)
    if method.permission in PUBLIC:
        operation["security"] = []
    elif method.permission != ANY_TOKEN:
        operation["x-permission"] = method.permission
    return operation | ({"deprecated": True} if method.deprecated else {})


def _content(message: Any) -> Json:
    return {"content": {JSON: {"schema": {"$ref": f"#/components/schemas/{message.full_name}"}}}}


def _parameters(request: Descriptor, route: Route) -> Iterator[Json]:
    in_path = VARIABLE.findall(route.template)
    for name in in_path:
        schema = of_field(_field(request, name))
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if route.body:
        return
    for name, field in _leaves(request, ""):
        if name not in in_path:
            yield {"name": name, "in": "query", "schema": of_field(field)}


def _field(request: Any, path: str) -> FieldDescriptor:
    *outer, last = path.split(".")
    for name in outer:
        request = request.fields_by_name[name].message_type
    field: FieldDescriptor = request.fields_by_name[last]
    return field


def _leaves(message: Descriptor, prefix: str) -> Iterator[tuple[str, FieldDescriptor]]:
    """Yield the fields that a query can set, those of messages one level down included."""
    for field in message.fields:
        inner = field.message_type
        if inner is None or inner.full_name.startswith("google.protobuf."):
            yield f"{prefix}{field.name}", field
        elif not prefix and not field.is_repeated:
            yield from _leaves(inner, f"{field.name}.")
