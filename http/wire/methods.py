"""The methods of our services, as one table read from the definition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from personae.http.wire.descriptors import FILES, POOL, message_class, option


@dataclass(frozen=True, slots=True)
class Route:
    """A REST rule: ``PATCH``, ``/v2/users/{user_id}``, and whether the body is the request."""

    verb: str
    template: str
    body: bool


@dataclass(frozen=True, slots=True)
class Method:
    """One method. ``name`` is ``package.Service/Method``.

    ``permission`` is needed at the door: empty for none, ``authenticated`` for any token.
    ``org_field`` and ``project_field`` name the request's fields with the organization and the
    project it is needed in. ``success`` is the REST status of success.
    """

    name: str
    request: type[Message]
    reply: type[Message]
    routes: tuple[Route, ...] = ()
    permission: str = ""
    org_field: str = ""
    project_field: str = "project_id"
    success: int = 200
    deprecated: bool = False

    @property
    def path(self) -> str:
        """The path of gRPC, gRPC-web and Connect."""
        return f"/{self.name}"


OURS = ("zitadel.", "personae.")
"""How the packages of our services begin: those of the reference system, and what it lacks."""


def _methods() -> Iterator[Method]:
    for file in FILES.file:
        if not file.package.startswith(OURS):
            continue
        for service in POOL.FindFileByName(file.name).services_by_name.values():
            for method in service.methods:
                yield _method(f"{service.full_name}/{method.name}", method)


def _method(name: str, method: MethodDescriptor) -> Method:
    auth, success = _authorization(method)
    return Method(
        name=name,
        request=message_class(method.input_type),
        reply=message_class(method.output_type),
        routes=tuple(_routes(option(method, "google.api.http"))),
        permission=auth.permission,
        org_field=getattr(auth, "org_field", ""),
        project_field=_project_field(method),
        success=success or 200,
        deprecated=method.GetOptions().deprecated,
    )


def _project_field(method: MethodDescriptor) -> str:
    older = method.containing_service.full_name == "zitadel.project.v2beta.ProjectService"
    return "id" if older and "id" in method.input_type.fields_by_name else "project_id"


def _authorization(method: MethodDescriptor) -> tuple[Any, int]:
    ours = option(method, "zitadel.protoc_gen_zitadel.v2.options")
    if ours.HasField("auth_option"):
        return ours.auth_option, ours.http_response.success_code
    return option(method, "zitadel.v1.auth_option"), 0


def _routes(rule: Any) -> Iterator[Route]:
    verb = rule.WhichOneof("pattern")
    if verb:
        if rule.body not in {"", "*"}:
            raise ValueError(f"the body of {getattr(rule, verb)} must be the whole request")
        yield Route(verb.upper(), getattr(rule, verb), bool(rule.body))
    for additional in rule.additional_bindings:
        yield from _routes(additional)


METHODS: dict[str, Method] = {method.name: method for method in _methods()}
"""Every method by its name."""
