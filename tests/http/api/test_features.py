"""Features over the API: which level a value comes from."""

import pytest

from tests.http.api import system
from tests.http.api.conftest import GUEST, OWNER, ROOT

SERVICE = "zitadel.feature.v2.FeatureService"
OPS = "ops"


@pytest.fixture
def ops(server):
    server.services.system_users = system.known("SYSTEM_OWNER")
    server.tokens[OPS] = system.token()
    return server


async def features(server, level="Instance", user=GUEST, **fields):
    return await server.ok(f"{SERVICE}/Get{level}Features", user, **fields)


async def test_every_value_tells_where_it_comes_from(ops):
    await ops.ok(f"{SERVICE}/SetSystemFeatures", OPS, user_schema=True, permission_check_v2=True)
    await ops.ok(f"{SERVICE}/SetInstanceFeatures", permission_check_v2=False)
    got = await features(ops, inheritance=True)
    assert got["loginDefaultOrg"] == {"enabled": True}
    assert got["userSchema"] == {"enabled": True, "source": "SOURCE_SYSTEM"}
    assert got["permissionCheckV2"] == {"source": "SOURCE_INSTANCE"}
    assert len(got) == 11
    own = await features(ops)
    assert set(own) == {"details", "permissionCheckV2"}


async def test_values_are_set_read_and_taken_back(server):
    login = {"required": True, "baseUri": "https://login.test"}
    paths = ["IMPROVED_PERFORMANCE_PROJECT"]
    wanted = {"login_v2": login, "improved_performance": paths, "oidc_token_exchange": True}
    await server.ok(f"{SERVICE}/SetInstanceFeatures", **wanted)
    got = await features(server)
    assert got["loginV2"] == login | {"source": "SOURCE_INSTANCE"}
    assert got["improvedPerformance"]["executionPaths"] == paths
    assert got["oidcTokenExchange"]["enabled"] is True
    await server.ok(f"{SERVICE}/ResetInstanceFeatures")
    assert set(await features(server)) == {"details"}


async def test_the_system_s_features_are_the_operator_s(ops):
    await ops.ok(f"{SERVICE}/SetSystemFeatures", OPS, user_schema=True)
    got = await features(ops, "System")
    assert got["userSchema"] == {"enabled": True, "source": "SOURCE_SYSTEM"}
    await ops.ok(f"{SERVICE}/ResetSystemFeatures", OPS)
    assert (await features(ops, "System"))["userSchema"] == {}
    bad = {"login_v2": {"base_uri": "javascript:alert(1)"}}
    assert await ops.refused(f"{SERVICE}/SetSystemFeatures", OPS, **bad) == "FEATURE-BaseUriInvalid"
    bad = await ops.refused(f"{SERVICE}/SetInstanceFeatures", **bad)
    assert bad == "FEATURE-BaseUriInvalid"


async def test_features_are_set_only_with_the_permission(server):
    for verb in ("Set", "Reset"):
        for user, level in ((ROOT, "System"), (GUEST, "Instance"), (OWNER, "Instance")):
            method = f"{SERVICE}/{verb}{level}Features"
            assert await server.refused(method, user) == "AUTH-PermissionDenied"
    for level in ("System", "Instance"):
        method = f"{SERVICE}/Get{level}Features"
        assert await server.refused(method, None) == "AUTH-Unauthenticated"


@pytest.mark.parametrize("verb", ["Get", "Set", "Reset"])
async def test_single_organisations_and_users_have_no_features(server, verb):
    for level, key in (("Organization", "organization_id"), ("User", "user_id")):
        refused = await server.refused(f"{SERVICE}/{verb}{level}Features", **{key: "1"})
        assert refused == "FEATURE-LevelUnsupported"
    if verb != "Get":
        method = f"{SERVICE}/{verb}UserFeatures"
        assert await server.refused(method, GUEST, user_id="1") == "AUTH-PermissionDenied"
