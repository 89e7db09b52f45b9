"""Lists of the older ``v2beta`` packages: the rows, columns and filters of v2, by their own names."""

import pytest
from personae.http import wire
from personae.http.wire.beta_calls import older

from tests.http.api import stock, system
from tests.http.api.flows import OPS
from tests.http.api.lists import LISTS, at, cases, columns, members
from tests.http.api.stock import APPS, GRANTS, INSTANCES, MEMBERS, ORGS, PROJECTS
from tests.http.api.test_lists import Asked, every

OLDER = {older(name): name for name in LISTS if older(name)}

FILTERS = {
    f"{GRANTS}/ListAuthorizations": {"user_id": "user.id"},
    f"{MEMBERS}/ListAdministrators": {
        "resource": LISTS[f"{MEMBERS}/ListAdministrators"].filters["resource"][:3]
    },
    f"{INSTANCES}/ListInstances": {"id_query": "id", "domain_query": "customDomains.domain"},
    f"{INSTANCES}/ListCustomDomains": {
        "domain_query": "domain",
        "generated_query": [
            ({"generated": True}, lambda row: bool(row.get("generated"))),
            ({"generated": False}, lambda row: not row.get("generated")),
        ],
        "primary_query": [
            ({"primary": True}, lambda row: bool(row.get("primary"))),
            ({"primary": False}, lambda row: not row.get("primary")),
        ],
    },
    f"{INSTANCES}/ListTrustedDomains": {"domain_query": "domain"},
    f"{ORGS}/ListOrganizations": {
        "name_filter": "name",
        "domain_filter": "primaryDomain",
        "id_filter": "id",
        "state_filter": [
            (
                {"state": f"ORG_STATE_{state}"},
                lambda row, state=state: row["state"].endswith(f"_{state}"),
            )
            for state in ("ACTIVE", "INACTIVE")
        ],
    },
    f"{ORGS}/ListOrganizationDomains": {"domain_name_filter": "domain"},
    f"{ORGS}/ListOrganizationMetadata": {"key_query": "key"},
    f"{PROJECTS}/ListProjects": {
        "project_resource_owner_filter": [({"id": "11"}, lambda row: row["projectId"] == "p1")],
        "project_grant_resource_owner_filter": [
            ({"id": "11"}, lambda row: row["projectId"] == "p3")
        ],
        "project_organization_id_filter": [
            ({"id": "11"}, lambda row: row["projectId"] in {"p1", "p3"})
        ],
    },
    f"{PROJECTS}/ListProjectGrants": {
        "project_resource_owner_filter": "organizationId",
        "project_grant_resource_owner_filter": "grantedOrganizationId",
    },
    f"{APPS}/ListApplications": {
        "state_filter": [
            (f"APP_STATE_{state}", lambda row, state=state: row["state"].endswith(f"_{state}"))
            for state in ("ACTIVE", "INACTIVE")
        ],
        "api_app_only": [(True, lambda row: "apiConfiguration" in row)],
        "oidc_app_only": [(True, lambda row: "oidcConfiguration" in row)],
        "saml_app_only": [(True, lambda _row: False)],
    },
}
"""What the filters compare that have other names than in v2, or other messages."""

NEEDED = {
    f"{APPS}/ListApplications": {"project_id": "p3"},
    f"{INSTANCES}/ListCustomDomains": {"instance_id": "1"},
    f"{INSTANCES}/ListTrustedDomains": {"instance_id": "1"},
}
"""What their field rules ask for, and those of v2 do not."""

ALONE = {
    f"{APPS}/ListApplicationKeys": {
        "application_id": "applicationId",
        "project_id": "projectId",
        "organization_id": "organizationId",
    },
}
"""Filters that are fields of the request itself."""


@pytest.fixture
async def both(server):
    """Lists of v2, each with the older one."""
    server.services.system_users = system.known("SYSTEM_OWNER")
    server.tokens[OPS] = system.token()
    await stock.fill(server)
    newer = {asked.method: asked async for asked in every(server)}
    apps = newer[f"{APPS}/ListApplications"]
    apps.always = [{"project_id_filter": {"project_id": "p3"}}]
    return [(newer[name], Older(server, newer[name], method)) for method, name in OLDER.items()]


class Older(Asked):
    """An older list: its page and filters stand where its own definition says."""

    def __init__(self, server, newer, method):
        super().__init__(server, newer.method)
        self.method, self.of = method, newer.of | NEEDED.get(newer.method, {})
        fields = wire.METHODS[method].request.DESCRIPTOR.fields_by_name
        self.page = "pagination" if "pagination" in fields else "query"
        self.filters = next((n for n in ("filters", "queries", "filter") if n in fields), "")
        reply = wire.METHODS[method].reply.DESCRIPTOR.fields
        self.key = next(each.json_name for each in reply if each.is_repeated)


def marks(rows):
    """Return what rows are known by in both: when they were made, else their name."""
    ways = map(at, ("creationDate", "details.creationDate", "domain", "domainName", "key"))
    ways = list(ways)
    return [next(way(row) for way in ways if way(row)) for row in rows]


async def test_columns_and_pages(both):
    for newer, asked in both:
        whole, total = await newer.rows()
        found, all_ = await asked.rows()
        assert (marks(found), all_) == (marks(whole), total), asked.method
        page, all_ = await asked.rows({"limit": 1, "offset": 1})
        assert (marks(page), all_) == (marks(whole[1:2]), total), asked.method
        theirs, numbers = columns(asked.method), columns(newer.method)
        assert not theirs or theirs.keys() == numbers.keys(), asked.method
        for name, number in theirs.items():
            up, _ = await newer.rows({"asc": True}, sorting_column=numbers[name])
            found, _ = await asked.rows({"asc": True}, sorting_column=number)
            assert marks(found) == marks(up), (asked.method, name)


async def test_filters(both):
    for newer, asked in both:
        whole, _ = await newer.rows()
        known = newer.list.filters | FILTERS.get(newer.method, {})
        for name, member in members(asked.method).items():
            for value, meets in cases(known[name], member, whole):
                found, total = await asked.rows(filters=[{name: value}])
                told = asked.method, name, value
                assert marks(found) == marks(filter(meets, whole)), told
                assert total == len(found) < len(whole), told
        for name, path in ALONE.get(newer.method, {}).items():
            value = at(path)(whole[0])
            found, total = await asked.rows(**{name: value})
            assert marks(found) == marks(row for row in whole if at(path)(row) == value), name
            assert 0 < total < len(whole), (asked.method, name)


async def test_a_filter_that_v2_has_no_place_for_is_refused(server):
    method = older(f"{MEMBERS}/ListAdministrators")
    filters = [{"resource": {"project_grant_id": "1"}}]
    assert await server.refused(method, filters=filters) == "REQUEST-OlderField"
