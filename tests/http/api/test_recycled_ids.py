"""ZA-51, OA-11: who comes after somebody gets nothing of theirs, neither by id nor by name."""

from base64 import b64encode

import pytest
from personae.actors.domain.project.commands import AddAPIApp

from tests.aggregates.conftest import INSTANCE, ORG
from tests.aggregates.conftest import PROJECT as FIRST_PROJECT
from tests.http.api import system
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER, ROOT, SESSION, USER

ORGS, PROJECT = "zitadel.org.v2.OrganizationService", "zitadel.project.v2.ProjectService"
APP = "zitadel.application.v2.ApplicationService"


async def test_the_id_of_something_that_was_deleted_is_never_given_again(server):
    person = {"organization_id": ORG, "user_id": "4711", "username": "m", "machine": {"name": "M"}}
    await server.ok(f"{USER}/CreateUser", **person)
    await server.ok(f"{USER}/DeleteUser", user_id="4711")
    assert await server.refused(f"{USER}/CreateUser", **person) == "USER-AlreadyExists"
    other = person | {"organization_id": OTHER_ORG}
    assert await server.refused(f"{USER}/CreateUser", **other) == "USER-AlreadyExists"

    org = {"name": "Third", "organization_id": "4712"}
    await server.ok(f"{ORGS}/AddOrganization", **org)
    await server.ok(f"{ORGS}/DeleteOrganization", organization_id="4712")
    assert await server.refused(f"{ORGS}/AddOrganization", **org) == "ORG-AlreadyExists"

    project = {"organization_id": ORG, "project_id": "4713", "name": "Shop"}
    await server.ok(f"{PROJECT}/CreateProject", **project)
    api = {"project_id": "4713", "application_id": "4714", "name": "API"}
    api["api_configuration"] = {"auth_method_type": "API_AUTH_METHOD_TYPE_BASIC"}
    first = await server.ok(f"{APP}/CreateApplication", **api)
    await server.ok(f"{APP}/DeleteApplication", project_id="4713", application_id="4714")
    again = await server.ok(f"{APP}/CreateApplication", **api)  # what counts is the client's id
    ids = {each["apiConfiguration"]["clientId"] for each in (first, again)}
    assert len(ids) == 2
    await server.ok(f"{PROJECT}/DeleteProject", project_id="4713")
    project["organization_id"] = OTHER_ORG
    assert await server.refused(f"{PROJECT}/CreateProject", **project) == "PROJECT-AlreadyExists"


async def test_a_name_is_given_again_without_anything_of_its_last_holder(server):
    await server.idp("i")
    old = (await server.human())["id"]
    await server.token_of(old)
    checks = {"user": {"login_name": "gigi"}, "password": {"password": "Secret-Word-1"}}
    opened = await server.ok(f"{SESSION}/CreateSession", checks=checks)
    link = {"idp_id": "i", "user_id": "x", "user_name": "gigi"}
    await server.ok(f"{USER}/AddIDPLink", user_id=old, idp_link=link)
    entry = {"key": "k", "value": b64encode(b"v").decode()}
    await server.ok(f"{USER}/SetUserMetadata", user_id=old, metadata=[entry])
    code = await server.ok(f"{USER}/PasswordReset", user_id=old, return_code={})
    await server.ok(f"{USER}/DeleteUser", user_id=old)

    new = (await server.human())["id"]
    assert new != old
    refused = await server.call(f"{USER}/GetUserByID", old, user_id=new)
    assert refused["code"] == "unauthenticated"
    gone = {"session_id": opened["sessionId"], "session_token": opened["sessionToken"]}
    assert await server.refused(f"{SESSION}/SetSession", **gone, lifetime="60s") == "USER-NotFound"
    checked = {"user": {"user_id": new}, "password": {"password": "Secret-Word-1"}}
    taken_over = await server.call(f"{SESSION}/SetSession", **gone, checks=checked)
    assert "code" in taken_over, taken_over
    set_ = {
        "new_password": {"password": "Other-Word-1"},
        "verification_code": code["verificationCode"],
    }
    assert await server.refused(f"{USER}/SetPassword", user_id=new, **set_) == "USER-CodeInvalid"
    assert "result" not in await server.ok(f"{USER}/ListIDPLinks", user_id=new)
    assert "metadata" not in await server.ok(f"{USER}/ListUserMetadata", user_id=new)
    taken = await server.ok(f"{USER}/AddIDPLink", user_id=new, idp_link=link)
    assert taken["details"]["resourceOwner"] == ORG


async def test_a_domain_and_a_name_go_to_another_organisation_without_its_people(server):
    shop = await server.ok(f"{ORGS}/AddOrganization", name="Shop", organization_id="4715")
    assert shop["organizationId"] == "4715"
    await server.ok(f"{ORGS}/AddOrganizationDomain", organization_id="4715", domain="shop.test")
    person = {
        "organization_id": "4715",
        "user_id": "4716",
        "username": "b",
        "machine": {"name": "M"},
    }
    await server.ok(f"{USER}/CreateUser", **person)
    await server.ok(f"{ORGS}/DeleteOrganization", organization_id="4715")
    again = (await server.ok(f"{ORGS}/AddOrganization", name="Shop"))["organizationId"]
    await server.ok(f"{ORGS}/AddOrganizationDomain", organization_id=again, domain="shop.test")
    found = await server.ok(
        f"{USER}/ListUsers", queries=[{"organizationIdQuery": {"organizationId": again}}]
    )
    assert "result" not in found
    events = await server.services.world.log.after(INSTANCE, 0, 9999)
    assert {each.owner for each in events if each.stream.id == "4716"} == {"4715"}
    assert await server.refused(f"{USER}/GetUserByID", ROOT, user_id="4716") == "USER-NotFound"


@pytest.mark.parametrize("id_", ["SYSTEM", "ops", INSTANCE, ORG, "client"])
async def test_no_user_is_called_like_somebody_else(server, id_):
    """Sessions are shown to who made them: this server, for those of its sign-in pages."""
    server.services.system_users = system.known("IAM_LOGIN_CLIENT")
    client = {"project_id": FIRST_PROJECT, "app_id": "a", "client_id": "client", "name": "API"}
    await server.send(AddAPIApp(**client))
    human = {
        "profile": {"given_name": "Eve", "family_name": "E"},
        "email": {"email": "eve@eve.test", "is_verified": True},
    }
    machine = {"user_id": id_, "organization_id": OTHER_ORG, "machine": {"name": "M"}}
    older = {"user_id": id_, "organization": {"org_id": OTHER_ORG}, "username": "eve"}
    for method, fields in (("CreateUser", machine), ("AddHumanUser", older | human)):
        refused = [
            await server.refused(f"{USER}/{method}", who, **fields) for who in (OWNER, GUEST)
        ]
        assert refused == ["USER-AlreadyExists", "AUTH-PermissionDenied"]
    org = {"name": "Eve's", "admins": [{"human": human | {"user_id": id_, "username": "eve"}}]}
    assert await server.refused(f"{ORGS}/AddOrganization", **org) == "USER-AlreadyExists"
    assert await server.refused(f"{ORGS}/AddOrganization", GUEST, **org) == "AUTH-PermissionDenied"


async def test_the_id_of_a_project_takes_no_names_of_another(server):
    """Names in a project are unique as ``name:id``."""
    project = {"organization_id": OTHER_ORG, "project_id": "admin:p1", "name": "Shop"}
    refused = await server.refused(f"{PROJECT}/CreateProject", OWNER, **project)
    assert refused == "REQUEST-InvalidField"
