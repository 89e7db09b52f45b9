"""Projects changed, granted to other organisations, and what then counts."""

import pytest
from personae.actors.domain.project.commands import AddProject, AddProjectMember, AddRole

from tests.aggregates.conftest import ORG
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER, ROOT

SERVICE = "zitadel.project.v2.ProjectService"
TO = {"project_id": "p1", "granted_organization_id": OTHER_ORG}


def call(method):
    return f"{SERVICE}/{method}"


@pytest.fixture
async def shop(server):
    await server.send(AddProject(project_id="p1", org_id=ORG, name="Shop"))
    for key in ("buyer", "seller"):
        await server.send(AddRole(project_id="p1", key=key))
    return server


async def grants(server, user=ROOT, **more):
    found = await server.ok(call("ListProjectGrants"), user, **more)
    return found.get("projectGrants", [])


async def granted(server, *roles):
    return await server.ok(call("CreateProjectGrant"), **TO, role_keys=roles or ["buyer"])


async def test_a_project_changes_what_is_given(shop):
    changed = {"name": "Store", "authorization_required": True, "project_role_assertion": False}
    assert (await shop.ok(call("UpdateProject"), project_id="p1", **changed))["changeDate"]
    got = (await shop.ok(call("GetProject"), project_id="p1"))["project"]
    assert (got["name"], got["authorizationRequired"]) == ("Store", True)
    taken = await shop.refused(call("UpdateProject"), project_id="p1", name="ZITADEL")
    assert taken == "PROJECT-NameTaken"


async def test_a_role_changes_and_goes(shop):
    role = {"project_id": "p1", "role_key": "buyer"}
    await shop.ok(call("UpdateProjectRole"), **role, display_name="Buyer", group="g")
    query = {"roleKeyFilter": {"key": "buyer"}}
    listed = await shop.ok(call("ListProjectRoles"), project_id="p1", filters=[query])
    [shown] = listed["projectRoles"]
    assert (shown["displayName"], shown["group"]) == ("Buyer", "g")
    await granted(shop, "buyer", "seller")
    assert (await shop.ok(call("RemoveProjectRole"), **role))["removalDate"]
    assert await shop.refused(call("RemoveProjectRole"), **role) == "PROJECT-RoleNotFound"
    assert (await grants(shop))[0]["grantedRoleKeys"] == ["seller"]


async def test_a_grant_is_shown_to_both_sides_and_to_nobody_else(shop):
    assert (await granted(shop))["creationDate"]
    for user in (ROOT, OWNER):
        [shown] = await grants(shop, user)
        del shown["creationDate"], shown["changeDate"]
        assert shown == {
            "organizationId": ORG,
            "grantedOrganizationId": OTHER_ORG,
            "grantedOrganizationName": "Other",
            "grantedRoleKeys": ["buyer"],
            "projectId": "p1",
            "projectName": "Shop",
            "state": "PROJECT_GRANT_STATE_ACTIVE",
        }
    assert await shop.refused(call("ListProjectGrants"), GUEST) == "AUTH-PermissionDenied"


async def test_a_grant_lives(shop):
    await granted(shop)
    assert await shop.refused(call("CreateProjectGrant"), **TO) == "PROJECTGRANT-AlreadyExists"
    await shop.ok(call("UpdateProjectGrant"), **TO, role_keys=["seller"])
    await shop.ok(call("DeactivateProjectGrant"), **TO)
    [shown] = await grants(shop)
    assert (shown["grantedRoleKeys"], shown["state"]) == (
        ["seller"],
        "PROJECT_GRANT_STATE_INACTIVE",
    )
    refused = await shop.refused(call("DeactivateProjectGrant"), **TO)
    assert refused == "PROJECTGRANT-AlreadyInactive"
    await shop.ok(call("ActivateProjectGrant"), **TO)
    refused = await shop.refused(call("ActivateProjectGrant"), **TO)
    assert refused == "PROJECTGRANT-AlreadyActive"
    assert (await shop.ok(call("DeleteProjectGrant"), **TO))["deletionDate"]
    assert await shop.refused(call("DeleteProjectGrant"), **TO) == "PROJECTGRANT-NotFound"
    assert await shop.refused(call("UpdateProjectGrant"), **TO) == "PROJECTGRANT-NotFound"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"projectNameFilter": {"projectName": "Shop"}}, 1),
        ({"roleKeyFilter": {"key": "buyer"}}, 1),
        ({"roleKeyFilter": {"key": "seller"}}, 0),
        ({"inProjectIdsFilter": {"ids": ["p1"]}}, 1),
        ({"organizationIdFilter": {"id": OTHER_ORG}}, 0),
        ({"grantedOrganizationIdFilter": {"id": OTHER_ORG}}, 1),
    ],
)
async def test_every_filter_finds_its_grants(shop, query, found):
    await granted(shop)
    assert len(await grants(shop, filters=[query])) == found
    for column in range(4):
        assert len(await grants(shop, sorting_column=column)) == 1


async def test_projects_granted_to_an_organisation_are_found(shop):
    await granted(shop)
    for kind, found in (("OWNED", None), ("GRANTED", "Shop"), ("OWNED_OR_GRANTED", "Shop")):
        query = {"organizationIdFilter": {"organizationId": OTHER_ORG, "type": kind}}
        listed = (await shop.ok(call("ListProjects"), filters=[query])).get("projects", [])
        assert [one["name"] for one in listed] == ([found] if found else [])


async def test_who_administers_one_project_sees_that_one(shop):
    """Membership of the project is all GUEST has."""
    assert await shop.refused(call("GetProject"), GUEST, project_id="p1") == "AUTH-PermissionDenied"
    await shop.send(AddProjectMember(project_id="p1", user_id=GUEST, roles=("PROJECT_OWNER",)))
    assert await shop.ok(call("GetProject"), GUEST, project_id="p1")
    listed = (await shop.ok(call("ListProjects"), GUEST))["projects"]
    assert [one["projectId"] for one in listed] == ["p1"]
    roles = await shop.ok(call("ListProjectRoles"), GUEST, project_id="p1")
    assert len(roles["projectRoles"]) == 2
    await shop.ok(call("UpdateProject"), GUEST, project_id="p1", name="Mine")
    assert await grants(shop, GUEST) == []


async def listed(server, user, **more):
    """What a list says of projects and their grants, by name."""
    found = (await server.ok(call("ListProjects"), user, **more)).get("projects", ())
    return {
        each["name"]: (each.get("grantedOrganizationId"), each.get("grantedState"))
        for each in found
    }


async def test_projects_granted_to_ones_organisation_are_listed_with_their_grant(shop):
    assert await listed(shop, OWNER) == {}
    await granted(shop)
    active = (OTHER_ORG, "GRANTED_PROJECT_STATE_ACTIVE")
    assert await listed(shop, OWNER) == {"Shop": active}
    assert await listed(shop, ROOT) == {"Shop": (None, None), "ZITADEL": (None, None)}
    for kind, found in (
        ("GRANTED", {"Shop": active}),
        ("OWNED", {}),
        ("OWNED_OR_GRANTED", {"Shop": active}),
    ):
        query = {"organizationIdFilter": {"organizationId": OTHER_ORG, "type": kind}}
        assert await listed(shop, ROOT, filters=[query]) == found
    await shop.ok(call("DeactivateProjectGrant"), **TO)
    state = "GRANTED_PROJECT_STATE_INACTIVE"
    assert await listed(shop, OWNER) == {"Shop": (OTHER_ORG, state)}
    await shop.ok(call("DeleteProjectGrant"), **TO)
    assert await listed(shop, OWNER) == {}
