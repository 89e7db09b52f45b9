"""Features over the API: which level a value comes from."""

import pytest
from personae.actors.domain.org.commands import AddOrg

from tests.aggregates.conftest import INSTANCE, ORG
from tests.http.api import system
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER, ROOT

SERVICE = "zitadel.feature.v2.FeatureService"
LEVELS = "personae.feature.v1.FeatureLevelService"
OPS = "ops"
OF = {"Organization": {"organization_id": ORG}, "User": {"user_id": GUEST}}
NOT_FOUND = {"Organization": "ORG-NotFound", "User": "USER-NotFound"}
OFF = {"user_schema": False}


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


async def test_each_level_counts_before_the_one_above_it(ops):
    await ops.ok(f"{SERVICE}/SetSystemFeatures", OPS, user_schema=True, permission_check_v2=True)
    await ops.ok(f"{SERVICE}/SetInstanceFeatures", permission_check_v2=False)
    org, user = {"organization_id": ORG}, {"user_id": GUEST}
    await ops.ok(f"{LEVELS}/SetOrganizationFeatures", **org, features=OFF | {"login_v2": {}})
    await ops.ok(f"{LEVELS}/SetUserFeatures", **user, features={"user_schema": True})
    got = await ops.ok(f"{LEVELS}/GetUserFeatures", GUEST, **user, inheritance=True)
    assert len(got["features"]) == 10
    assert got["features"]["userSchema"] == {"enabled": True, "source": "SOURCE_USER"}
    assert got["features"]["loginV2"] == {"source": "SOURCE_ORGANIZATION"}
    assert got["features"]["permissionCheckV2"] == {"source": "SOURCE_INSTANCE"}
    assert got["features"]["consoleUseV2UserApi"] == {"enabled": True}
    assert got["details"]["resourceOwner"] == ORG
    got = await ops.ok(f"{LEVELS}/GetOrganizationFeatures", **org, inheritance=True)
    assert got["features"]["userSchema"] == {"source": "SOURCE_ORGANIZATION"}
    own = await ops.ok(f"{LEVELS}/GetOrganizationFeatures", **org)
    assert set(own["features"]) == {"userSchema", "loginV2"}


@pytest.mark.parametrize(("level", "of"), OF.items())
async def test_a_level_is_told_of_and_reset_by_the_published_methods(server, level, of):
    unset = await server.ok(f"{SERVICE}/Set{level}Features", **of)
    assert "sequence" not in unset["details"]
    await server.ok(f"{LEVELS}/Set{level}Features", **of, features=OFF)
    told = await server.ok(f"{SERVICE}/Get{level}Features", **of, inheritance=True)
    assert (told["details"]["sequence"], told["details"]["resourceOwner"]) == ("1", ORG)
    assert (await server.ok(f"{SERVICE}/Reset{level}Features", **of))["details"]["sequence"] == "2"
    left = await server.ok(f"{LEVELS}/Get{level}Features", **of)
    assert left.get("features", {}) == {}
    assert left["details"]["sequence"] == "2"


@pytest.mark.parametrize(("level", "of"), OF.items())
async def test_a_level_has_its_own_refusals(server, level, of):
    unknown, reason = dict.fromkeys(of, "404"), NOT_FOUND[level]
    for service, verb in ((SERVICE, "Set"), (SERVICE, "Reset"), (SERVICE, "Get"), (LEVELS, "Get")):
        method = f"{service}/{verb}{level}Features"
        assert await server.refused(method, **unknown) == reason
        denied = reason if verb == "Get" else "AUTH-PermissionDenied"
        assert await server.refused(method, OWNER, **of) == denied
    method = f"{LEVELS}/Set{level}Features"
    assert await server.refused(method, **unknown, features=OFF) == reason
    assert await server.refused(method, OWNER, **of, features=OFF) == "AUTH-PermissionDenied"
    assert await server.refused(method, **of) == "REQUEST-InvalidField"


async def test_nobody_chooses_sign_in_pages_alone(server):
    set_ = f"{LEVELS}/SetUserFeatures"
    refused = await server.refused(set_, user_id=GUEST, features={"login_v2": {}})
    assert refused == "FEATURE-Unknown"


async def test_owners_of_an_organisation_do_not_send_browsers_to_pages_of_theirs(server):
    set_, of = f"{LEVELS}/SetOrganizationFeatures", {"organization_id": OTHER_ORG}
    elsewhere = {"login_v2": {"required": True, "base_uri": "https://login.test"}}
    assert await server.refused(set_, OWNER, **of, features=elsewhere) == "AUTH-PermissionDenied"
    await server.ok(set_, OWNER, **of, features={"login_v2": {"required": False}})
    await server.ok(set_, **of, features=elsewhere)
    got = await server.ok(f"{LEVELS}/GetOrganizationFeatures", OWNER, **of)
    assert got["features"]["loginV2"]["baseUri"] == "https://login.test"


async def test_older_packages_set_and_reset_levels_too(server):
    for verb in ("Set", "Get", "Reset"):
        for level, of in OF.items():
            await server.ok(f"zitadel.feature.v2beta.FeatureService/{verb}{level}Features", **of)


async def test_who_has_the_id_of_another_level_does_not_change_its_features(server):
    """Ids may be chosen; a tenant's user was called like another tenant's organisation."""
    set_ = {"features": {"user_schema": True}}
    await server.ok(f"{LEVELS}/SetOrganizationFeatures", organization_id=ORG, **set_)
    await server.ok(f"{SERVICE}/SetInstanceFeatures", user_schema=True)
    await server.machine(ORG, OTHER_ORG)
    await server.send(AddOrg(org_id=INSTANCE, name="Same"))
    for verb in ("Set", "Reset"):
        for level, named, reason in (
            ("User", {"user_id": ORG}, "USER-NotFound"),
            ("Organization", {"organization_id": INSTANCE}, "ORG-NotFound"),
        ):
            user = OWNER if level == "User" else ROOT
            assert await server.refused(f"{SERVICE}/{verb}{level}Features", user, **named) == reason
    kept = await server.ok(f"{LEVELS}/GetOrganizationFeatures", organization_id=ORG)
    assert kept["features"]["userSchema"]["enabled"]
    assert (await features(server))["userSchema"]["enabled"]
