"""The same call gives the same answer on every wire; every list answers every filter."""

import pytest
from personae.http import wire
from personae.http.wire.descriptors import message_class
from personae.projections.app_keys import APP_KEYS
from personae.projections.apps import APPS
from personae.projections.executions import EXECUTIONS
from personae.projections.idps import IDPS
from personae.projections.instance_domains import INSTANCE_DOMAINS, TRUSTED_DOMAINS
from personae.projections.kit import undeclared
from personae.projections.machine_credentials import ACCESS_TOKENS, MACHINE_KEYS
from personae.projections.members import MEMBERS
from personae.projections.org_domains import ORG_DOMAINS
from personae.projections.orgs import ORGS
from personae.projections.project_grants import PROJECT_GRANTS
from personae.projections.project_roles import PROJECT_ROLES
from personae.projections.projects import PROJECTS
from personae.projections.sessions import SESSIONS
from personae.projections.targets import TARGET_KEYS, TARGETS
from personae.projections.user_grants import USER_GRANTS
from personae.projections.user_metadata import USER_METADATA
from personae.projections.users import USERS

from tests.http.api.conftest import GUEST, ROOT, USER
from tests.http.wire.test_four_wires import by_rest, each_wire

LISTED = {
    "zitadel.admin.v1.ProviderQuery": IDPS,
    "zitadel.user.v2.SearchQuery": USERS,
    "zitadel.user.v2.KeysSearchFilter": MACHINE_KEYS,
    "zitadel.user.v2.PersonalAccessTokensSearchFilter": ACCESS_TOKENS,
    "zitadel.metadata.v2.MetadataSearchFilter": USER_METADATA,
    "zitadel.project.v2.ProjectRoleSearchFilter": PROJECT_ROLES,
    "zitadel.session.v2.SearchQuery": SESSIONS,
    "zitadel.org.v2.SearchQuery": ORGS,
    "zitadel.project.v2.ProjectSearchFilter": PROJECTS,
    "zitadel.application.v2.ApplicationSearchFilter": APPS,
    "zitadel.application.v2.ApplicationKeySearchFilter": APP_KEYS,
    "zitadel.org.v2.DomainSearchFilter": ORG_DOMAINS,
    "zitadel.project.v2.ProjectGrantSearchFilter": PROJECT_GRANTS,
    "zitadel.authorization.v2.AuthorizationsSearchFilter": USER_GRANTS,
    "zitadel.internal_permission.v2.AdministratorSearchFilter": MEMBERS,
    "zitadel.action.v2.TargetSearchFilter": TARGETS,
    "zitadel.action.v2.PublicKeySearchFilter": TARGET_KEYS,
    "zitadel.action.v2.ExecutionSearchFilter": EXECUTIONS,
    "zitadel.instance.v2.CustomDomainFilter": INSTANCE_DOMAINS,
    "zitadel.instance.v2.TrustedDomainFilter": TRUSTED_DOMAINS,
}
IN_MEMORY = {"zitadel.instance.v2.Filter"}
"""Filters of the list of instances, which asks no table."""


@each_wire
async def test_a_user_is_read_alike_on_every_wire(server, wire_call):
    gigi = {"user_id": (await server.human("gigi"))["id"]}
    expected = await by_rest(server, f"{USER}/GetUserByID", server.headers(), gigi)
    got = await wire_call(server, f"{USER}/GetUserByID", server.headers(), gigi)
    assert got == expected
    assert got["user"]["human"]["passwordChanged"]


@each_wire
async def test_a_change_and_its_refusals_are_told_alike_on_every_wire(server, wire_call):
    gigi = {"user_id": (await server.human("gigi"))["id"]}
    done = await wire_call(server, f"{USER}/LockUser", server.headers(), gigi)
    assert set(done["details"]) == {"sequence", "changeDate", "creationDate", "resourceOwner"}
    again = await wire_call(server, f"{USER}/LockUser", server.headers(), gigi)
    assert (again["id"], again["code"]) == ("USER-AlreadyLocked", 9)
    assert again["message"] == (
        "This user is already locked. There is nothing to do. (USER-AlreadyLocked)"
    )
    denied = await wire_call(server, f"{USER}/LockUser", server.headers(GUEST), gigi)
    assert (denied["id"], denied["code"]) == ("AUTH-PermissionDenied", 7)


@pytest.mark.parametrize(("message", "table"), LISTED.items())
def test_every_filter_of_a_list_is_declared(message, table):
    assert undeclared(table, message_class(message).DESCRIPTOR) == []


def test_every_list_that_is_bound_is_among_them():
    bound = [
        method.request.DESCRIPTOR
        for name, method in wire.METHODS.items()
        if wire.DEFAULT.function(name) and "/List" in name and ".v2beta." not in name
    ]
    kinds = {
        field.message_type.full_name
        for request in bound
        for field in request.fields
        if field.name in {"queries", "filters"}
    }
    assert kinds == set(LISTED) | IN_MEMORY


async def test_grpc_carries_a_token_and_a_list(server):
    page = await server.grpc(f"{USER}/ListUsers", query={"limit": 1})
    assert page.details.total_result == 5
    assert len(page.result) == 1
    assert ROOT in server.tokens
