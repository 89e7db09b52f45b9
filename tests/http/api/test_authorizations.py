"""Authorizations: who gives which roles to whom, and who sees it."""

import pytest
from personae.actors.domain.project.commands import (
    AddProject,
    AddProjectGrant,
    AddProjectMember,
    AddRole,
    DeactivateProjectGrant,
)

from tests.aggregates.conftest import ORG
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER, ROOT

SERVICE = "zitadel.authorization.v2.AuthorizationService"
CREATE, LIST = f"{SERVICE}/CreateAuthorization", f"{SERVICE}/ListAuthorizations"
HERE = {"user_id": GUEST, "project_id": "p1", "organization_id": ORG}
THERE = HERE | {"organization_id": OTHER_ORG}


@pytest.fixture
async def shop(server):
    await server.send(AddProject(project_id="p1", org_id=ORG, name="Shop"))
    for key in ("buyer", "seller"):
        await server.send(AddRole(project_id="p1", key=key, display_name=key.title(), group="g"))
    return server


async def given(server, user=ROOT, *roles, where=HERE):
    return (await server.ok(CREATE, user, **where, role_keys=roles or ["buyer"]))["id"]


async def listed(server, user=ROOT, **more):
    return (await server.ok(LIST, user, **more)).get("authorizations", [])


async def grant(server, *roles):
    order = AddProjectGrant(
        project_id="p1", grant_id="g1", granted_org_id=OTHER_ORG, roles=roles or ("buyer",)
    )
    await server.send(order)


async def test_an_authorization_is_shown_with_all_it_is_about(shop):
    id_ = await given(shop)
    [shown] = await listed(shop)
    assert shown.pop("creationDate") == shown.pop("changeDate")
    assert shown == {
        "id": id_,
        "project": {"id": "p1", "name": "Shop", "organizationId": ORG},
        "organization": {"id": ORG, "name": "ACME"},
        "user": {
            "id": GUEST,
            "preferredLoginName": GUEST,
            "displayName": "M",
            "organizationId": ORG,
        },
        "state": "STATE_ACTIVE",
        "roles": [{"key": "buyer", "displayName": "Buyer", "group": "g"}],
    }


async def test_an_authorization_lives(shop):
    of = {"id": await given(shop)}
    await shop.ok(f"{SERVICE}/UpdateAuthorization", **of, role_keys=["seller"])
    await shop.ok(f"{SERVICE}/DeactivateAuthorization", **of)
    [shown] = await listed(shop)
    assert ([one["key"] for one in shown["roles"]], shown["state"]) == (
        ["seller"],
        "STATE_INACTIVE",
    )
    refused = await shop.refused(f"{SERVICE}/DeactivateAuthorization", **of)
    assert refused == "USERGRANT-AlreadyInactive"
    await shop.ok(f"{SERVICE}/ActivateAuthorization", **of)
    refused = await shop.refused(f"{SERVICE}/ActivateAuthorization", **of)
    assert refused == "USERGRANT-AlreadyActive"
    assert (await shop.ok(f"{SERVICE}/DeleteAuthorization", **of))["deletionDate"]
    assert await shop.refused(f"{SERVICE}/DeleteAuthorization", **of) == "USERGRANT-NotFound"
    assert await listed(shop) == []


async def test_what_is_not_there_is_not_given(shop):
    await given(shop)
    assert await shop.refused(CREATE, **HERE) == "USERGRANT-AlreadyExists"
    assert await shop.refused(CREATE, **HERE | {"user_id": "none"}) == "USER-NotFound"
    assert await shop.refused(CREATE, **HERE | {"project_id": "none"}) == "PROJECT-NotFound"
    roles = {"role_keys": ["king"]}
    assert (
        await shop.refused(CREATE, **HERE | {"user_id": OWNER}, **roles) == "USERGRANT-RoleUnknown"
    )
    id_ = (await listed(shop))[0]["id"]
    refused = await shop.refused(f"{SERVICE}/UpdateAuthorization", id=id_, **roles)
    assert refused == "USERGRANT-RoleUnknown"


async def test_roles_of_others_projects_are_not_ones_to_give(shop):
    """ZA-01: not even within one's own organisation."""
    assert await shop.refused(CREATE, OWNER, **HERE) == "AUTH-PermissionDenied"
    assert await shop.refused(CREATE, OWNER, **THERE) == "PROJECT-NotFound"
    await grant(shop)
    assert (
        await shop.refused(CREATE, OWNER, **THERE, role_keys=["seller"]) == "USERGRANT-RoleUnknown"
    )
    assert await given(shop, OWNER, where=THERE)
    await shop.send(DeactivateProjectGrant(project_id="p1", granted_org_id=OTHER_ORG))
    resting = THERE | {"user_id": OWNER}
    assert await shop.refused(CREATE, OWNER, **resting) == "PROJECT-NotFound"


async def test_who_administers_a_project_sees_not_what_others_do_with_a_grant(shop):
    await grant(shop)
    ours, theirs = await given(shop), await given(shop, OWNER, where=THERE)
    await shop.machine("owner of the project")
    order = AddProjectMember(
        project_id="p1", user_id="owner of the project", roles=("PROJECT_OWNER",)
    )
    await shop.send(order)
    assert [one["id"] for one in await listed(shop, "owner of the project")] == [ours]
    assert [one["id"] for one in await listed(shop, OWNER)] == [theirs]
    assert {one["id"] for one in await listed(shop, GUEST)} == {ours, theirs}
    delete = f"{SERVICE}/DeleteAuthorization"
    refused = await shop.refused(delete, "owner of the project", id=theirs)
    assert refused == "AUTH-PermissionDenied"


async def test_who_administers_a_grant_gives_its_roles(shop):
    await grant(shop)
    order = AddProjectMember(
        project_id="p1",
        user_id=GUEST,
        roles=("PROJECT_GRANT_OWNER",),
        granted_org_id=OTHER_ORG,
    )
    await shop.send(order)
    assert await shop.refused(CREATE, GUEST, **HERE) == "AUTH-PermissionDenied"
    id_ = await given(shop, GUEST, where=THERE | {"user_id": OWNER})
    assert [one["id"] for one in await listed(shop, GUEST)] == [id_]


@pytest.mark.parametrize("user", [OWNER, "stranger"])
async def test_others_see_and_change_nothing(shop, user):
    await shop.machine("stranger")
    id_ = await given(shop)
    found = await shop.ok(LIST, user)
    assert found == {"pagination": {"appliedLimit": "100"}}
    for method in ("Update", "Delete", "Activate", "Deactivate"):
        refused = await shop.refused(f"{SERVICE}/{method}Authorization", user, id=id_)
        assert refused == "AUTH-PermissionDenied"


FILTERS = [
    ({"organizationId": {"id": ORG}}, 1),
    ({"organizationId": {"id": OTHER_ORG}}, 0),
    ({"state": {"state": "STATE_ACTIVE"}}, 1),
    ({"state": {"state": "STATE_INACTIVE"}}, 0),
    ({"inUserIds": {"ids": [GUEST]}}, 1),
    ({"userOrganizationId": {"id": ORG}}, 1),
    ({"userPreferredLoginName": {"loginName": GUEST}}, 1),
    ({"userPreferredLoginName": {"loginName": OWNER}}, 0),
    ({"userDisplayName": {"displayName": "nobody"}}, 0),
    ({"projectId": {"id": "p1"}}, 1),
    ({"projectName": {"name": "sho", "method": "TEXT_FILTER_METHOD_STARTS_WITH_IGNORE_CASE"}}, 1),
    ({"roleKey": {"key": "buyer"}}, 1),
    ({"roleKey": {"key": "seller"}}, 0),
    ({"projectGrantId": {"id": "g1"}}, 0),
]


async def test_every_filter_and_order_finds_its_authorizations(shop):
    id_ = await given(shop)
    both = {"authorizationIds": {"ids": [id_, "none"]}}
    for query, found in [(both, 1), *FILTERS]:
        assert len(await listed(shop, filters=[query])) == found, query
    await given(shop, where=HERE | {"user_id": OWNER})
    for column in range(8):
        up = [
            one["id"] for one in await listed(shop, sorting_column=column, pagination={"asc": True})
        ]
        down = [one["id"] for one in await listed(shop, sorting_column=column)]
        assert up == down[::-1], column
