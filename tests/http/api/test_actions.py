"""Targets and executions over the API."""

import base64

import pytest

from tests.aggregates.conftest import INSTANCE
from tests.http.api.conftest import GUEST, OWNER
from tests.http.api.system import PUBLIC

SERVICE = "zitadel.action.v2.ActionService"
CREATE, GET, LIST = f"{SERVICE}/CreateTarget", f"{SERVICE}/GetTarget", f"{SERVICE}/ListTargets"
HOOK = {
    "name": "Hook",
    "rest_webhook": {"interrupt_on_error": True},
    "timeout": "10s",
    "endpoint": "https://hook.test/x",
}
METHOD = "/zitadel.user.v2.UserService/CreateUser"
KEY = {"public_key": base64.b64encode(PUBLIC).decode()}


@pytest.fixture
async def target(server):
    return (await server.ok(CREATE, **HOOK))["id"]


async def names(server, **fields):
    found = await server.ok(LIST, **fields)
    return [each["name"] for each in found.get("targets", ())]


async def test_the_signing_key_is_shown_once_and_kept_sealed(server):
    made = await server.ok(CREATE, **HOOK)
    assert len(made["signingKey"]) == 36
    got = (await server.ok(GET, id=made["id"]))["target"]
    assert made["signingKey"] not in str(got)
    assert (got["restWebhook"], got["timeout"]) == ({"interruptOnError": True}, "10s")
    events = await server.services.world.log.after(INSTANCE, 0, 1000)
    assert made["signingKey"] not in str([each.event for each in events])


async def test_a_target_is_changed_and_its_key_renewed(server, target):
    update = f"{SERVICE}/UpdateTarget"
    changed = await server.ok(update, id=target, name="New", rest_async={})
    assert "signingKey" not in changed
    got = (await server.ok(GET, id=target))["target"]
    assert (got["name"], got["restAsync"], got["endpoint"]) == ("New", {}, HOOK["endpoint"])
    renewed = await server.ok(update, id=target, expiration_signing_key="0s")
    assert len(renewed["signingKey"]) == 36
    assert await server.refused(update, id="404", name="x") == "TARGET-NotFound"


async def test_a_target_in_one_s_own_network_is_refused_unless_allowed(server):
    inside = HOOK | {"endpoint": "http://127.0.0.1:9"}
    assert await server.refused(CREATE, **inside) == "TARGET-EndpointRefused"
    server.services.world.private_targets = True
    assert await server.ok(CREATE, **inside)


async def test_a_target_says_what_becomes_of_its_answers(server):
    unsaid = {name: value for name, value in HOOK.items() if name != "rest_webhook"}
    assert await server.refused(CREATE, **unsaid) == "REQUEST-InvalidField"


async def test_a_deleted_target_is_gone(server, target):
    assert (await server.ok(f"{SERVICE}/DeleteTarget", id=target))["deletionDate"]
    assert await server.refused(GET, id=target) == "TARGET-NotFound"
    assert await server.refused(f"{SERVICE}/DeleteTarget", id=target) == "TARGET-NotFound"


async def test_targets_are_filtered_and_sorted(server, target):
    await server.ok(CREATE, **HOOK | {"name": "Another"})
    starts = {"targetName": "a", "method": "TEXT_FILTER_METHOD_STARTS_WITH_IGNORE_CASE"}
    assert await names(server, filters=[{"targetNameFilter": starts}]) == ["Another"]
    ids = {"targetIds": [target]}
    assert await names(server, filters=[{"inTargetIdsFilter": ids}]) == ["Hook"]
    for column in range(9):
        up = await names(server, sorting_column=column, pagination={"asc": True})
        assert up == (await names(server, sorting_column=column))[::-1]


async def test_public_keys_come_are_used_and_go(server, target):
    async def call(method, **fields):
        return await server.ok(f"{SERVICE}/{method}", target_id=target, **fields)

    key_id = (await call("AddPublicKey", **KEY))["keyId"]
    await call("ActivatePublicKey", key_id=key_id)
    active = [{"activeFilter": True}]
    [shown] = (await call("ListPublicKeys", filters=active))["publicKeys"]
    assert (shown["publicKey"], shown["active"]) == (KEY["public_key"], True)
    assert len(shown["fingerprint"]) == 64
    used = {"target_id": target, "key_id": key_id}
    assert await server.refused(f"{SERVICE}/RemovePublicKey", **used) == "TARGET-KeyActive"
    await call("DeactivatePublicKey", key_id=key_id)
    assert "publicKeys" not in await call("ListPublicKeys", filters=active)
    ids = [{"keyIdsFilter": {"ids": [key_id]}}]
    assert (await call("ListPublicKeys", filters=ids))["publicKeys"]
    await call("RemovePublicKey", key_id=key_id)
    assert "publicKeys" not in await call("ListPublicKeys")


async def test_public_keys_must_be_keys_of_a_target_that_exists(server, target):
    bad = {"target_id": target, "public_key": base64.b64encode(b"no key").decode()}
    assert await server.refused(f"{SERVICE}/AddPublicKey", **bad) == "TARGET-KeyInvalid"
    for method in ("ActivatePublicKey", "DeactivatePublicKey", "RemovePublicKey"):
        unknown = {"target_id": target, "key_id": "404"}
        assert await server.refused(f"{SERVICE}/{method}", **unknown) == "TARGET-KeyNotFound"
    assert await server.refused(f"{SERVICE}/ListPublicKeys", target_id="404") == "TARGET-NotFound"


CONDITIONS = [
    {"request": {"method": METHOD}},
    {"request": {"service": "zitadel.user.v2.UserService"}},
    {"response": {"all": True}},
    {"function": {"name": "preuserinfo"}},
    {"event": {"event": "user.human.added"}},
    {"event": {"group": "user.human"}},
    {"event": {"all": True}},
]


async def executions(server, **fields):
    return (await server.ok(f"{SERVICE}/ListExecutions", **fields)).get("executions", [])


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
async def test_an_execution_is_set_found_and_ended(server, target, condition):
    set_ = f"{SERVICE}/SetExecution"
    await server.ok(set_, condition=condition, targets=[target])
    found = [{"inConditionsFilter": {"conditions": [condition]}}]
    [shown] = await executions(server, filters=found)
    assert (shown["condition"], shown["targets"]) == (condition, [target])
    kind = f"EXECUTION_TYPE_{next(iter(condition)).upper()}"
    assert await executions(server, filters=[{"executionTypeFilter": {"executionType": kind}}])
    assert await executions(server, filters=[{"targetFilter": {"targetId": target}}])
    await server.ok(set_, condition=condition)
    assert await executions(server) == []


@pytest.mark.parametrize(
    "condition",
    [
        {"request": {"method": "/no.such/Method"}},
        {"response": {"service": "no.such"}},
        {"function": {"name": "no"}},
        {"event": {"event": "no.such"}},
        {"event": {"group": "no.such"}},
        {"request": {}},
        {},
    ],
    ids=str,
)
async def test_an_execution_waits_for_something_that_can_happen(server, target, condition):
    fields = {"condition": condition, "targets": [target]}
    refused = await server.refused(f"{SERVICE}/SetExecution", **fields)
    assert refused == "EXECUTION-ConditionUnknown"


async def test_an_execution_calls_targets_that_exist(server, target):
    fields = {"condition": CONDITIONS[0], "targets": ["404"]}
    assert await server.refused(f"{SERVICE}/SetExecution", **fields) == "EXECUTION-TargetUnknown"
    await server.ok(f"{SERVICE}/SetExecution", **fields | {"targets": [target]})
    await server.ok(f"{SERVICE}/DeleteTarget", id=target)
    assert "targets" not in (await executions(server))[0]
    for column in range(4):
        assert len(await executions(server, sorting_column=column)) == 1


async def test_methods_services_and_functions_are_those_of_the_definition(server):
    async def listed(what):
        return (await server.ok(f"{SERVICE}/ListExecution{what}", GUEST))[what.lower()]

    assert METHOD in await listed("Methods")
    assert "zitadel.user.v2.UserService" in await listed("Services")
    assert await listed("Functions") == ["preaccesstoken", "presamlresponse", "preuserinfo"]
    assert await server.refused(f"{SERVICE}/ListExecutionMethods", None) == "AUTH-Unauthenticated"


@pytest.mark.parametrize(
    "method",
    [
        "CreateTarget", "UpdateTarget", "DeleteTarget", "GetTarget", "ListTargets",
        "AddPublicKey", "ActivatePublicKey", "DeactivatePublicKey", "RemovePublicKey",
        "ListPublicKeys", "SetExecution", "ListExecutions",
    ],
)  # fmt: skip
async def test_nothing_is_done_without_the_permission(server, method):
    for user in (GUEST, OWNER):
        assert await server.refused(f"{SERVICE}/{method}", user) == "AUTH-PermissionDenied"
