"""gRPC's server reflection protocol, v1 and v1alpha, over our definition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import DecodeError, Message
from grpclib import GRPCError
from grpclib.const import Cardinality, Handler, Status
from personae.http.wire.descriptors import FILES, POOL, message_class
from personae.http.wire.grpc import receive
from personae.http.wire.turns import Turns

SERVICES = sorted(f"{file.package}.{s.name}" for file in FILES.file for s in file.service)
Reply = dict[str, Any]


def handlers(turns: Turns) -> dict[str, Handler]:
    """Return the handlers of both versions; they differ only in their package."""
    return {
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo": _handler(
            message_class(f"grpc.reflection.{version}.ServerReflectionRequest"),
            message_class(f"grpc.reflection.{version}.ServerReflectionResponse"),
            turns,
        )
        for version in ("v1", "v1alpha")
    }


def _handler(request_class: type[Message], reply_class: type[Message], turns: Turns) -> Handler:
    async def handle(stream: Any) -> None:
        while (body := await receive(stream, turns)) is not None:
            try:
                request: Any = request_class.FromString(body)
            except DecodeError:
                raise GRPCError(Status.INVALID_ARGUMENT, "not a reflection request") from None
            reply = reply_class(
                valid_host=request.host, original_request=request, **_answer(request)
            )
            await stream.send_message(reply)

    return Handler(handle, Cardinality.STREAM_STREAM, request_class, reply_class)


def _answer(request: Any) -> Reply:
    asked = request.WhichOneof("message_request")
    try:
        return _ANSWERS[asked](getattr(request, asked))
    except KeyError:
        error = {"error_code": Status.NOT_FOUND.value, "error_message": "not found"}
        return {"error_response": error}


def _services(_all: str) -> Reply:
    return {"list_services_response": {"service": [{"name": name} for name in SERVICES]}}


def _files(file: FileDescriptor) -> Reply:
    """Return a file with all it imports, each once."""
    found: dict[str, bytes] = {}
    waiting = [file]
    while waiting:
        next_file = waiting.pop()
        if next_file.name not in found:
            found[next_file.name] = next_file.serialized_pb
            waiting += next_file.dependencies
    return {"file_descriptor_response": {"file_descriptor_proto": list(found.values())}}


def _symbol(name: str) -> Reply:
    try:
        return _files(POOL.FindFileContainingSymbol(name))
    except KeyError:
        return _files(POOL.FindMethodByName(name).containing_service.file)


def _extension(request: Any) -> Reply:
    extended = POOL.FindMessageTypeByName(request.containing_type)
    extension: Any = POOL.FindExtensionByNumber(extended, request.extension_number)
    return _files(extension.file)


def _extension_numbers(name: str) -> Reply:
    numbers = [e.number for e in POOL.FindAllExtensions(POOL.FindMessageTypeByName(name))]
    found = {"base_type_name": name, "extension_number": sorted(numbers)}
    return {"all_extension_numbers_response": found}


_ANSWERS: dict[str | None, Callable[[Any], Reply]] = {
    "list_services": _services,
    "file_by_filename": lambda name: _files(POOL.FindFileByName(name)),
    "file_containing_symbol": _symbol,
    "file_containing_extension": _extension,
    "all_extension_numbers_of_type": _extension_numbers,
}
