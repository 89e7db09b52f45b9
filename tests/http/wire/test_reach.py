"""Every method that is bound can be reached on every wire; binding itself is strict."""

import asyncio
import re
import time

import orjson
import pytest
from personae.http import wire
from personae.http.wire.openapi import document
from personae.http.wire.rest import ordered, template_of

from tests.http.wire.conftest import AS_ROOT, Directory
from tests.http.wire.users_api import API, USER


async def test_every_method_is_reached_by_rest(everything):
    for name, method in wire.METHODS.items():
        for route in method.routes:
            path = re.sub(r"\{[^}]*\}", "x", route.template)
            async with everything.request(route.verb, path, headers=AS_ROOT) as answer:
                body = await answer.json()
            assert answer.status in {method.success, 400}, (name, body)
            if answer.status == 400:
                assert body["details"][0]["id"] == "REQUEST-InvalidField"


def test_no_route_is_hidden_by_another():
    known = [(route.verb, regex_of(route), method.name) for method, route in ordered()]
    for method, route in ordered():
        path = re.sub(r"\{[^}]*\}", "x", route.template)
        fitting = (
            name for verb, rule, name in known if verb == route.verb and rule.fullmatch(path)
        )
        assert next(fitting) == method.name


def regex_of(route):
    pattern = template_of(route.template).pattern
    return re.compile(re.sub(r"\{p\d+:((?:[^{}]|\{\})+)\}", r"(\1)", pattern))


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


async def test_many_who_come_first_wait_for_one_document(everything, monkeypatch):
    made = []

    def slow(registry):
        made.append(1)
        time.sleep(0.05)  # in a thread: the others come meanwhile
        return document(registry)

    monkeypatch.setattr("personae.http.wire.openapi.document", slow)

    async def get():
        async with everything.get("/openapi.json", headers={"Accept-Encoding": "gzip"}) as answer:
            return (await answer.json())["openapi"]

    gone = asyncio.create_task(get())
    await asyncio.sleep(0.02)
    gone.cancel()
    assert set(await asyncio.gather(*(get() for _ in range(20)))) == {"3.1.0"}
    assert len(made) == 1


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
