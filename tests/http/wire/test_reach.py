"""Every method that is bound can be reached on every wire; binding itself is strict."""

import re

import aiohttp
import orjson
import pytest
from aiohttp import web
from personae.http import wire
from personae.http.wire.rest import template_of

from tests.http.wire.conftest import AS_ROOT, Directory
from tests.http.wire.users_api import API, USER


class Open(Directory):
    """Everything is permitted."""

    async def permit(self, caller, permission, project_id=""):
        pass


@pytest.fixture
async def everything():
    registry = wire.Registry()
    for name in registry.unbound():
        if registry.function(name):
            continue  # an older name of one that came before

        @registry.rpc(name)
        async def empty(request, call):
            return call.reply()

    app = web.Application()
    wire.add_routes(app, registry, Open())
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session:
        yield session
    await runner.cleanup()


async def test_every_method_is_reached_by_rest(everything):
    for name, method in wire.METHODS.items():
        for route in method.routes:
            path = re.sub(r"\{[^}]*\}", "x", route.template)
            async with everything.request(route.verb, path, headers=AS_ROOT) as answer:
                body = await answer.json()
            assert answer.status in {method.success, 400}, (name, body)
            if answer.status == 400:
                assert body["details"][0]["id"] == "REQUEST-InvalidField"


async def test_every_method_is_reached_by_connect_and_grpc_web(everything):
    for method in wire.METHODS.values():
        async with everything.post(method.path, json={}, headers=AS_ROOT) as answer:
            assert answer.status in {200, 400}
        headers = AS_ROOT | {"Content-Type": "application/grpc-web"}
        async with everything.post(method.path, data=bytes(5), headers=headers) as answer:
            assert re.search(rb"grpc-status:[03]\r\n", await answer.read())


async def test_every_method_has_a_grpc_handler():
    async def ready():
        return True

    mapping = wire.grpc_mapping(API, Directory(), ready)
    assert {method.path for method in wire.METHODS.values()} < mapping.keys()


async def test_the_openapi_document_holds_what_is_bound_and_no_more(server):
    async with server.http.get("/openapi.json") as answer:
        document = await answer.json()
    operation = document["paths"]["/v2/users/{user_id}"]["get"]
    assert operation["description"] == "Returns one user with state, names and profile."
    assert operation["parameters"][0]["schema"]["maxLength"] == 200
    assert "patch" not in document["paths"]["/v2/users/{user_id}"]


async def test_the_openapi_document_refers_only_to_what_it_holds(everything):
    async with everything.get("/openapi.json") as answer:
        document = await answer.json()
    schemas = document["components"]["schemas"]
    references = re.findall(r'"#/components/schemas/([^"]+)"', orjson.dumps(document).decode())
    assert set(references) == set(schemas)
    operations = [o for path in document["paths"].values() for o in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(wire.METHODS)


def test_unknown_and_doubled_names_are_refused_at_import():
    registry = wire.Registry()
    registry.rpc(f"{USER}/GetUserByID")(print)
    with pytest.raises(ValueError, match="twice"):
        registry.rpc(f"{USER}/GetUserByID")
    with pytest.raises(LookupError):
        registry.rpc(f"{USER}/GetUserById")


def test_a_reply_with_an_unknown_field_is_a_mistake_of_ours():
    method = wire.METHODS[f"{USER}/GetUserByID"]
    call = wire.Call(method=method, services=Directory(), headers={}, host="", seconds=1)
    with pytest.raises(TypeError, match="nobody"):
        call.reply(nobody=1)
    with pytest.raises(TypeError, match="nobody"):
        call.reply(user={"nobody": 1})


@pytest.mark.parametrize(
    ("path", "pattern", "fields"),
    [
        ("/v2/a/{user_id}/b", "/v2/a/{p0:[^{}/]+}/b", (["user_id"],)),
        ("/v2/{a.b}/{key=**}", "/v2/{p0:[^{}/]+}/{p1:.+}", (["a", "b"], ["key"])),
        ("/v2/{name=orgs/*}", "/v2/{p0:orgs/[^{}/]+}", (["name"],)),
    ],
)
def test_path_templates_become_routes(path, pattern, fields):
    assert template_of(path) == (pattern, fields)


def test_a_call_does_not_show_its_token():
    method = wire.METHODS[f"{USER}/GetUserByID"]
    headers = {"authorization": "Bearer secret"}
    call = wire.Call(method=method, services=Directory(), headers=headers, host="", seconds=1)
    assert "secret" not in repr(call)
