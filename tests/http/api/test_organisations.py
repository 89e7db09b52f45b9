"""Organisations and their first administrators."""

import pytest

from tests.aggregates.conftest import INSTANCE, ORG
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER, ROOT, USER

SERVICE = "zitadel.org.v2.OrganizationService"
ADD, LIST = f"{SERVICE}/AddOrganization", f"{SERVICE}/ListOrganizations"
HUMAN = {
    "profile": {"given_name": "Gigi", "family_name": "Giraffe"},
    "email": {"email": "gigi@example.com", "return_code": {}},
    "user_id": "g1",
}


async def names(server, user=ROOT, **fields):
    found = await server.ok(LIST, user, **fields)
    return [one["name"] for one in found.get("result", ())], found["details"]


async def test_an_organisation_begins_with_its_administrators(server):
    admins = [{"human": HUMAN}, {"user_id": GUEST, "roles": ["ORG_OWNER_VIEWER"]}]
    added = await server.ok(ADD, name="New One", admins=admins)
    assert [one["userId"] for one in added["createdAdmins"]] == ["g1"]
    assert len(added["createdAdmins"][0]["emailCode"]) == 6
    org = await server.services.dispatch.state(INSTANCE, "org", added["organizationId"])
    assert org.members == {"g1": ("ORG_OWNER",), GUEST: ("ORG_OWNER_VIEWER",)}
    got = await server.ok(f"{USER}/GetUserByID", GUEST, user_id="g1")
    assert got["user"]["details"]["resourceOwner"] == added["organizationId"]


async def test_a_first_administrator_has_all_that_was_said_of_it(server):
    secret = {"totp_secret": "TJOPWSDYILLHXFV4MLKNNJOWFG7VSDCK"}
    await server.ok(ADD, name="New One", admins=[{"human": HUMAN | secret}])
    got = await server.ok(f"{USER}/ListAuthenticationMethodTypes", user_id="g1")
    assert got["authMethodTypes"] == ["AUTHENTICATION_METHOD_TYPE_TOTP"]
    for wrong, reason in (
        ({"totp_secret": "no base32"}, "USER-TotpSecretInvalid"),
        ({"idp_links": [{"idp_id": "none", "user_id": "1", "user_name": "n"}]}, "IDP-NotFound"),
    ):
        admin = {"human": HUMAN | {"user_id": "g2"} | wrong}
        assert await server.refused(ADD, name="New Two", admins=[admin]) == reason


async def test_adding_answers_201_by_rest_and_the_id_may_be_chosen(server):
    body = {"name": "New", "org_id": "77"}
    async with server.http.post("/v2/organizations", json=body, headers=server.headers()) as answer:
        assert answer.status == 201
        assert (await answer.json())["organizationId"] == "77"


async def test_what_is_not_possible_is_refused_as_a_whole(server):
    assert await server.refused(ADD, name="Other") == "ORG-NameTaken"
    refused = await server.refused(ADD, name="New", admins=[{"user_id": "nobody"}])
    assert refused == "USER-NotFound"
    refused = await server.refused(ADD, name="New", admins=[{"roles": ["ORG_OWNER"]}])
    assert refused == "REQUEST-InvalidField"
    strange = [{"user_id": GUEST, "roles": ["IAM_OWNER"]}]
    assert await server.refused(ADD, name="New", admins=strange) == "MEMBER-RoleUnknown"
    twice = [{"user_id": GUEST}, {"user_id": GUEST}]
    assert await server.refused(ADD, name="New", admins=twice) == "MEMBER-AlreadyExists"
    assert (await names(server))[1]["totalResult"] == "2"


async def test_adding_needs_the_permission(server):
    for user in (GUEST, OWNER):
        assert await server.refused(ADD, user, name="New") == "AUTH-PermissionDenied"


async def test_one_sees_the_organisations_one_manages_only(server):
    assert set((await names(server))[0]) == {"ACME", "Other"}
    seen, details = await names(server, OWNER)
    assert (seen, details["totalResult"]) == (["Other"], "1")
    assert (await names(server, GUEST))[0] == []


async def test_every_filter_finds_its_organisation(server):
    queries = {
        "nameQuery": {"name": "acm", "method": "TEXT_QUERY_METHOD_STARTS_WITH_IGNORE_CASE"},
        "domainQuery": {"domain": "acme.127.0.0.1"},
        "idQuery": {"id": ORG},
        "defaultQuery": {},
    }
    for name, query in queries.items():
        assert (await names(server, queries=[{name: query}]))[0] == ["ACME"], name
    state = {"stateQuery": {"state": "ORGANIZATION_STATE_INACTIVE"}}
    assert (await names(server, queries=[state]))[0] == []
    found = await server.ok(LIST, queries=[{"idQuery": {"id": OTHER_ORG}}])
    assert found["result"][0]["primaryDomain"] == "other.localhost"


async def test_organisations_are_sorted_by_every_column_both_ways(server):
    for number in range(3):
        up = await names(server, sorting_column=number, query={"asc": True})
        down = await names(server, sorting_column=number)
        assert up[0] == down[0][::-1]


async def test_what_is_added_is_listed_at_once_100_of_100(server):
    for number in range(100):
        await server.ok(ADD, name=f"o{number}")
        query = {"nameQuery": {"name": f"o{number}"}}
        assert (await names(server, queries=[query]))[0] == [f"o{number}"]


async def test_an_organisation_is_renamed_paused_and_deleted_by_who_may(server):
    other = {"organization_id": OTHER_ORG}
    await server.ok(f"{SERVICE}/UpdateOrganization", OWNER, **other, name="New")
    await server.ok(f"{SERVICE}/DeactivateOrganization", **other)
    [listed] = (await server.ok(LIST, queries=[{"idQuery": {"id": OTHER_ORG}}]))["result"]
    assert (listed["name"], listed["state"]) == ("New", "ORGANIZATION_STATE_INACTIVE")
    await server.ok(f"{SERVICE}/ActivateOrganization", **other)
    refused = await server.refused(f"{SERVICE}/ActivateOrganization", **other)
    assert refused == "ORG-AlreadyActive"
    assert (await server.ok(f"{SERVICE}/DeleteOrganization", **other))["deletionDate"]
    assert (await names(server))[0] == ["ACME"]


METHODS = {
    "UpdateOrganization": {"name": "New"},
    "DeactivateOrganization": {},
    "ActivateOrganization": {},
    "DeleteOrganization": {},
}


@pytest.mark.parametrize(("method", "fields"), METHODS.items())
async def test_organisations_are_changed_only_with_the_permission(server, method, fields):
    asked = {"organization_id": ORG, **fields}
    refused = await server.refused(f"{SERVICE}/{method}", OWNER, **asked)
    assert refused == "AUTH-PermissionDenied"
    asked["organization_id"] = "none"
    assert await server.refused(f"{SERVICE}/{method}", **asked) == "ORG-NotFound"


async def test_the_default_organisation_stays(server):
    refused = await server.refused(f"{SERVICE}/DeleteOrganization", organization_id=ORG)
    assert refused == "ORG-DefaultCannotBeRemoved"
