"""Applications changed, and their keys."""

import pytest

from tests.aggregates.conftest import ORG, PROJECT
from tests.http.api.conftest import GUEST, OWNER, ROOT
from tests.http.api.test_applications import GET, SERVICE, WEB, created

UPDATE, LIST = f"{SERVICE}/UpdateApplication", f"{SERVICE}/ListApplicationKeys"
ADD, GET_KEY, DELETE = (f"{SERVICE}/{verb}ApplicationKey" for verb in ("Create", "Get", "Delete"))
UNTIL = "2030-01-01T00:00:00Z"


async def client(server, **kind):
    return (await created(server, **kind))["applicationId"]


async def shown(server, app_id):
    return (await server.ok(GET, application_id=app_id))["application"]


async def test_a_client_changes_what_is_given(server):
    of = {"project_id": PROJECT, "application_id": await client(server)}
    changes = {
        "redirect_uris": ["https://new.example.com/cb"],
        "access_token_type": "OIDC_TOKEN_TYPE_BEARER",
        "clock_skew": "0s",
        "development_mode": True,
        "response_types": ["OIDC_RESPONSE_TYPE_ID_TOKEN"],
    }
    answer = await server.ok(UPDATE, **of, name="New", oidc_configuration=changes)
    app = await shown(server, of["application_id"])
    assert (app["name"], app["changeDate"]) == ("New", answer["changeDate"])
    config = app["oidcConfiguration"]
    assert config["redirectUris"] == ["https://new.example.com/cb"]
    assert config["responseTypes"] == ["OIDC_RESPONSE_TYPE_ID_TOKEN"]
    assert config["grantTypes"] == WEB["grant_types"]
    assert config["developmentMode"] is True
    assert config.get("accessTokenType", "OIDC_TOKEN_TYPE_BEARER") == "OIDC_TOKEN_TYPE_BEARER"
    assert config.get("clockSkew", "0s") == "0s"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"redirect_uris": ["javascript:alert(1)"]}, "APP-RedirectUriInvalid"),
        ({"response_types": ["OIDC_RESPONSE_TYPE_UNSPECIFIED"]}, "REQUEST-InvalidField"),
        ({"grant_types": [9]}, "REQUEST-InvalidField"),
        ({"clock_skew": "9s"}, "REQUEST-InvalidField"),
    ],
)
async def test_an_impossible_change_is_refused(server, changes, reason):
    of = {"project_id": PROJECT, "application_id": await client(server)}
    assert await server.refused(UPDATE, **of, oidc_configuration=changes) == reason


async def test_an_api_changes_how_it_proves_itself(server):
    app_id = await client(server, api_configuration={})
    method = {"auth_method_type": "API_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT"}
    of = {"project_id": PROJECT, "application_id": app_id}
    await server.ok(UPDATE, **of, api_configuration=method)
    config = (await shown(server, app_id))["apiConfiguration"]
    assert config["authMethodType"] == method["auth_method_type"]
    assert await server.refused(UPDATE, **of, oidc_configuration={}) == "APP-OtherType"
    refused = await server.refused(UPDATE, **of, saml_configuration={})
    assert refused == "APP-OtherType"


async def test_an_application_is_changed_only_with_the_permission_in_its_project(server):
    app_id = await client(server)
    for user in (OWNER, GUEST):
        of = {"project_id": PROJECT, "application_id": app_id, "name": "Mine"}
        assert await server.refused(UPDATE, user, **of) == "AUTH-PermissionDenied"
        of = {"project_id": PROJECT, "application_id": app_id, "key_id": "k"}
        assert await server.refused(DELETE, user, **of) == "AUTH-PermissionDenied"


async def keys(server, user=ROOT, **more):
    return (await server.ok(LIST, user, **more)).get("keys", [])


async def test_a_key_is_made_read_listed_and_deleted(server):
    of = {"project_id": PROJECT, "application_id": await client(server)}
    key_id = (await server.ok(ADD, **of, expiration_date=UNTIL))["keyId"]
    got = await server.ok(GET_KEY, key_id=key_id)
    assert (got["keyId"], got["expirationDate"]) == (key_id, UNTIL)
    [listed] = await keys(server)
    assert listed == {
        "keyId": key_id,
        "applicationId": of["application_id"],
        "projectId": PROJECT,
        "creationDate": got["creationDate"],
        "organizationId": ORG,
        "expirationDate": UNTIL,
    }
    assert (await server.ok(DELETE, **of, key_id=key_id))["deletionDate"]
    assert await server.refused(DELETE, **of, key_id=key_id) == "APP-KeyNotFound"
    assert await server.refused(GET_KEY, key_id=key_id) == "APP-KeyNotFound"


async def test_keys_of_others_are_not_there(server):
    of = {"project_id": PROJECT, "application_id": await client(server)}
    key_id = (await server.ok(ADD, **of, expiration_date=UNTIL))["keyId"]
    for user in (OWNER, GUEST):
        assert await server.refused(GET_KEY, user, key_id=key_id) == "APP-KeyNotFound"
        assert await server.ok(LIST, user) == {"pagination": {"appliedLimit": "100"}}


async def test_keys_go_with_their_application_and_are_filtered_and_sorted(server):
    of = {"project_id": PROJECT, "application_id": await client(server)}
    for _ in range(2):
        await server.ok(ADD, **of, expiration_date=UNTIL)
    filters = [
        ({"applicationIdFilter": {"applicationId": of["application_id"]}}, 2),
        ({"projectIdFilter": {"projectId": "none"}}, 0),
        ({"organizationIdFilter": {"organizationId": ORG}}, 2),
    ]
    for query, found in filters:
        assert len(await keys(server, filters=[query])) == found, query
    for column in range(7):
        up = await keys(server, sorting_column=column, pagination={"asc": True})
        assert up == (await keys(server, sorting_column=column))[::-1]
    await server.ok(f"{SERVICE}/DeleteApplication", **of)
    assert await keys(server) == []
