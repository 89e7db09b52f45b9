"""What can be wrong with a call whose request has no fields: who calls, for whom, to which host."""

import time

import pytest

from tests.http.api import system
from tests.http.api.conftest import GUEST, ROOT
from tests.http.api.wires import WIRES

FEATURES = "zitadel.feature.v2.FeatureService"
METHODS = {
    f"{FEATURES}/{name}": user
    for user, names in (
        (GUEST, ("GetInstanceFeatures", "GetSystemFeatures")),
        (ROOT, ("ResetInstanceFeatures",)),
    )
    for name in names
} | {
    "zitadel.action.v2.ActionService/ListExecutionFunctions": GUEST,
    "zitadel.action.v2.ActionService/ListExecutionMethods": GUEST,
    "zitadel.action.v2.ActionService/ListExecutionServices": GUEST,
    "zitadel.settings.v2.SettingsService/GetActiveIdentityProviders": ROOT,
    "zitadel.settings.v2.SettingsService/GetGeneralSettings": ROOT,
    "zitadel.settings.v2.SettingsService/GetSecuritySettings": ROOT,
    "zitadel.webkey.v2.WebKeyService/ListWebKeys": ROOT,
}
"""Each with somebody who may call it."""

NOWHERE = {"x-zitadel-orgid": "404"}


@pytest.mark.parametrize("call", WIRES.values(), ids=WIRES)
async def test_nothing_is_done_in_an_organisation_that_is_not_there(server, call):
    for name, user in METHODS.items():
        assert "code" not in await call(server, name, server.headers(user), {}), name
        got = await call(server, name, server.headers(user) | NOWHERE, {})
        assert got["details"][0]["debug"]["id"] == "ORG-NotFound", name
        assert got["code"] == "not_found"


@pytest.mark.parametrize("call", [WIRES["REST"], WIRES["Connect"], WIRES["gRPC-web"]])
async def test_nothing_is_done_at_a_host_of_no_instance(server, call):
    for name, user in METHODS.items():
        got = await call(server, name, server.headers(user) | {"Host": "nobody.test"}, {})
        assert got["details"][0]["debug"]["id"] == "INSTANCE-NotFound", name


@pytest.mark.parametrize("call", WIRES.values(), ids=WIRES)
@pytest.mark.parametrize("verb", ["Get", "Set", "Reset"])
async def test_operators_do_nothing_with_a_token_that_is_over(server, call, verb):
    server.services.system_users = system.known("SYSTEM_OWNER")
    old = int(time.time()) - 7200
    server.tokens |= {"ops": system.token(), "late": system.token(iat=old, exp=old + 3600)}
    method = f"{FEATURES}/{verb}SystemFeatures"
    assert "code" not in await call(server, method, server.headers("ops"), {})
    got = await call(server, method, server.headers("late"), {})
    assert got["details"][0]["debug"]["id"] == "TOKEN-Expired"
    assert got["code"] == "unauthenticated"
