"""The same answers over gRPC as over Connect."""

import pytest
from google.protobuf.json_format import MessageToDict
from personae.actors.domain.project.commands import AddProject, AddProjectGrant, AddRole
from personae.actors.domain.user_grant.commands import AddUserGrant

from tests.aggregates.conftest import ORG
from tests.http.api.conftest import GUEST, OTHER_ORG

METHODS = {
    "zitadel.org.v2.OrganizationService/ListOrganizationDomains": {"organization_id": ORG},
    "zitadel.project.v2.ProjectService/ListProjectGrants": {},
    "zitadel.authorization.v2.AuthorizationService/ListAuthorizations": {},
    "zitadel.internal_permission.v2.InternalPermissionService/ListAdministrators": {},
    "zitadel.application.v2.ApplicationService/ListApplicationKeys": {},
    "zitadel.webkey.v2.WebKeyService/ListWebKeys": {},
}


@pytest.mark.parametrize(("method", "fields"), METHODS.items())
async def test_lists_are_alike_on_both_wires(server, method, fields):
    for order in (
        AddProject(project_id="p1", org_id=ORG, name="Shop"),
        AddRole(project_id="p1", key="r"),
        AddProjectGrant(project_id="p1", grant_id="g1", granted_org_id=OTHER_ORG, roles=("r",)),
        AddUserGrant(user_grant_id="u1", org_id=ORG, user_id=GUEST, project_id="p1", roles=("r",)),
    ):
        await server.send(order)
    assert MessageToDict(await server.grpc(method, **fields)) == await server.ok(method, **fields)
