"""Every list of the v2 services: every column of order, every filter, limits and totals."""

from itertools import pairwise

import pytest
from personae.http import wire

from tests.http.api import stock, system
from tests.http.api.conftest import ROOT
from tests.http.api.flows import OPS
from tests.http.api.lists import LISTS, cases, columns, members, ordered
from tests.http.api.stock import ACTIONS, MEMBERS, USER
from tests.http.api.test_every_method import LISTS as METHODS

SELECT_NONE = {"entity_id_filter", "project_grant_id"}
"""Filters of what the world has nothing of: SAML applications."""

LOGIC = {f"{USER}/ListUsers": "{}_query", f"{MEMBERS}/ListAdministrators": "{}"}
"""Lists whose filters may be joined, and how and, or, not are called there."""


@pytest.fixture
async def full(server):
    server.services.system_users = system.known("SYSTEM_OWNER")
    server.tokens[OPS] = system.token()
    await stock.fill(server)
    return server


class Asked:
    """One list of a server."""

    def __init__(self, server, method):
        self.server, self.method, self.list = server, method, LISTS[method]
        self.user = OPS if method.endswith("/ListInstances") else ROOT
        names = wire.METHODS[method].request.DESCRIPTOR.fields_by_name
        self.page = "pagination" if "pagination" in names else "query"
        self.filters = "filters" if "filters" in names else "queries"
        self.of, self.key = dict(self.list.of), self.list.rows
        self.always = []

    async def rows(self, page=(), filters=(), **fields):
        """Return its rows, and how many there are in all."""
        if wanted := [*self.always, *filters]:
            fields[self.filters] = wanted
        got = await self.server.ok(
            self.method, self.user, **self.of, **fields, **{self.page: dict(page)}
        )
        about = got.get("pagination") or got["details"]
        return got.get(self.key, []), int(about.get("totalResult", 0))

    async def refused(self, **fields):
        return await self.server.refused(self.method, self.user, **self.of, **fields)


def bare(rows):
    """Return rows without what depends on who they are shown for: the organization filtered by."""
    by_filter = {"grantedOrganizationId", "grantedOrganizationName", "grantedState"}
    return [{name: row[name] for name in row if name not in by_filter} for row in rows]


async def every(server):
    """Yield all lists; what they must be asked with is found by name."""
    targets, _ = await Asked(server, f"{ACTIONS}/ListTargets").rows()
    for method in LISTS:
        asked = Asked(server, method)
        if "target_id" in asked.of:
            asked.of["target_id"] = next(one["id"] for one in targets if one["name"] == "Zoo")
        yield asked


def test_every_list_column_and_filter_is_in_the_table():
    assert LISTS.keys() == set(METHODS)
    for method, each in LISTS.items():
        assert columns(method).keys() == each.sort.keys(), method
        assert members(method).keys() == each.filters.keys(), method


async def test_every_column_orders_up_and_down(full):
    async for asked in every(full):
        whole, _ = await asked.rows()
        for name, number in columns(asked.method).items():
            up, _ = await asked.rows({"asc": True}, sorting_column=number)
            down, _ = await asked.rows({"asc": False}, sorting_column=number)
            assert down == up[::-1], (asked.method, name)
            assert sorted(map(str, up)) == sorted(map(str, whole)), (asked.method, name)
            if what := asked.list.sort[name]:
                values = list(map(ordered(what), up))
                assert all(one <= other for one, other in pairwise(values)), (asked.method, name)
                assert values[0] < values[-1], (asked.method, name)


async def test_an_unknown_column_is_refused(full):
    async for asked in every(full):
        if columns(asked.method):
            assert await asked.refused(sorting_column=99) == "REQUEST-InvalidField", asked.method


async def test_every_filter_selects_and_excludes(full):
    async for asked in every(full):
        whole, _ = await asked.rows()
        for name, member in members(asked.method).items():
            for value, meets in cases(asked.list.filters[name], member, whole):
                told = asked.method, name, value
                got, total = await asked.rows(filters=[{name: value}])
                assert bare(got) == bare(row for row in whole if meets(row)), told
                assert total == len(got) < len(whole), told
                assert got or name in SELECT_NONE, told


@pytest.mark.parametrize("method", LOGIC)
async def test_filters_are_joined(full, method):
    asked = Asked(full, method)
    whole, _ = await asked.rows()
    first, second = (
        next(
            {name: value}
            for value, _ in cases(LISTS[method].filters[name], members(method)[name], whole)
        )
        for name in list(members(method))[:2]
    )

    def joined(word, inner):
        return [{LOGIC[method].format(word): inner}]

    one, other = [(await asked.rows(filters=[each]))[0] for each in (first, second)]
    both = [row for row in whole if row in one and row in other]
    either = [row for row in whole if row in one or row in other]
    rest = [row for row in whole if row not in one]
    queries = {"queries": [first, second]}
    assert await asked.rows(filters=joined("and", queries)) == (both, len(both))
    assert await asked.rows(filters=[first, second]) == (both, len(both))
    assert await asked.rows(filters=joined("or", queries)) == (either, len(either))
    assert await asked.rows(filters=joined("not", {"query": first})) == (rest, len(rest))


async def test_pages_are_parts_of_the_whole_and_count_it(full):
    async for asked in every(full):
        whole, total = await asked.rows()
        assert total == len(whole) >= 3, asked.method
        assert await asked.rows({"asc": True}) == (whole[::-1], total), asked.method
        for offset in range(total + 1):
            page = {"limit": 2, "offset": offset}
            assert await asked.rows(page) == (whole[offset : offset + 2], total), asked.method
