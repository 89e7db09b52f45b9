"""Instances over the API: by their owners, and by system users with signed tokens."""

import time
from dataclasses import replace

import pytest
from personae.actors.domain.kit import Caller

from tests.aggregates.conftest import INSTANCE, ORG, SETUP
from tests.http.api import system
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER, ROOT

SERVICE = "zitadel.instance.v2.InstanceService"
OPS = "ops"
GET, LIST = f"{SERVICE}/GetInstance", f"{SERVICE}/ListInstances"


@pytest.fixture
def ops(server):
    server.services.system_users = system.known("SYSTEM_OWNER")
    server.tokens[OPS] = system.token()
    return server


@pytest.fixture
async def second(ops):
    """Another instance on the same server."""
    other = replace(
        SETUP,
        instance_id="2",
        name="Second",
        domain="second.test",
        users=(),
        web_keys=(),
    )
    await ops.services.send(other, Caller.of_system("2"))
    return ops


async def domains(server, method="Custom", user=ROOT, **fields):
    got = await server.ok(f"{SERVICE}/List{method}Domains", user, **fields)
    key = "domains" if method == "Custom" else "trustedDomain"
    return [each["domain"] for each in got.get(key, ())]


async def test_an_owner_reads_and_renames_the_instance(server):
    assert (await server.ok(f"{SERVICE}/UpdateInstance", instance_name="New"))["changeDate"]
    instance = (await server.ok(GET))["instance"]
    assert (instance["id"], instance["name"]) == (INSTANCE, "New")
    assert (instance["state"], instance["version"]) == ("STATE_RUNNING", "0.1.0")
    [domain] = instance["customDomains"]
    assert (domain["domain"], domain["primary"]) == ("127.0.0.1", True)


@pytest.mark.parametrize(
    ("method", "fields"),
    [
        ("GetInstance", {}),
        ("UpdateInstance", {"instance_name": "X"}),
        ("DeleteInstance", {"instance_id": INSTANCE}),
        ("ListInstances", {}),
        ("AddCustomDomain", {"instance_id": INSTANCE, "custom_domain": "x.test"}),
        ("RemoveCustomDomain", {"instance_id": INSTANCE, "custom_domain": "x.test"}),
        ("ListCustomDomains", {}),
        ("AddTrustedDomain", {"trusted_domain": "x.test"}),
        ("RemoveTrustedDomain", {"trusted_domain": "x.test"}),
        ("ListTrustedDomains", {}),
    ],
)
async def test_nothing_is_done_without_the_permission(server, method, fields):
    for user in (GUEST, OWNER):
        refused = await server.refused(f"{SERVICE}/{method}", user, **fields)
        assert refused == "AUTH-PermissionDenied"


async def test_owners_of_one_instance_have_no_say_in_another(second):
    assert await second.refused(GET, instance_id="2") == "AUTH-PermissionDenied"
    rename = {"instance_id": "2", "instance_name": "Mine"}
    assert await second.refused(f"{SERVICE}/UpdateInstance", **rename) == "AUTH-PermissionDenied"
    assert await second.refused(LIST) == "AUTH-PermissionDenied"


async def test_a_system_user_renames_any_instance(second):
    rename = {"instance_id": "2", "instance_name": "Renamed"}
    await second.ok(f"{SERVICE}/UpdateInstance", OPS, **rename)
    got = await second.ok(GET, OPS, instance_id="2")
    assert got["instance"]["name"] == "Renamed"
    assert await second.refused(GET, OPS, instance_id="404") == "INSTANCE-NotFound"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([], ["1", "2"]),
        ([{"inIdsFilter": {"ids": ["2"]}}], ["2"]),
        ([{"customDomainsFilter": {"domains": ["second.test"]}}], ["2"]),
        ([{"customDomainsFilter": {"domains": ["none.test"]}}], []),
    ],
)
async def test_a_system_user_lists_instances(second, filters, found):
    for column in range(4):
        asked = {"sorting_column": column, "pagination": {"asc": True}, "filters": filters}
        got = await second.ok(LIST, OPS, **asked)
        assert sorted(each["id"] for each in got.get("instances", ())) == found
        assert int(got["pagination"].get("totalResult", 0)) == len(found)


async def test_lists_of_instances_are_paged(second):
    page = {"limit": 1, "offset": 1, "asc": True}
    got = await second.ok(LIST, OPS, sorting_column="FIELD_NAME_ID", pagination=page)
    assert [each["id"] for each in got["instances"]] == ["2"]
    down = await second.ok(LIST, OPS, sorting_column="FIELD_NAME_NAME")
    assert [each["name"] for each in down["instances"]] == ["Test", "Second"]
    too_much = {"limit": 100_000}
    assert await second.refused(LIST, OPS, pagination=too_much) == "QUERY-LimitExceeded"


async def test_a_deleted_instance_is_gone_and_its_domain_is_free(second):
    assert (await second.ok(f"{SERVICE}/DeleteInstance", OPS, instance_id="2"))["deletionDate"]
    assert await second.refused(GET, OPS, instance_id="2") == "INSTANCE-NotFound"
    taken = {"instance_id": INSTANCE, "custom_domain": "second.test"}
    assert await second.ok(f"{SERVICE}/AddCustomDomain", OPS, **taken)


async def test_custom_domains_come_and_go_but_the_primary_stays(second):
    add, remove = f"{SERVICE}/AddCustomDomain", f"{SERVICE}/RemoveCustomDomain"
    x = {"instance_id": INSTANCE, "custom_domain": "X.test"}
    await second.ok(add, OPS, **x)
    assert set(await domains(second)) == {"127.0.0.1", "x.test"}
    assert await domains(second, user=OPS, instance_id="2") == ["second.test"]
    assert await second.refused(add, OPS, **x | {"instance_id": "2"}) == "INSTANCE-DomainTaken"
    assert await second.ok(remove, OPS, **x)
    assert await second.refused(remove, OPS, **x) == "INSTANCE-DomainNotFound"
    primary = x | {"custom_domain": "127.0.0.1"}
    assert await second.refused(remove, OPS, **primary) == "INSTANCE-PrimaryDomainStays"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"domainFilter": {"domain": "x", "method": "TEXT_QUERY_METHOD_STARTS_WITH"}}, ["x.test"]),
        ({"primaryFilter": True}, ["127.0.0.1"]),
        ({"generatedFilter": True}, []),
    ],
)
async def test_custom_domains_are_filtered_and_sorted(ops, query, found):
    x = {"instance_id": INSTANCE, "custom_domain": "x.test"}
    await ops.ok(f"{SERVICE}/AddCustomDomain", OPS, **x)
    assert await domains(ops, filters=[query]) == found
    for column in range(5):
        up = await domains(ops, sorting_column=column, pagination={"asc": True})
        assert up == (await domains(ops, sorting_column=column))[::-1]


async def test_trusted_domains_come_and_go(server):
    add, remove = f"{SERVICE}/AddTrustedDomain", f"{SERVICE}/RemoveTrustedDomain"
    await server.ok(add, trusted_domain="login.test")
    await server.ok(add, trusted_domain="b.test")
    by_name = {"sorting_column": 1, "pagination": {"asc": True}}
    assert await domains(server, "Trusted", **by_name) == ["b.test", "login.test"]
    query = {"domainFilter": {"domain": "b.test"}}
    assert await domains(server, "Trusted", filters=[query]) == ["b.test"]
    assert await server.ok(remove, trusted_domain="b.test")
    assert await domains(server, "Trusted") == ["login.test"]
    assert await server.refused(remove, trusted_domain="b.test") == "INSTANCE-DomainNotFound"
    assert await server.refused(add, trusted_domain="no host") == "INSTANCE-DomainInvalid"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"aud": "https://elsewhere.test"}, "TOKEN-WrongAudience"),
        ({"exp": int(time.time()) - 60}, "TOKEN-Expired"),
        ({"exp": int(time.time()) + 7200}, "TOKEN-TooLongLived"),
        ({"sub": "root"}, "TOKEN-UnknownKey"),
        ({"iss": "root", "sub": "root"}, "TOKEN-UnknownKey"),
    ],
)
async def test_a_system_token_says_who_for_whom_and_for_an_hour_at_most(ops, changes, why):
    ops.tokens[OPS] = system.token(**changes)
    assert await ops.refused(LIST, OPS) == why


async def test_a_system_token_of_another_key_is_refused(ops):
    text = system.token()
    ops.tokens[OPS] = text[:-8] + ("AAAAAAAA" if not text.endswith("AAAAAAAA") else "BBBBBBBB")
    assert await ops.refused(LIST, OPS) == "TOKEN-WrongSignature"


async def test_a_system_user_may_do_what_its_memberships_say_and_where(second):
    second.services.system_users = system.known("IAM_OWNER", kind="instance", id_="2")
    assert await second.ok(GET, OPS, instance_id="2")
    assert await second.refused(GET, OPS) == "AUTH-PermissionDenied"
    second.services.system_users = system.known("ORG_OWNER", kind="org", id_=ORG)
    create = "zitadel.project.v2.ProjectService/CreateProject"
    assert await second.ok(create, OPS, organization_id=ORG, name="Shop")
    assert await second.refused(create, OPS, organization_id="11", name="S") == (
        "AUTH-PermissionDenied"
    )


async def test_a_system_user_of_an_organisation_is_shown_what_is_there(ops):
    ops.services.system_users = system.known("ORG_OWNER", kind="org", id_=OTHER_ORG)
    found = await ops.ok("zitadel.user.v2.UserService/ListUsers", OPS)
    assert [each["userId"] for each in found["result"]] == [OWNER]
    found = await ops.ok("zitadel.org.v2.OrganizationService/ListOrganizations", OPS)
    assert [each["id"] for each in found["result"]] == [OTHER_ORG]
    found = await ops.ok("zitadel.application.v2.ApplicationService/ListApplications", OPS)
    assert found == {"pagination": {"appliedLimit": "100"}}
