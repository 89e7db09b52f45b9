"""Projects, their roles, and who sees them."""

import pytest

from tests.aggregates.conftest import ORG, PROJECT
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER, ROOT

SERVICE = "zitadel.project.v2.ProjectService"
CREATE, GET, LIST = f"{SERVICE}/CreateProject", f"{SERVICE}/GetProject", f"{SERVICE}/ListProjects"


async def created(server, name="Shop", **more):
    return (await server.ok(CREATE, organization_id=ORG, name=name, **more))["projectId"]


async def names(server, user=ROOT, **fields):
    found = await server.ok(LIST, user, **fields)
    return [one["name"] for one in found.get("projects", ())], found["pagination"]


async def test_a_created_project_is_read_at_once_as_it_was_given(server):
    labeling = "PRIVATE_LABELING_SETTING_ENFORCE_PROJECT_RESOURCE_OWNER_POLICY"
    id_ = await created(server, authorization_required=True, private_labeling_setting=labeling)
    got = (await server.ok(GET, project_id=id_))["project"]
    assert got.pop("creationDate") == got.pop("changeDate")
    assert got == {
        "projectId": id_,
        "organizationId": ORG,
        "name": "Shop",
        "state": "PROJECT_STATE_ACTIVE",
        "authorizationRequired": True,
        "privateLabelingSetting": labeling,
    }


async def test_a_taken_name_is_refused(server):
    await created(server)
    assert await server.refused(CREATE, organization_id=ORG, name="SHOP") == "PROJECT-NameTaken"


async def test_creating_needs_the_permission_in_that_organisation(server):
    fields = {"organization_id": ORG, "name": "Shop"}
    assert await server.refused(CREATE, OWNER, **fields) == "AUTH-PermissionDenied"
    assert await server.ok(CREATE, OWNER, **fields | {"organization_id": OTHER_ORG})


async def test_one_sees_the_projects_of_ones_organisation_only(server):
    mine = await server.ok(CREATE, OWNER, organization_id=OTHER_ORG, name="Mine")
    await created(server)
    assert (await names(server, OWNER))[0] == ["Mine"]
    assert (await names(server, OWNER))[1] == {"totalResult": "1", "appliedLimit": "100"}
    assert await server.ok(GET, OWNER, project_id=mine["projectId"])
    assert await server.refused(GET, OWNER, project_id=PROJECT) == "PROJECT-NotFound"
    assert await server.refused(GET, GUEST, project_id=PROJECT) == "AUTH-PermissionDenied"
    assert await server.refused(LIST, GUEST) == "AUTH-PermissionDenied"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"projectNameFilter": {"projectName": "Shop"}}, ["Shop"]),
        ({"inProjectIdsFilter": {"ids": ["p1"]}}, ["Shop"]),
        ({"organizationIdFilter": {"organizationId": ORG}}, ["Shop", "ZITADEL"]),
        ({"organizationIdFilter": {"organizationId": OTHER_ORG, "type": "OWNED"}}, []),
        ({"organizationIdFilter": {"organizationId": ORG, "type": "GRANTED"}}, []),
    ],
)
async def test_every_filter_finds_its_projects(server, query, found):
    await created(server, project_id="p1")
    asked = {"sorting_column": "PROJECT_FIELD_NAME_NAME", "pagination": {"asc": True}}
    assert (await names(server, filters=[query], **asked))[0] == found


async def test_projects_are_sorted_by_every_column_both_ways(server):
    await created(server)
    for number in range(5):
        up = await names(server, sorting_column=number, pagination={"asc": True})
        down = await names(server, sorting_column=number)
        assert up[0] == down[0][::-1]


async def test_a_project_is_paused_and_deleted(server):
    id_ = await created(server)
    assert await server.refused(f"{SERVICE}/ActivateProject", project_id=id_)
    await server.ok(f"{SERVICE}/DeactivateProject", project_id=id_)
    assert (await server.ok(GET, project_id=id_))["project"]["state"] == "PROJECT_STATE_INACTIVE"
    await server.ok(f"{SERVICE}/ActivateProject", project_id=id_)
    assert (await server.ok(f"{SERVICE}/DeleteProject", project_id=id_))["deletionDate"]
    assert await server.refused(GET, project_id=id_) == "PROJECT-NotFound"
    assert await server.refused(f"{SERVICE}/DeleteProject", project_id=id_) == "PROJECT-NotFound"


async def test_a_role_is_added_once(server):
    role = {"project_id": await created(server), "role_key": "admin", "display_name": "Admin"}
    assert (await server.ok(f"{SERVICE}/AddProjectRole", **role))["creationDate"]
    assert await server.refused(f"{SERVICE}/AddProjectRole", **role) == "PROJECT-RoleTaken"


METHODS = ("DeleteProject", "DeactivateProject", "ActivateProject", "AddProjectRole")


@pytest.mark.parametrize("method", METHODS)
async def test_projects_are_changed_only_with_the_permission(server, method):
    role = {"role_key": "r", "display_name": "R"} if method == "AddProjectRole" else {}
    refused = await server.refused(f"{SERVICE}/{method}", GUEST, project_id=PROJECT, **role)
    assert refused == "AUTH-PermissionDenied"


async def test_what_is_created_is_listed_and_read_at_once_100_of_100(server):
    for number in range(100):
        id_ = await created(server, name=f"p{number}")
        query = {"projectNameFilter": {"projectName": f"p{number}"}}
        assert (await names(server, filters=[query]))[0] == [f"p{number}"]
        assert (await server.ok(GET, project_id=id_))["project"]["name"] == f"p{number}"


ROLES = f"{SERVICE}/ListProjectRoles"


async def roles(server, user=ROOT, **fields):
    found = await server.ok(ROLES, user, project_id="p1", **fields)
    return [one["key"] for one in found.get("projectRoles", ())]


async def test_the_roles_of_a_project_are_listed_sorted_and_filtered(server):
    await created(server, project_id="p1")
    for key in ("b", "a"):
        role = {"project_id": "p1", "role_key": key, "display_name": f"Role {key}", "group": "g"}
        await server.ok(f"{SERVICE}/AddProjectRole", **role)
    by_key = {"sorting_column": "PROJECT_ROLE_FIELD_NAME_KEY", "pagination": {"asc": True}}
    assert await roles(server, **by_key) == ["a", "b"]
    assert await roles(server, filters=[{"roleKeyFilter": {"key": "b"}}]) == ["b"]
    named = {"displayNameFilter": {"displayName": "Role a"}}
    assert await roles(server, filters=[named]) == ["a"]
    [shown] = (await server.ok(ROLES, project_id="p1", filters=[named]))["projectRoles"]
    assert (shown["displayName"], shown["group"]) == ("Role a", "g")
    assert await roles(server, OWNER) == []
    assert await server.refused(ROLES, GUEST, project_id="p1") == "AUTH-PermissionDenied"
    assert await server.refused(ROLES, project_id="p1", sorting_column=4) == "REQUEST-InvalidField"
