"""The older v2beta packages: same functions, their own names, numbers and routes."""

import pytest
from personae.actors.domain.kit import Refusal
from personae.http import wire
from personae.http.wire.beta import ALIKE
from personae.http.wire.beta_calls import ask, older
from personae.http.wire.beta_fields import ASKED, TOLD
from personae.http.wire.descriptors import message_class

from tests.aggregates.conftest import INSTANCE, ORG, PROJECT
from tests.http.api.conftest import GUEST, OTHER_ORG, ROOT

HUMAN = {
    "profile": {"givenName": "Gigi", "familyName": "Giraffe"},
    "email": {"email": "gigi@example.com", "isVerified": True},
}
OIDC = {
    "redirectUris": ["https://app.example.com/callback"],
    "responseTypes": ["OIDC_RESPONSE_TYPE_CODE"],
    "grantTypes": ["OIDC_GRANT_TYPE_AUTHORIZATION_CODE"],
    "devMode": True,
}
EQUALS = "TEXT_QUERY_METHOD_EQUALS"


async def rest(server, verb, path, body=None, *, user=ROOT, status=200):
    url, headers = f"/v2beta/{path}", server.headers(user)
    async with server.http.request(verb, url, json=body, headers=headers) as answer:
        got = await answer.json()
        assert answer.status == status, got
    return got


async def test_users_and_sessions_of_the_older_packages_are_those_of_v2(server):
    body = {"username": "gigi", "organization": {"orgId": ORG}, **HUMAN}
    added = await rest(server, "POST", "users/human", body, status=201)
    user = await server.grpc("zitadel.user.v2beta.UserService/GetUserByID", user_id=added["userId"])
    assert type(user).DESCRIPTOR.full_name == "zitadel.user.v2beta.GetUserByIDResponse"
    assert user.user.human.profile.given_name == "Gigi"
    seen = await server.ok("zitadel.user.v2.UserService/GetUserByID", user_id=added["userId"])
    assert seen["user"]["details"]["sequence"] == str(user.user.details.sequence)
    check = {"checks": {"user": {"userId": added["userId"]}}}
    opened = await rest(server, "POST", "sessions", check, status=201)
    session = await rest(server, "GET", f"sessions/{opened['sessionId']}")
    assert session["session"]["factors"]["user"]["loginName"] == "gigi"


async def test_projects_have_an_id_instead_of_a_project_id(server):
    new = await rest(server, "POST", "projects", {"organizationId": ORG, "name": "Shop"})
    id_ = new["id"]
    await rest(server, "POST", f"projects/{id_}", {"projectRoleCheck": True})
    shown = (await rest(server, "GET", f"projects/{id_}"))["project"]
    assert (shown["id"], shown["name"], shown["authorizationRequired"]) == (id_, "Shop", True)
    role = {"roleKey": "buyer", "displayName": "Buyer"}
    await rest(server, "POST", f"projects/{id_}/roles", role)
    grant = {"grantedOrganizationId": OTHER_ORG, "roleKeys": ["buyer"]}
    await rest(server, "POST", f"projects/{id_}/grants", grant)
    listed = await rest(server, "POST", "projects/grants/search", {})
    assert [(one["projectId"], one["grantedRoleKeys"]) for one in listed["projectGrants"]] == [
        (id_, ["buyer"])
    ]
    owned = {"filters": [{"projectResourceOwnerFilter": {"id": ORG}}]}
    names = [p["name"] for p in (await rest(server, "POST", "projects/search", owned))["projects"]]
    assert "Shop" in names
    refused = await rest(
        server, "POST", "projects", {"organizationId": ORG, "name": "B", "admins": [{}]}, status=501
    )
    assert refused["details"][0]["id"] == "REQUEST-OlderField"
    assert (await rest(server, "DELETE", f"projects/{id_}"))["deletionDate"]


async def test_applications_and_keys_go_by_their_older_names(server):
    body = {"projectId": PROJECT, "name": "Web", "oidcRequest": OIDC}
    new = await rest(server, "POST", "applications", body)
    assert new["oidcResponse"]["clientSecret"]
    app = (await rest(server, "GET", f"applications/{new['appId']}"))["app"]
    assert (app["state"], app["oidcConfig"]["devMode"]) == ("APP_STATE_ACTIVE", True)
    assert "appType" not in app["oidcConfig"]
    change = {"projectId": PROJECT, "oidcConfigurationRequest": {"devMode": False}, "name": "Web2"}
    await rest(server, "PATCH", f"applications/{new['appId']}", change)
    only = {"projectId": PROJECT, "filters": [{"oidcAppOnly": True}]}
    listed = (await rest(server, "POST", "applications/search", only))["applications"]
    assert "Web2" in [one["name"] for one in listed]
    only["filters"] = [{"apiAppOnly": True}, {"nameFilter": {"name": "Web2"}}]
    assert "applications" not in await rest(server, "POST", "applications/search", only)
    secret = {"projectId": PROJECT, "isOidc": True}
    path = f"applications/{new['appId']}/generate_client_secret"
    assert (await rest(server, "POST", path, secret))["clientSecret"]


async def test_keys_of_applications_go_by_their_older_names(server):
    api = {"authMethodType": "API_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT"}
    new = await rest(
        server, "POST", "applications", {"projectId": PROJECT, "name": "Api", "apiRequest": api}
    )
    of = {"appId": new["appId"], "projectId": PROJECT, "expirationDate": "2037-01-01T00:00:00Z"}
    key = await rest(server, "POST", "application_keys", of)
    shown = await rest(server, "GET", f"application_keys/{key['id']}")
    assert shown["expirationDate"] == "2037-01-01T00:00:00Z"
    listed = await rest(server, "POST", "application_keys/search", {"applicationId": new["appId"]})
    assert [one["id"] for one in listed["keys"]] == [key["id"]]


async def test_organisations_go_by_their_older_names(server):
    body = {"name": "Zoo", "admins": [{"human": {"username": "gigi", **HUMAN}}]}
    new = await rest(server, "POST", "organizations", body)
    assert new["creationDate"]
    assert new["organizationAdmins"][0]["createdAdmin"]["userId"]
    zoo = {"filter": [{"nameFilter": {"name": "Zoo"}}], "pagination": {"limit": 5}}
    listed = await rest(server, "POST", "organizations/search", zoo)
    assert listed["pagination"]["totalResult"] == "1"
    [shown] = listed["organizations"]
    assert (shown["id"], shown["state"]) == (new["id"], "ORG_STATE_ACTIVE")
    assert shown["creationDate"]
    assert (await rest(server, "POST", f"organizations/{new['id']}/deactivate", {}))["changeDate"]
    path = f"organizations/{new['id']}/domains"
    await rest(server, "POST", path, {"domain": "zoo.example.com"})
    text = {"domainNameFilter": {"name": "zoo.example.com", "method": EQUALS}}
    domains = (await rest(server, "POST", f"{path}/search", {"filters": [text]}))["domains"]
    assert [one["domainName"] for one in domains] == ["zoo.example.com"]


async def test_authorizations_are_flat(server):
    project = await rest(server, "POST", "projects", {"organizationId": ORG, "name": "Shop"})
    role = {"roleKey": "buyer", "displayName": "Buyer"}
    await rest(server, "POST", f"projects/{project['id']}/roles", role)
    body = {"userId": GUEST, "projectId": project["id"], "roleKeys": ["buyer"]}
    new = await rest(server, "POST", "authorizations", {**body, "organizationId": ORG})
    mine = {"filters": [{"userId": {"id": GUEST}}]}
    [shown] = (await rest(server, "POST", "authorizations/search", mine))["authorizations"]
    assert (shown["id"], shown["projectId"], shown["projectName"], shown["roles"]) == (
        new["id"],
        project["id"],
        "Shop",
        ["buyer"],
    )
    nobody = {"filters": [{"userId": {"id": "nobody"}}]}
    assert "authorizations" not in await rest(server, "POST", "authorizations/search", nobody)


async def test_administrators_of_project_grants_have_another_number(server):
    body = {"userId": GUEST, "resource": {"organizationId": ORG}, "roles": ["ORG_OWNER_VIEWER"]}
    await rest(server, "POST", "administrators", body)
    listed = await rest(server, "POST", "administrators/search", {})
    assert GUEST in [one["user"]["id"] for one in listed["administrators"]]
    of = {"filters": [{"resource": {"projectGrantId": "g1"}}]}
    refused = await rest(server, "POST", "administrators/search", of, status=501)
    assert refused["details"][0]["id"] == "REQUEST-OlderField"


async def test_instances_go_by_their_older_names(server):
    shown = await rest(server, "GET", f"instances/{INSTANCE}")
    assert shown["instance"]["domains"]
    path = f"instances/{INSTANCE}/trusted-domains"
    await rest(server, "POST", path, {"domain": "trusted.example.com"})
    text = {"domainQuery": {"domain": "trusted.example.com", "method": EQUALS}}
    listed = await rest(server, "POST", f"{path}/search", {"queries": [text]})
    assert [one["domain"] for one in listed["trustedDomain"]] == ["trusted.example.com"]
    primary = {"queries": [{"primaryQuery": {"primary": True}}]}
    found = await rest(server, "POST", f"instances/{INSTANCE}/custom-domains/search", primary)
    assert all(one["primary"] for one in found["domains"])


async def test_refusals_and_permissions_are_those_of_v2(server):
    denied = await rest(server, "GET", f"projects/{PROJECT}", user=GUEST, status=403)
    assert denied == await same_by_v2(server, f"projects/{PROJECT}", GUEST)
    unknown = await rest(server, "GET", "users/nobody", status=404)
    assert unknown["details"][0]["id"] == "USER-NotFound"


async def same_by_v2(server, path, user):
    async with server.http.get(f"/v2/{path}", headers=server.headers(user)) as answer:
        return await answer.json()


@pytest.mark.parametrize("table", [ASKED, TOLD], ids=["asked", "told"])
def test_the_tables_name_fields_that_exist(table):
    """Where they go to is told by the calls above, which refuse what has no place."""
    for kind, fields in table.items():
        package, _, name = kind.partition(".")
        known = message_class(f"zitadel.{package}.v2beta.{name}").DESCRIPTOR.fields_by_name
        assert {path.partition(".")[0] for path in fields} <= set(known)


def test_every_field_of_an_older_request_has_a_place_or_is_refused():
    refused = set()
    for newer in wire.METHODS.values():
        beta = wire.METHODS.get(older(newer.name) or "")
        if beta is None or beta.name.split(".")[1] in ALIKE:
            continue
        for path, request in each_field_alone(beta.request.DESCRIPTOR):
            try:
                ask(request, newer.request())
            except Refusal:
                refused.add(f"{beta.request.DESCRIPTOR.name}.{path}")
    assert refused == {
        "CreateProjectRequest.admins.user_id",
        "CreateProjectRequest.admins.roles",
        "CreateProjectRequest.admins",
        "ListAdministratorsRequest.filters.resource.project_grant_id",
    }


def each_field_alone(message, outer=()):
    """Yield (path, message) with one field set, for each field of a type and of those in it."""
    for field in message.fields:
        inner = field.message_type
        if inner and inner.full_name not in outer:
            for path, value in each_field_alone(inner, (*outer, message.full_name)):
                yield f"{field.name}.{path}", holding(message, field, value)
        yield field.name, holding(message, field, sample(field))


def sample(field):
    if field.message_type:
        return message_class(field.message_type)()
    return {field.TYPE_STRING: "x", field.TYPE_BYTES: b"x"}.get(field.type, 1)


def holding(message, field, value):
    return message_class(message)(**{field.name: [value] if field.is_repeated else value})
