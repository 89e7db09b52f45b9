"""gRPC beyond plain calls: bad frames, deadlines, health, reflection, text of gRPC-web."""

import asyncio
import base64
import gzip

import grpc
import grpc.aio
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from personae.actors.domain.kit import Refusal
from personae.http import wire
from personae.http.wire.descriptors import message_class
from personae.http.wire.packing import accepted, packed, unpacked
from personae.http.wire.validate import validate
from personae.http.wire.wrong import Wrong

from tests.http.wire.conftest import AS_ROOT
from tests.http.wire.users_api import SESSION, USER

ROOT = (("authorization", "Bearer root"),)
CREATE = f"{SESSION}/CreateSession"
HUMAN = {"profile": {"given_name": "G", "family_name": "M"}, "email": {"email": "a@b.ch"}}


async def code_of(call):
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value.code()


async def raw(server, method, body, **options):
    return await server.channel.unary_unary(f"/{method}")(body, metadata=ROOT, **options)


async def test_bytes_that_are_no_message_are_refused(server):
    assert await code_of(raw(server, CREATE, b"\xff\xff")) == grpc.StatusCode.INVALID_ARGUMENT


async def test_a_message_too_large_is_refused(server):
    body = b"\x0a" + b"x" * (4 << 20)
    assert await code_of(raw(server, CREATE, body)) == grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_what_came_packed_is_answered_packed(server, monkeypatch):
    sent = []
    monkeypatch.setattr("personae.http.wire.grpc.SMALLEST", 1)
    monkeypatch.setattr("personae.http.wire.grpc.packed", lambda b: sent.append(b) or packed(b))
    long = {"user_id": "1", "username": "x" * 200}
    body = server.message(f"{USER}/AddHumanUser", **long, **HUMAN).SerializeToString()
    gzip_ = {"compression": grpc.Compression.Gzip}
    got = await raw(server, f"{USER}/AddHumanUser", body, **gzip_)
    assert sent == [got]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"no gzip", grpc.StatusCode.INVALID_ARGUMENT),
        (gzip.compress(b"\0" * (5 << 20)), grpc.StatusCode.RESOURCE_EXHAUSTED),
        (gzip.compress(b"")[:-4], grpc.StatusCode.INVALID_ARGUMENT),
        (gzip.compress(b"") + b"more", grpc.StatusCode.INVALID_ARGUMENT),
    ],
    ids=["no gzip", "bomb", "cut", "more"],
)
def test_what_is_badly_packed_is_refused(body, code):
    with pytest.raises((Wrong, Refusal)) as refused:
        unpacked(body)
    refusal = refused.value if isinstance(refused.value, Refusal) else refused.value.refusal()
    assert refusal.code.value == code.value[0]


async def test_an_unknown_method_is_unimplemented(server):
    assert await code_of(raw(server, f"{USER}/No", b"")) == grpc.StatusCode.UNIMPLEMENTED


async def test_a_late_answer_is_given_up(server):
    body = server.message(f"{USER}/DeactivateUser", user_id="1").SerializeToString()
    call = raw(server, f"{USER}/DeactivateUser", body, timeout=0.2)
    assert await code_of(call) == grpc.StatusCode.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    ("seconds", "nanos"), [(253_402_300_800, 0), (0, -1), (-62_135_596_801, 0)]
)
async def test_a_time_out_of_range_is_refused(server, seconds, nanos):
    request = message_class("zitadel.user.v2.AddPersonalAccessTokenRequest")(user_id="1")
    request.expiration_date.seconds, request.expiration_date.nanos = seconds, nanos
    with pytest.raises(Wrong):
        validate(request)


@pytest.mark.parametrize(
    "body", [b"", b"\0\0\0", b"\0\0\0\0\x09x", b"\x02\0\0\0\0", b"\0\0\0\0\x01\xff"]
)
@pytest.mark.parametrize("text", [False, True])
async def test_a_bad_frame_of_grpc_web_is_refused(server, body, text):
    kind = "application/grpc-web" + ("-text" if text else "")
    headers = AS_ROOT | {"Content-Type": kind}
    data = base64.b64encode(body) if text else body
    async with server.http.post(f"/{CREATE}", data=data, headers=headers) as answer:
        got = await answer.read()
    assert answer.status == 200
    assert b"grpc-status:3\r\n" in (base64.b64decode(got) if text else got)


async def test_health_follows_readiness(server):
    health = health_pb2_grpc.HealthStub(server.channel)
    request = health_pb2.HealthCheckRequest(service=USER)
    assert (await health.Check(request)).status == health_pb2.HealthCheckResponse.SERVING
    server.directory.ready = False
    assert (await health.Check(request)).status == health_pb2.HealthCheckResponse.NOT_SERVING
    unknown = health_pb2.HealthCheckRequest(service="nobody")
    assert await code_of(health.Check(unknown)) == grpc.StatusCode.NOT_FOUND


async def test_a_watch_tells_changes(server, monkeypatch):
    monkeypatch.setattr(wire.health, "LOOK_EVERY", 0.02)
    watch = health_pb2_grpc.HealthStub(server.channel).Watch(health_pb2.HealthCheckRequest())
    first = await watch.read()
    server.directory.ready = False
    second = await watch.read()
    watch.cancel()
    assert (first.status, second.status) == (1, 2)


async def test_a_client_can_learn_the_definition(server):
    def learn():
        with grpc.insecure_channel(server.target) as channel:
            database = ProtoReflectionDescriptorDatabase(channel)
            service = DescriptorPool(database).FindServiceByName(USER)
            names = database.get_services()
            numbers = database.FindAllExtensionNumbers("google.protobuf.MethodOptions")
            with pytest.raises(KeyError):
                database.FindFileByName("nothing.proto")
            return names, [method.name for method in service.methods], list(numbers)

    services, methods, numbers = await asyncio.to_thread(learn)
    assert {USER, SESSION, "grpc.health.v1.Health"} <= set(services)
    assert methods[0] == "CreateUser"
    assert {50001, 72295728} <= set(numbers)


async def test_reflection_of_version_1_answers_too(server):
    request = message_class("grpc.reflection.v1.ServerReflectionRequest")
    reply = message_class("grpc.reflection.v1.ServerReflectionResponse")
    call = server.channel.stream_stream(
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        request.SerializeToString,
        reply.FromString,
    )
    option = {"containing_type": "google.protobuf.MethodOptions", "extension_number": 50001}
    asked = [
        request(file_containing_symbol=f"{USER}.LockUser"),
        request(file_containing_extension=option),
        request(file_by_filename="nothing.proto"),
        request(),
    ]
    answers = [one async for one in call(iter(asked))]
    files = [len(one.file_descriptor_response.file_descriptor_proto) for one in answers]
    assert files[0] > 10
    assert files[1:] == [2, 0, 0]
    assert [one.error_response.error_code for one in answers] == [0, 0, 5, 5]


async def test_a_host_that_is_unknown_is_refused_by_authority(server):
    options = [("grpc.default_authority", "elsewhere.example")]
    async with grpc.aio.insecure_channel(server.target, options=options) as channel:
        call = channel.unary_unary(f"/{CREATE}")(b"", metadata=ROOT)
        assert await code_of(call) == grpc.StatusCode.NOT_FOUND


async def test_text_of_grpc_web_that_is_no_base64_is_refused(server):
    headers = AS_ROOT | {"Content-Type": "application/grpc-web-text"}
    async with server.http.post(f"/{CREATE}", data=b"A", headers=headers) as answer:
        assert b"grpc-status:3" in base64.b64decode(await answer.read())


async def test_grpc_web_gives_up_when_its_client_would(server):
    body = server.message(f"{USER}/DeactivateUser", user_id="1").SerializeToString()
    frame = b"\0" + len(body).to_bytes(4) + body
    headers = AS_ROOT | {"Content-Type": "application/grpc-web", "grpc-timeout": "50m"}
    path = f"/{USER}/DeactivateUser"
    async with server.http.post(path, data=frame, headers=headers) as answer:
        assert b"grpc-status:4\r\n" in await answer.read()
    headers["grpc-timeout"] = "soon"
    async with server.http.post(path, data=frame, headers=headers) as answer:
        assert b"grpc-status:3\r\n" in await answer.read()


async def test_a_packed_frame_of_grpc_web_is_read(server):
    body = packed(server.message(f"{USER}/GetUserByID", user_id="404").SerializeToString())
    headers = AS_ROOT | {"Content-Type": "application/grpc-web+proto", "grpc-encoding": "gzip"}
    data = b"\1" + len(body).to_bytes(4) + body
    async with server.http.post(f"/{USER}/GetUserByID", data=data, headers=headers) as answer:
        assert b"grpc-status:5" in await answer.read()


@pytest.mark.parametrize(
    ("asked", "taken"),
    [("gzip", True), ("br, GZIP;q=0.5", True), ("*", True), ("gzip; q=0", False), ("", False)],
)
def test_gzip_is_made_for_those_who_take_it(asked, taken):
    assert accepted(asked) is taken
