"""What lists answer under other policies, after removals, and after a rebuild."""

import pytest
from personae.actors.domain.kit import Stream
from personae.actors.domain.org.commands import RemoveOrg
from personae.projections.projects import PROJECTS as PROJECTS_TABLE
from personae.projections.targets import TARGETS
from personae.projections.users import USERS

from tests.aggregates.conftest import INSTANCE, ORG
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER, SESSION, USER
from tests.http.api.test_actions import CREATE as CREATE_TARGET
from tests.http.api.test_actions import GET as GET_TARGET
from tests.http.api.test_actions import HOOK
from tests.http.api.test_applications import CREATE as ADD_APP
from tests.http.api.test_applications import PROJECTS, WEB
from tests.http.api.wires import WIRES

GET, LIST = f"{USER}/GetUserByID", f"{USER}/ListUsers"
ADD_DOMAIN = "zitadel.org.v2.OrganizationService/AddOrganizationDomain"


async def found_by_login_name(server, name):
    query = {"loginNameQuery": {"loginName": name, "method": "TEXT_QUERY_METHOD_STARTS_WITH"}}
    listed = await server.ok(LIST, queries=[query])
    return [one["username"] for one in listed.get("result", ())]


async def test_login_names_end_in_the_domain_where_the_policy_says_so(scoped):
    await scoped.human("gigi")
    got = (await scoped.ok(GET, user_id=(await scoped.human("lucy"))["id"]))["user"]
    assert got["loginNames"] == ["lucy@acme.127.0.0.1"]
    assert got["preferredLoginName"] == "lucy@acme.127.0.0.1"
    assert await found_by_login_name(scoped, "gigi@acme") == ["gigi"]
    assert await found_by_login_name(scoped, "gigi@other") == []


@pytest.mark.parametrize("wire", ["REST", "gRPC"])
async def test_lists_show_what_changed_since_they_were_asked_for(scoped, wire):
    async def shown():
        (one,) = (await WIRES[wire](scoped, LIST, scoped.headers(), only))["result"]
        return one["username"], one["loginNames"]

    only = {"queries": [{"in_user_ids_query": {"user_ids": ["g1"]}}]}
    await scoped.human("gigi", user_id="g1")
    assert await shown() == ("gigi", ["gigi@acme.127.0.0.1"])
    await scoped.ok(f"{USER}/UpdateUser", user_id="g1", username="lucy")
    assert await shown() == ("lucy", ["lucy@acme.127.0.0.1"])
    await scoped.ok(ADD_DOMAIN, organization_id=ORG, domain="zenith.test")
    assert await shown() == ("lucy", ["lucy@acme.127.0.0.1", "lucy@zenith.test"])


async def test_a_removed_organisation_takes_all_it_owns_with_it(server):
    await server.human("gigi", user_id="g1", organization_id=OTHER_ORG)
    await server.ok(GET, user_id="g1")
    project = await server.ok(f"{PROJECTS}/CreateProject", organization_id=OTHER_ORG, name="P")
    app = {"project_id": project["projectId"], "name": "A", "oidc_configuration": WEB}
    await server.ok(ADD_APP, **app)
    await server.ok(f"{SESSION}/CreateSession", checks={"user": {"user_id": "g1"}})
    await server.send(RemoveOrg(org_id=OTHER_ORG))
    assert await server.refused(GET, user_id="g1") == "USER-NotFound"
    listed = await server.ok(LIST)
    assert {one["details"]["resourceOwner"] for one in listed["result"]} == {ORG}
    assert "sessions" not in await server.ok(f"{SESSION}/ListSessions")
    gone = await server.refused(f"{PROJECTS}/GetProject", project_id=project["projectId"])
    assert gone == "PROJECT-NotFound"


async def test_what_an_emptied_table_lacks_is_not_called_unknown(server, used_database):
    """Until the table is built anew, who asks by id is told to ask again (503)."""
    target = await server.ok(CREATE_TARGET, **HOOK)
    project = await server.ok(f"{PROJECTS}/CreateProject", organization_id=ORG, name="P")
    for table in (USERS, PROJECTS_TABLE, TARGETS):
        await used_database.run(f'TRUNCATE projections."{table.physical}"')
    for method, asked in (
        (GET, {"user_id": GUEST}),
        (f"{PROJECTS}/GetProject", {"project_id": project["projectId"]}),
        (GET_TARGET, {"id": target["id"]}),
    ):
        assert await server.refused(method, **asked) == "SYSTEM-Unavailable"


async def test_every_table_is_what_the_log_says(server):
    await server.human("gigi", metadata=[{"key": "a", "value": "Yg=="}])
    await server.ok(f"{SESSION}/CreateSession", checks={"user": {"login_name": "gigi"}})
    await server.send(RemoveOrg(org_id=OTHER_ORG))
    views = server.services.projections
    head = await server.services.world.log.head(INSTANCE)
    for table in views.tables:
        assert await views.reached(table, INSTANCE, head)
        assert await views.verify(table) == [], table


async def test_no_event_was_put_aside(server):
    await server.ok(f"{USER}/AddSecret", user_id=GUEST)
    await server.ok(f"{USER}/LockUser", user_id=OWNER)
    assert await server.services.projections.failed() == []


async def test_a_read_by_id_is_never_older_than_the_users_own_events(server):
    gigi = (await server.human("gigi"))["id"]
    for number in range(100):
        await server.ok(f"{USER}/UpdateUser", user_id=gigi, username=f"g{number}")
        got = (await server.ok(GET, user_id=gigi))["user"]
        user = await server.services.world.aggregate(Stream(INSTANCE, "user", gigi))
        assert got["username"] == f"g{number}"
        assert int(got["details"]["sequence"]) == user.version
