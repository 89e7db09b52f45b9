"""Applications: OpenID Connect clients and APIs."""

import base64
import json

import pytest

from tests.aggregates.conftest import PROJECT
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER, ROOT

SERVICE = "zitadel.application.v2.ApplicationService"
PROJECTS = "zitadel.project.v2.ProjectService"
CREATE, GET = f"{SERVICE}/CreateApplication", f"{SERVICE}/GetApplication"
LIST, UPDATE = f"{SERVICE}/ListApplications", f"{SERVICE}/UpdateApplication"
WEB = {
    "redirect_uris": ["https://app.example.com/callback"],
    "response_types": ["OIDC_RESPONSE_TYPE_CODE"],
    "grant_types": ["OIDC_GRANT_TYPE_AUTHORIZATION_CODE", "OIDC_GRANT_TYPE_REFRESH_TOKEN"],
    "post_logout_redirect_uris": ["https://app.example.com/bye"],
    "clock_skew": "2s",
    "access_token_type": "OIDC_TOKEN_TYPE_JWT",
    "additional_origins": ["https://other.example.com"],
}


async def created(server, name="Web", **more):
    kind = more or {"oidc_configuration": WEB}
    return await server.ok(CREATE, project_id=PROJECT, name=name, **kind)


async def names(server, user=ROOT, **fields):
    found = await server.ok(LIST, user, **fields)
    return [one["name"] for one in found.get("applications", ())], found["pagination"]


async def test_a_created_client_is_read_at_once_as_it_was_given(server):
    new = await created(server)
    assert new["oidcConfiguration"]["clientSecret"]
    assert "nonCompliant" not in new["oidcConfiguration"]
    got = (await server.ok(GET, application_id=new["applicationId"]))["application"]
    assert (got["name"], got["projectId"]) == ("Web", PROJECT)
    assert got["state"] == "APPLICATION_STATE_ACTIVE"
    client = got["oidcConfiguration"]
    assert client.pop("clientId") == new["oidcConfiguration"]["clientId"]
    assert client.pop("allowedOrigins") == ["https://app.example.com", "https://other.example.com"]
    assert {name: client.pop(_camel(name)) for name in WEB} == WEB
    assert client == {}


def _camel(name):
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


async def test_an_api_is_read_as_it_was_given(server):
    new = await created(
        server, api_configuration={"auth_method_type": "API_AUTH_METHOD_TYPE_BASIC"}
    )
    assert new["apiConfiguration"]["clientSecret"]
    keyed = await created(
        server,
        "Keyed",
        api_configuration={"auth_method_type": "API_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT"},
    )
    assert "clientSecret" not in keyed["apiConfiguration"]
    got = (await server.ok(GET, application_id=keyed["applicationId"]))["application"]
    assert got["apiConfiguration"]["authMethodType"] == "API_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT"


async def test_what_is_unwise_is_told_in_the_callers_language(server):
    native = {"application_type": "OIDC_APP_TYPE_NATIVE"}
    headers = server.headers() | {"Accept-Language": "de"}
    body = {"project_id": PROJECT, "name": "N", "oidc_configuration": native}
    async with server.http.post(f"/{CREATE}", json=body, headers=headers) as answer:
        new = await answer.json()
    problems = new["oidcConfiguration"]["complianceProblems"]
    assert new["oidcConfiguration"]["nonCompliant"] is True
    assert [one["key"] for one in problems] == [
        "Application.OIDC.V1.NoRedirectUris",
        "Application.OIDC.V1.Native.AuthMethodType.NotNone",
    ]
    assert problems[0]["localizedMessage"].startswith("Für diese Art")


async def test_nothing_is_refused(server):
    assert await server.refused(CREATE, project_id=PROJECT, name="S") == "REQUEST-InvalidField"


async def test_a_dangerous_redirect_and_a_taken_name_are_refused(server):
    await created(server)
    fields = {"project_id": PROJECT, "name": "Web"}
    assert await server.refused(CREATE, **fields, oidc_configuration=WEB) == "APP-NameTaken"
    evil = WEB | {"redirect_uris": ["javascript:alert(1)"]}
    refused = await server.refused(CREATE, **fields, oidc_configuration=evil)
    assert refused == "APP-RedirectUriInvalid"


async def test_one_sees_the_applications_of_ones_organisation_only(server):
    app = (await created(server))["applicationId"]
    mine = await server.ok(f"{PROJECTS}/CreateProject", organization_id=OTHER_ORG, name="Mine")
    more = {"project_id": mine["projectId"], "name": "Mine", "oidc_configuration": WEB}
    await server.ok(CREATE, OWNER, **more)
    assert await names(server, OWNER) == (["Mine"], {"totalResult": "1", "appliedLimit": "100"})
    assert (await names(server, GUEST))[0] == []
    for user in (OWNER, GUEST):
        assert await server.refused(GET, user, application_id=app) == "APP-NotFound"


async def test_every_filter_finds_its_applications(server):
    web = await created(server)
    await created(server, "Api", api_configuration={})
    client_id = web["oidcConfiguration"]["clientId"]
    found = {
        ("projectIdFilter", PROJECT): {"projectId": PROJECT},
        ("nameFilter", "Web"): {"name": "We", "method": "TEXT_FILTER_METHOD_STARTS_WITH"},
        ("stateFilter", PROJECT): "APPLICATION_STATE_ACTIVE",
        ("typeFilter", "Api"): "APPLICATION_TYPE_API",
        ("clientIdFilter", "Web"): {"clientId": client_id},
        ("entityIdFilter", ""): {"entityId": "x"},
    }
    expected = {PROJECT: ["Api", "Web"], "Web": ["Web"], "Api": ["Api"], "": []}
    for (name, which), query in found.items():
        asked = {"sorting_column": "APPLICATION_SORT_BY_NAME", "pagination": {"asc": True}}
        assert (await names(server, filters=[{name: query}], **asked))[0] == expected[which]


async def test_applications_are_sorted_by_every_column_both_ways(server):
    await created(server)
    await created(server, "Api", api_configuration={})
    for number in range(5):
        up = await names(server, sorting_column=number, pagination={"asc": True})
        down = await names(server, sorting_column=number)
        assert up[0] == down[0][::-1]


async def test_an_application_is_paused_and_deleted(server):
    ids = {"application_id": (await created(server))["applicationId"], "project_id": PROJECT}
    only = {"application_id": ids["application_id"]}
    assert (await server.ok(f"{SERVICE}/DeactivateApplication", **ids))["deactivationDate"]
    got = await server.ok(GET, **only)
    assert got["application"]["state"] == "APPLICATION_STATE_INACTIVE"
    assert (await server.ok(f"{SERVICE}/ReactivateApplication", **ids))["reactivationDate"]
    assert (
        await server.refused(f"{SERVICE}/ReactivateApplication", **ids) == "PROJECT-AlreadyActive"
    )
    assert (await server.ok(f"{SERVICE}/DeleteApplication", **ids))["deletionDate"]
    assert await server.refused(GET, **only) == "APP-NotFound"
    assert await server.refused(f"{SERVICE}/DeleteApplication", **ids) == "APP-NotFound"


async def test_deleting_a_project_deletes_its_applications(server):
    project = await server.ok(f"{PROJECTS}/CreateProject", organization_id=OTHER_ORG, name="P")
    app = {"project_id": project["projectId"], "name": "A", "oidc_configuration": WEB}
    await server.ok(CREATE, **app)
    await server.ok(f"{PROJECTS}/DeleteProject", project_id=project["projectId"])
    assert (await names(server))[0] == []


async def test_a_new_secret_is_shown_once(server):
    new = await created(server)
    ids = {"application_id": new["applicationId"], "project_id": PROJECT}
    made = await server.ok(f"{SERVICE}/GenerateClientSecret", **ids)
    assert made["clientSecret"] != new["oidcConfiguration"]["clientSecret"]
    public = await created(
        server, "P", oidc_configuration=WEB | {"auth_method_type": "OIDC_AUTH_METHOD_TYPE_NONE"}
    )
    ids["application_id"] = public["applicationId"]
    refused = await server.refused(f"{SERVICE}/GenerateClientSecret", **ids)
    assert refused == "APP-NoSecretForMethod"


async def test_a_made_key_comes_as_a_file_for_clients(server):
    new = await created(server)
    ids = {"application_id": new["applicationId"], "project_id": PROJECT}
    made = await server.ok(f"{SERVICE}/CreateApplicationKey", **ids)
    details = json.loads(base64.b64decode(made["keyDetails"]))
    assert details.pop("key").startswith("-----BEGIN")
    assert details == {
        "type": "application",
        "keyId": made["keyId"],
        "appId": ids["application_id"],
        "clientId": new["oidcConfiguration"]["clientId"],
    }


METHODS = (
    "DeleteApplication",
    "DeactivateApplication",
    "ReactivateApplication",
    "GenerateClientSecret",
    "CreateApplicationKey",
)


@pytest.mark.parametrize("method", METHODS)
async def test_applications_are_changed_only_with_the_permission(server, method):
    ids = {"application_id": (await created(server))["applicationId"], "project_id": PROJECT}
    refused = await server.refused(f"{SERVICE}/{method}", OWNER, **ids)
    assert refused == "AUTH-PermissionDenied"
    missing = ids | {"application_id": "none"}
    assert (await server.refused(f"{SERVICE}/{method}", **missing)).startswith("APP-")


async def test_what_is_created_is_listed_and_read_at_once_100_of_100(server):
    for number in range(100):
        new = await created(server, f"a{number}")
        assert (await names(server, filters=[{"nameFilter": {"name": f"a{number}"}}]))[0]
        got = await server.ok(GET, application_id=new["applicationId"])
        assert got["application"]["name"] == f"a{number}"


async def test_the_sign_in_pages_of_a_client(server):
    pages = {"login_v2": {"base_uri": "https://login.example"}}
    app_id = (await created(server, oidc_configuration=WEB | {"login_version": pages}))[
        "applicationId"
    ]
    of = {"project_id": PROJECT, "application_id": app_id}

    async def shown():
        return (await server.ok(GET, application_id=app_id))["application"]["oidcConfiguration"]

    assert (await shown())["loginVersion"] == {"loginV2": {"baseUri": "https://login.example"}}
    await server.ok(UPDATE, **of, oidc_configuration={"login_version": {"login_v1": {}}})
    assert (await shown())["loginVersion"] == {"loginV1": {}}
    bad = {"login_version": {"login_v2": {"base_uri": "javascript:alert(1)"}}}
    assert await server.refused(UPDATE, **of, oidc_configuration=bad) == "APP-LoginUriInvalid"
