"""The same call gives the same answer, and the same refusal, on every wire."""

import base64

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from google.rpc.status_pb2 import Status
from personae.http import wire
from personae.http.wire.descriptors import message_class

from tests.http.wire.conftest import AS_GUEST, AS_ROOT
from tests.http.wire.users_api import USER

GET = f"{USER}/GetUserByID"
ADD = f"{USER}/AddHumanUser"
LOCK = f"{USER}/LockUser"
HUMAN = {
    "user_id": "42",
    "username": "gigi",
    "profile": {"given_name": "Gigi", "family_name": "M"},
    "email": {"email": "gigi@example.com"},
}
REST = {
    GET: ("GET", "/v2/users/{user_id}"),
    ADD: ("POST", "/v2/users/human"),
    LOCK: ("POST", "/v2/users/{user_id}/lock"),
    f"{USER}/UnlockUser": ("POST", "/v2/users/{user_id}/unlock"),
    f"{USER}/SetEmail": ("POST", "/v2/users/{user_id}/email"),
}


async def by_rest(server, method, headers, fields):
    verb, path = REST[method]
    body = None if verb == "GET" else fields
    url = path.format(**fields)
    async with server.http.request(verb, url, json=body, headers=headers) as answer:
        got = await answer.json()
    return got if answer.ok else refused(got["code"], got["message"], got["details"][0])


async def by_connect_json(server, method, headers, fields):
    async with server.http.post(f"/{method}", json=fields, headers=headers) as answer:
        got = await answer.json()
    return got if answer.ok else refused_connect(got)


async def by_connect_proto(server, method, headers, fields):
    body = server.message(method, **fields).SerializeToString()
    kind = {"Content-Type": "application/proto", **headers}
    async with server.http.post(f"/{method}", data=body, headers=kind) as answer:
        if not answer.ok:
            return refused_connect(await answer.json())
        assert answer.content_type == "application/proto"
        return MessageToDict(wire.METHODS[method].reply.FromString(await answer.read()))


async def by_grpc_web(server, method, headers, fields, text=False):
    body = server.message(method, **fields).SerializeToString()
    body = b"\0" + len(body).to_bytes(4) + body
    body = base64.b64encode(body[:9]) + base64.b64encode(body[9:]) if text else body
    kind = "application/grpc-web-text" if text else "application/grpc-web+proto"
    headers = {"Content-Type": kind, **headers}
    async with server.http.post(f"/{method}", data=body, headers=headers) as answer:
        got = await answer.read()
        assert answer.status == 200
        assert answer.content_type == kind
    frames = dict(frames_of(base64.b64decode(got) if text else got))
    trailers = dict(line.split(":", 1) for line in frames[0x80].decode().splitlines())
    if trailers["grpc-status"] == "0":
        return MessageToDict(wire.METHODS[method].reply.FromString(frames[0]))
    return refused_status(trailers["grpc-status-details-bin"])


async def by_grpc_web_text(server, method, headers, fields):
    return await by_grpc_web(server, method, headers, fields, text=True)


async def by_grpc(server, method, headers, fields):
    metadata = tuple((name.lower(), value) for name, value in headers.items())
    try:
        return MessageToDict(await server.grpc(method, metadata, **fields))
    except grpc.aio.AioRpcError as error:
        details = dict(error.trailing_metadata())["grpc-status-details-bin"]
        got = refused_status(details)
        return {**got, "code": error.code().value[0], "message": error.details()}


WIRES = [by_rest, by_connect_json, by_connect_proto, by_grpc_web, by_grpc_web_text, by_grpc]
each_wire = pytest.mark.parametrize("wire_call", WIRES)


def frames_of(data):
    while data:
        length = int.from_bytes(data[1:5])
        yield data[0], data[5 : 5 + length]
        data = data[5 + length :]


def refused(code, message, detail):
    return {"code": code, "message": message, "id": detail["id"], "detail": detail["message"]}


def refused_status(details):
    if isinstance(details, str):
        details = base64.b64decode(details + "=" * (-len(details) % 4))
    status = Status.FromString(details)
    detail = message_class("zitadel.v1.ErrorDetail")()
    assert status.details[0].Unpack(detail)
    return refused(status.code, status.message, {"id": detail.id, "message": detail.message})


def refused_connect(got):
    value = got["details"][0]["value"]
    detail = message_class("zitadel.v1.ErrorDetail").FromString(
        base64.b64decode(value + "=" * (-len(value) % 4))
    )
    code = getattr(grpc.StatusCode, got["code"].upper()).value[0]
    return refused(code, got["message"], {"id": detail.id, "message": detail.message})


@each_wire
async def test_an_answer_is_the_same_on_every_wire(server, wire_call):
    added = await wire_call(server, ADD, AS_ROOT, HUMAN)
    got = await wire_call(server, GET, AS_ROOT, {"user_id": "42"})
    date = "2026-11-23T08:30:00.250Z"
    details = {"sequence": "1", "changeDate": date, "resourceOwner": "home"}
    assert added == {"userId": "42", "details": details}
    assert got["user"] == {
        "userId": "42",
        "state": "USER_STATE_ACTIVE",
        "username": "gigi",
        "human": {"profile": {"givenName": "Gigi"}, "mfaInitSkipped": date},
    }


@each_wire
async def test_a_refusal_is_the_same_on_every_wire(server, wire_call):
    got = await wire_call(server, GET, AS_ROOT | {"Accept-Language": "de"}, {"user_id": "9"})
    assert got == {
        "code": 5,
        "message": "[de] NotFound id 9 (USER-NotFound)",
        "id": "USER-NotFound",
        "detail": "[de] NotFound id 9",
    }


@each_wire
async def test_without_a_token_nobody_comes_in(server, wire_call):
    got = await wire_call(server, GET, {}, {"user_id": "9"})
    assert (got["code"], got["id"]) == (16, "AUTH-Unauthenticated")


@each_wire
async def test_without_the_permission_nothing_is_done(server, wire_call):
    got = await wire_call(server, ADD, AS_GUEST, HUMAN)
    assert (got["code"], got["id"]) == (7, "AUTH-PermissionDenied")
    assert server.directory.users == {}


@each_wire
async def test_the_permission_is_asked_for_in_the_organization_of_the_request(server, wire_call):
    await wire_call(server, ADD, AS_ROOT, {**HUMAN, "organization": {"org_id": "other"}})
    await wire_call(server, ADD, AS_ROOT | {"x-zitadel-orgid": "third"}, HUMAN)
    assert server.directory.permits == [("other", "user.write"), ("third", "user.write")]


@each_wire
async def test_a_broken_rule_names_the_field(server, wire_call):
    got = await wire_call(server, ADD, AS_ROOT, {**HUMAN, "username": "x" * 201})
    assert (got["code"], got["id"]) == (3, "REQUEST-InvalidField")
    assert got["detail"] == "[en] InvalidField field username, rule max_len 200"


@each_wire
async def test_an_unforeseen_error_says_nothing_of_itself(server, wire_call):
    got = await wire_call(server, LOCK, AS_ROOT, {"user_id": "9"})
    assert (got["code"], got["id"]) == (13, "SYSTEM-Internal")
    assert "secret" not in str(got)


@each_wire
async def test_an_unavailable_server_says_so(server, wire_call):
    got = await wire_call(server, f"{USER}/UnlockUser", AS_ROOT, {"user_id": "9"})
    assert (got["code"], got["id"]) == (14, "SYSTEM-Unavailable")


@each_wire
async def test_an_unbound_method_is_unimplemented(server, wire_call):
    got = await wire_call(server, f"{USER}/SetEmail", AS_ROOT, {"user_id": "9"})
    assert (got["code"], got["id"]) == (12, "REQUEST-NotYet")
