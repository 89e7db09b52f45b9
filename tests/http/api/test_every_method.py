"""What holds for every method of the v2 services, and the page that lists what is shown of each."""

import os
from dataclasses import replace

import pytest
from personae.actors.domain.kit import Caller
from personae.http import wire
from personae.http.wire.encode import to_dict

from tests.aggregates.conftest import SETUP
from tests.http.api import coverage, system
from tests.http.api.conftest import ROOT
from tests.http.api.flows import OPS
from tests.http.api.wires import WIRES
from tests.http.wire.violations import valid

V2 = [name for name in wire.METHODS if name.startswith("zitadel.") and ".v2." in name]
LISTS = [
    name
    for name in V2
    if {"pagination", "query"} & {f.name for f in wire.METHODS[name].request.DESCRIPTOR.fields}
]


@pytest.mark.parametrize("call", WIRES.values(), ids=WIRES)
async def test_nobody_comes_in_without_a_token(server, call):
    for name in V2:
        fields = to_dict(valid(wire.METHODS[name].request.DESCRIPTOR))
        got = await call(server, name, {}, fields)
        assert got["details"][0]["debug"]["id"] == "AUTH-Unauthenticated", name


async def test_no_list_is_longer_than_a_thousand(server):
    server.services.system_users = system.known("SYSTEM_OWNER")
    server.tokens[OPS] = system.token()
    for name in LISTS:
        user = OPS if name.endswith("/ListInstances") else ROOT
        fields = wire.METHODS[name].request.DESCRIPTOR.fields_by_name
        page = (
            "pagination" if "pagination" in {field.name for field in fields.values()} else "query"
        )
        given = {"user_id": "101", "organization_id": "10", "project_id": "30", "target_id": "1"}
        known = {one: given[one] for one in given if one in {f.name for f in fields.values()}}
        refused = await server.refused(name, user, **known, **{page: {"limit": 1001}})
        assert refused in {"QUERY-LimitExceeded", "TARGET-NotFound", "USER-NotHuman"}, name


async def test_instances_go_over_every_wire(server):
    server.services.system_users = system.known("SYSTEM_OWNER")
    server.tokens[OPS] = system.token()
    for number, call in enumerate(WIRES.values()):
        id_ = str(50 + number)
        other = replace(SETUP, instance_id=id_, domain=f"i{id_}.test", users=(), web_keys=())
        await server.services.send(other, Caller.of_system(id_))
        method = "zitadel.instance.v2.InstanceService/DeleteInstance"
        got = await call(server, method, server.headers(OPS), {"instance_id": id_})
        assert got["deletionDate"]


def test_the_page_says_nothing_that_was_not_seen(seen, request):
    """Run last, after all tests of this folder; a part of them shows nothing about the page."""
    if os.environ.get("API_COVERAGE") == "write":
        coverage.PAGE.write_text(coverage.page(seen))
    elif not coverage.whole(request.session):
        pytest.skip("only some tests of tests/http/api were run")
    for line in coverage.lines():
        assert coverage.claims(line) <= coverage.claims(coverage.line(seen, line["method"])), line


def test_the_page_has_a_whole_line_for_every_method():
    lines = coverage.lines()
    assert [line["method"] for line in lines] == sorted(V2)
    for line in lines:
        assert len(line["success"]) >= 2, line
        assert line["refused"], line
        assert line["stranger"], line
        assert line["tests"], line
