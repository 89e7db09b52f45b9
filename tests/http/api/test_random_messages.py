"""Random messages over gRPC and REST are answered or refused: never an error of the server."""

import random

import grpc.aio
import pytest
from personae.http import wire
from personae.http.wire.encode import to_dict
from personae.http.wire.wrong import Wrong

from tests.fuzz.messages import Messages
from tests.http.api.wires import rest

ENDS_IT_ALL = {"DeleteInstance"}
"""Methods that leave nothing to ask."""
NAMES = [name for name in wire.METHODS if name.partition("/")[2] not in ENDS_IT_ALL]


async def code_of(server, name, body):
    method = wire.METHODS[name]
    metadata = tuple((key.lower(), value) for key, value in server.headers().items())
    try:
        await server.channel.unary_unary(method.path)(body, metadata=metadata, timeout=20)
    except grpc.aio.AioRpcError as error:
        return error.code().name, error.details()
    return "OK", ""


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_message_is_an_error_of_the_server(server, seed):
    messages = Messages(random.Random(seed))
    for name in NAMES:
        body = messages.of(wire.METHODS[name].request.DESCRIPTOR).SerializeToString()
        for data in (body, messages.broken(body)):
            code, said = await code_of(server, name, data)
            wrong = code in {"INTERNAL", "UNKNOWN", "DEADLINE_EXCEEDED", "DATA_LOSS"}
            assert not wrong, (name, code, said, data[:2000])


BY_DOOR = [
    (name, path)
    for name, method in wire.METHODS.items()
    if method.permission not in {"", "authenticated"}
    for path in (
        *(
            [f"{method.org_field}.org_id", f"{method.org_field}.org_domain"]
            if method.org_field
            else ()
        ),
        *([method.project_field] if hasattr(method.request, method.project_field) else ()),
    )
]
"""What the door looks permissions up by, before the field rules are asked."""


@pytest.mark.parametrize(("name", "path"), BY_DOOR)
async def test_nothing_is_looked_up_by_a_text_that_no_database_holds(server, name, path):
    fields = {}
    of = fields
    *outer, last = path.split(".")
    for part in outer:
        of = of.setdefault(part, {})
    of[last] = "a\0b"
    body = wire.METHODS[name].request(**fields).SerializeToString()
    code, said = await code_of(server, name, body)
    assert (code, path in said) == ("INVALID_ARGUMENT", True), said


async def test_no_json_is_an_error_of_the_server(server):
    messages = Messages(random.Random(3))
    for name in NAMES:
        message = messages.of(wire.METHODS[name].request.DESCRIPTOR)
        try:
            fields = to_dict(message)
        except OverflowError:
            continue  # a time that JSON cannot say
        got = await rest_of(server, name, fields)
        assert got.get("code") != "internal", (name, fields, got)


async def rest_of(server, name, fields):
    try:
        return await rest(server, name, server.headers(), fields)
    except Wrong as wrong:
        return {"code": str(wrong)}
