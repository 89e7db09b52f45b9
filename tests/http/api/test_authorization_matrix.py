"""B-31: six roles, every changing method, the ids of one organisation in the hands of others.

Ids go where they can go: into the request, and as organisation context into the header.
"""

import pytest
from personae.actors.domain.instance.commands import AddInstanceMember
from personae.actors.domain.org.commands import AddOrgMember
from personae.actors.domain.project.commands import (
    AddAPIApp,
    AddProject,
    AddProjectGrant,
    AddProjectMember,
    AddRole,
)
from personae.actors.domain.user_grant.commands import AddUserGrant

from tests.aggregates.conftest import INSTANCE, ORG
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER, ROOT

P, A = "zitadel.project.v2.Project", "zitadel.application.v2.Application"
ORGS = "zitadel.org.v2.OrganizationService"
ROLE = {"project_id": "p1", "role_key": "r"}
TO = {"project_id": "p1", "granted_organization_id": "12"}
APP = {"project_id": "p1", "application_id": "a1"}
AUTH, ADMIN = "zitadel.authorization.v2.Authorization", "zitadel.internal_permission.v2."
DOMAIN = {"organization_id": ORG, "domain": "new.test"}
ADMINISTRATOR = {"user_id": OWNER, "resource": {"organizationId": ORG}}
OF_PROJECT = {"user_id": OWNER, "resource": {"projectId": "p1"}}
OF_GRANT = {
    "user_id": OWNER,
    "resource": {"projectGrant": {"projectId": "p1", "organizationId": "12"}},
}
METHODS = [
    (f"{P}Service/UpdateProject", {"project_id": "p1", "name": "x"}),
    (f"{P}Service/DeleteProject", {"project_id": "p1"}),
    (f"{P}Service/DeactivateProject", {"project_id": "p1"}),
    (f"{P}Service/CreateProject", {"organization_id": ORG, "name": "x"}),
    (f"{P}Service/AddProjectRole", ROLE | {"display_name": "x"}),
    (f"{P}Service/UpdateProjectRole", ROLE | {"display_name": "x"}),
    (f"{P}Service/RemoveProjectRole", ROLE),
    (f"{P}Service/CreateProjectGrant", TO | {"granted_organization_id": OTHER_ORG}),
    (f"{P}Service/UpdateProjectGrant", TO),
    (f"{P}Service/DeactivateProjectGrant", TO),
    (f"{P}Service/ActivateProjectGrant", TO),
    (f"{P}Service/DeleteProjectGrant", TO),
    (f"{A}Service/UpdateApplication", APP | {"name": "x"}),
    (f"{A}Service/DeleteApplication", APP),
    (f"{A}Service/GenerateClientSecret", APP),
    (f"{A}Service/CreateApplicationKey", APP),
    (f"{A}Service/DeleteApplicationKey", APP | {"key_id": "k"}),
    (f"{AUTH}Service/CreateAuthorization", {"user_id": OWNER, "project_id": "p1", "organization_id": ORG}),
    (f"{AUTH}Service/CreateAuthorization", {"user_id": OWNER, "project_id": "p1", "organization_id": OTHER_ORG}),
    (f"{AUTH}Service/UpdateAuthorization", {"id": "u1"}),
    (f"{AUTH}Service/DeactivateAuthorization", {"id": "u1"}),
    (f"{AUTH}Service/DeleteAuthorization", {"id": "u1"}),
    *(
        (f"{ADMIN}InternalPermissionService/{verb}Administrator", of | roles)
        for verb, roles in (("Create", {"roles": ["ORG_OWNER"]}), ("Update", {}), ("Delete", {}))
        for of in (ADMINISTRATOR, OF_PROJECT, OF_GRANT)
    ),
    (f"{ORGS}/AddOrganizationDomain", DOMAIN),
    (f"{ORGS}/DeleteOrganizationDomain", DOMAIN),
    (f"{ORGS}/GenerateOrganizationDomainValidation", DOMAIN | {"type": 2}),
    (f"{ORGS}/VerifyOrganizationDomain", DOMAIN),
    (f"{ORGS}/SetOrganizationMetadata", {"organization_id": ORG}),
    (f"{ORGS}/DeleteOrganizationMetadata", {"organization_id": ORG}),
    (f"{ORGS}/UpdateOrganization", {"organization_id": ORG, "name": "x"}),
]  # fmt: skip
READS = [
    (f"{P}Service/GetProject", {"project_id": "p1"}),
    (f"{A}Service/GetApplication", {"application_id": "a1"}),
    (f"{A}Service/GetApplicationKey", {"key_id": "k"}),
]
LISTS = [
    (f"{P}Service/ListProjects", {}),
    (f"{P}Service/ListProjectRoles", {"project_id": "p1"}),
    (f"{P}Service/ListProjectGrants", {}),
    (f"{A}Service/ListApplications", {}),
    (f"{A}Service/ListApplicationKeys", {}),
    (f"{AUTH}Service/ListAuthorizations", {}),
    (f"{ORGS}/ListOrganizationDomains", {"organization_id": ORG}),
    (f"{ORGS}/ListOrganizationMetadata", {"organization_id": ORG}),
]
STRANGERS = {
    OWNER: "owner of the other organisation",
    "viewer": "who may look at the other organisation",
    "maker": "owner of a project of the other organisation",
    "user": "a user without roles",
    "neighbour": "a user of the same organisation without roles",
    "": "nobody",
}
"""Six roles that count for nothing here."""

SAID = {"AUTH-PermissionDenied", "AUTH-Unauthenticated", "PROJECT-NotFound"}


@pytest.fixture
async def world(server):
    for order in (
        AddProject(project_id="p1", org_id=ORG, name="Shop"),
        AddProject(project_id="p2", org_id=OTHER_ORG, name="Theirs"),
        AddRole(project_id="p1", key="r"),
        AddAPIApp(project_id="p1", app_id="a1", client_id="c1", name="API"),
        AddUserGrant(user_grant_id="u1", org_id=ORG, user_id=GUEST, project_id="p1", roles=("r",)),
    ):
        await server.send(order)
    for user, org in (("viewer", OTHER_ORG), ("maker", OTHER_ORG), ("user", OTHER_ORG)):
        await server.machine(user, org)
    await server.machine("neighbour", ORG)
    await server.send(AddOrgMember(org_id=OTHER_ORG, user_id="viewer", roles=("ORG_OWNER_VIEWER",)))
    await server.send(AddProjectMember(project_id="p2", user_id="maker", roles=("PROJECT_OWNER",)))
    return server


async def answer(server, method, user, fields, org_id):
    headers = server.headers(user) | ({"x-zitadel-orgid": org_id} if org_id else {})
    async with server.http.post(f"/{method}", json=fields, headers=headers) as reply:
        return await reply.json()


async def test_strangers_change_and_read_nothing(world):
    before = await world.services.world.log.head(INSTANCE)
    wrong = []
    for method, fields in METHODS + READS:
        for user, name in STRANGERS.items():
            for org_id in ("", ORG):
                said = await answer(world, method, user, fields, org_id)
                id_ = said["details"][0]["debug"]["id"] if "code" in said else "done"
                if id_ not in SAID and not id_.endswith("NotFound"):
                    wrong.append((method, name, org_id, id_))
    assert wrong == []
    assert await world.services.world.log.head(INSTANCE) == before


async def test_strangers_are_shown_no_row_and_no_count(world):
    """ZA-36, ZA-45."""
    wrong = []
    for method, fields in LISTS:
        for user, name in STRANGERS.items():
            for org_id in ("", ORG):
                said = await answer(world, method, user, fields, org_id)
                text = str(said)
                if any(mark in text for mark in ("'p1'", "'a1'", "'u1'", "acme")):
                    wrong.append((method, name, org_id))
                if "code" not in said and "totalResult" in said["pagination"] and user != "maker":
                    assert "Theirs" in text, (method, user, said)
    assert wrong == []


async def test_who_may_only_look_changes_nothing(world):
    await world.machine("auditor")
    roles = ("IAM_OWNER_VIEWER",)
    await world.send(AddInstanceMember(instance_id=INSTANCE, user_id="auditor", roles=roles))
    grant = AddProjectGrant(project_id="p1", grant_id="g1", granted_org_id=OTHER_ORG, roles=())
    await world.send(grant)
    for method, fields in METHODS:
        said = await answer(world, method, "auditor", fields, "")
        assert said["code"] == "permission_denied", (method, said)
    for method, fields in [*READS[:2], *LISTS]:
        said = await answer(world, method, "auditor", fields, "")
        assert "code" not in said, (method, said)


async def test_the_same_calls_reach_who_may(world):
    """So the refusals above are of the permission, not of the request."""
    refused = {}
    for method, fields in METHODS:
        said = await answer(world, method, ROOT, fields, "")
        if said.get("code") == "permission_denied":
            refused[method] = said
    assert refused == {}
