"""Administrators of the instance, of organisations, of projects and of grants."""

import pytest
from personae.actors.domain.org.commands import AddOrg, AddOrgMember
from personae.actors.domain.project.commands import AddProject, AddProjectGrant, AddProjectMember

from tests.aggregates.conftest import ADMIN, ORG
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER, ROOT, USER

SERVICE = "zitadel.internal_permission.v2.InternalPermissionService"
LIST = f"{SERVICE}/ListAdministrators"
ORGS = "zitadel.org.v2.OrganizationService"
GRANT = {"projectGrant": {"projectId": "p1", "organizationId": OTHER_ORG}}
LEVELS = {
    "instance": ({"instance": True}, "IAM_OWNER_VIEWER", {"instance": True}),
    "org": (
        {"organizationId": ORG},
        "ORG_OWNER_VIEWER",
        {"organization": {"id": ORG, "name": "ACME"}},
    ),
    "project": (
        {"projectId": "p1"},
        "PROJECT_OWNER_VIEWER",
        {"project": {"id": "p1", "name": "Shop", "organizationId": ORG}},
    ),
    "grant": (
        GRANT,
        "PROJECT_GRANT_OWNER_VIEWER",
        {
            "projectGrant": {
                "id": "g1",
                "projectId": "p1",
                "projectName": "Shop",
                "organizationId": ORG,
                "grantedOrganizationId": OTHER_ORG,
            }
        },
    ),
}
EACH = pytest.mark.parametrize(("resource", "role", "shown"), LEVELS.values(), ids=LEVELS)


def call(verb):
    return f"{SERVICE}/{verb}Administrator"


@pytest.fixture
async def shop(server):
    await server.send(AddProject(project_id="p1", org_id=ORG, name="Shop"))
    order = AddProjectGrant(project_id="p1", grant_id="g1", granted_org_id=OTHER_ORG, roles=())
    await server.send(order)
    return server


async def listed(server, user=ROOT, **more):
    return (await server.ok(LIST, user, **more)).get("administrators", [])


@EACH
async def test_an_administrator_comes_changes_and_goes(shop, resource, role, shown):
    of = {"user_id": GUEST, "resource": resource}
    owner = role.removesuffix("_VIEWER")
    assert (await shop.ok(call("Create"), **of, roles=[role]))["creationDate"]
    refused = await shop.refused(call("Create"), **of, roles=[role])
    assert refused == "MEMBER-AlreadyExists"
    await shop.ok(call("Update"), **of, roles=[owner])
    [found] = await listed(shop, filters=[{"inUserIdsFilter": {"ids": [GUEST]}}])
    user = {"id": GUEST, "preferredLoginName": GUEST, "displayName": "M", "organizationId": ORG}
    assert {k: v for k, v in found.items() if not k.endswith("Date")} == {
        "user": user,
        "roles": [owner],
        **shown,
    }
    assert [
        one["user"]["id"] for one in await listed(shop, filters=[{"resource": resource}])
    ].count(GUEST) == 1
    assert (await shop.ok(call("Delete"), **of))["deletionDate"]
    assert await listed(shop, filters=[{"inUserIdsFilter": {"ids": [GUEST]}}]) == []


@EACH
async def test_roles_are_those_of_the_level_and_members_are_users(shop, resource, role, shown):
    of = {"user_id": GUEST, "resource": resource}
    for other in {"IAM_OWNER", "ORG_OWNER", "PROJECT_OWNER", "PROJECT_GRANT_OWNER"} - {
        role.removesuffix("_VIEWER")
    }:
        assert await shop.refused(call("Create"), **of, roles=[other]) == "MEMBER-RoleUnknown"
    nobody = of | {"user_id": "none"}
    assert await shop.refused(call("Create"), **nobody, roles=[role]) == "USER-NotFound"
    assert await shop.refused(call("Update"), **of, roles=[role]) == "MEMBER-NotFound"


@EACH
async def test_administrators_are_made_by_who_may(shop, resource, role, shown):
    await shop.machine("stranger")
    for user in ("stranger", GUEST):
        of = {"user_id": user, "resource": resource}
        for verb in ("Create", "Update", "Delete"):
            roles = {} if verb == "Delete" else {"roles": [role]}
            assert await shop.refused(call(verb), user, **of, **roles) == "AUTH-PermissionDenied"


async def test_who_was_granted_a_project_names_the_administrators_of_the_grant(shop):
    of = {"user_id": OWNER, "resource": GRANT, "roles": ["PROJECT_GRANT_OWNER"]}
    assert await shop.ok(call("Create"), OWNER, **of)
    strange = {"projectGrant": {"projectId": "p1", "organizationId": "12"}}
    refused = await shop.refused(call("Create"), OWNER, **of | {"resource": strange})
    assert refused == "AUTH-PermissionDenied"
    of["resource"] = {"projectId": "p1"}
    refused = await shop.refused(call("Create"), OWNER, **of | {"roles": ["PROJECT_OWNER"]})
    assert refused == "AUTH-PermissionDenied"


async def test_who_was_granted_a_project_sees_the_administrators_of_the_grant_only(shop):
    await shop.machine("granter")
    to = {"project_id": "p1", "user_id": "granter"}
    await shop.send(AddProjectMember(**to, roles=("PROJECT_OWNER",)))
    of_grant = {"granted_org_id": OTHER_ORG, "roles": ("PROJECT_GRANT_OWNER",)}
    await shop.send(AddProjectMember(**to, **of_grant))
    await shop.send(AddOrg(org_id="12", name="Third"))
    await shop.machine("third", "12")
    await shop.send(AddOrgMember(org_id="12", user_id="third", roles=("ORG_OWNER",)))
    seen = [one for one in await listed(shop, OWNER) if one["user"]["id"] == "granter"]
    assert ["projectGrant" in one for one in seen] == [True]
    assert {one["user"]["id"] for one in await listed(shop, "third")} == {"third"}


async def test_one_sees_the_administrators_of_what_one_manages(shop):
    await shop.send(AddProjectMember(project_id="p1", user_id=GUEST, roles=("PROJECT_OWNER",)))
    everybody = await listed(shop)
    assert {one["user"]["id"] for one in everybody} == {ADMIN, ROOT, GUEST, OWNER}
    assert [one["user"]["id"] for one in await listed(shop, OWNER)] == [OWNER]
    assert [one["user"]["id"] for one in await listed(shop, GUEST)] == [GUEST]
    await shop.machine("stranger")
    nothing = await shop.ok(LIST, "stranger")
    assert nothing == {"pagination": {"appliedLimit": "100"}}


async def test_a_resource_must_be_named(shop):
    assert await shop.refused(call("Create"), user_id=GUEST) == "REQUEST-InvalidField"


async def test_the_last_owner_of_the_instance_stays(shop):
    of = {"resource": {"instance": True}}
    await shop.ok(call("Delete"), user_id=ADMIN, **of)
    assert await shop.refused(call("Delete"), user_id=ROOT, **of) == "MEMBER-LastOwner"
    for verb in ("Delete", "Deactivate", "Lock"):
        assert await shop.refused(f"{USER}/{verb}User", user_id=ROOT) == "MEMBER-LastOwner"


async def test_owners_who_cannot_sign_in_do_not_count_as_owners_left(shop):
    await shop.ok(f"{USER}/LockUser", user_id=ADMIN)
    assert await shop.refused(f"{USER}/DeleteUser", user_id=ROOT) == "MEMBER-LastOwner"
    of = {"user_id": ROOT, "resource": {"instance": True}}
    assert await shop.refused(call("Delete"), **of) == "MEMBER-LastOwner"
    viewer = of | {"roles": ["IAM_OWNER_VIEWER"]}
    assert await shop.refused(call("Update"), **viewer) == "MEMBER-LastOwner"
    await shop.ok(f"{USER}/UnlockUser", user_id=ADMIN)
    assert await shop.ok(f"{USER}/DeactivateUser", user_id=ROOT)


async def test_the_organisation_of_all_owners_stays_active(shop):
    """Deactivated, it would take the tokens of everybody who could activate it again."""
    refused = await shop.refused(f"{ORGS}/DeactivateOrganization", organization_id=ORG)
    assert refused == "MEMBER-LastOwner"
    of = {"user_id": OWNER, "resource": {"instance": True}, "roles": ["IAM_OWNER"]}
    await shop.ok(call("Create"), **of)
    await shop.ok(f"{ORGS}/DeactivateOrganization", organization_id=ORG)
    refused = await shop.refused(f"{ORGS}/DeleteOrganization", OWNER, organization_id=OTHER_ORG)
    assert refused == "MEMBER-LastOwner"


OWNS = {"role": {"roleKey": "IAM_OWNER"}}
NAMED = {"userPreferredLoginName": {"preferredLoginName": ROOT}}
FILTERS = [
    (OWNS, 2),
    (NAMED, 1),
    ({"userDisplayName": {"displayName": "Ada Admin"}}, 2),
    ({"userOrganizationId": {"id": OTHER_ORG}}, 1),
    ({"resource": {"organizationId": OTHER_ORG}}, 1),
    ({"creationDate": {"timestamp": "2020-01-01T00:00:00Z", "method": 1}}, 4),
    ({"changeDate": {"timestamp": "2020-01-01T00:00:00Z", "method": 3}}, 0),
    ({"and": {"queries": [OWNS, NAMED]}}, 1),
    ({"or": {"queries": [OWNS, NAMED]}}, 2),
    ({"not": {"query": OWNS}}, 2),
]


async def test_every_filter_and_order_finds_its_administrators(shop):
    for query, found in FILTERS:
        assert len(await listed(shop, filters=[query])) == found, query
    for column in range(4):
        up = await listed(shop, sorting_column=column, pagination={"asc": True})
        assert up == (await listed(shop, sorting_column=column))[::-1]
