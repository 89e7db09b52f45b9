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
