"""What is removed takes with it what hung on it: by events, and names are free again."""

import pytest
from personae.actors.domain.kit import Caller
from personae.actors.domain.org.commands import AddOrgDomain, AddOrgMember, RemoveOrg
from personae.actors.domain.project.commands import (
    AddProject,
    AddProjectGrant,
    AddProjectMember,
    AddRole,
    RemoveProject,
    RemoveProjectGrant,
    RemoveRole,
)
from personae.actors.domain.user.commands import AddMachine, RemoveUser
from personae.actors.domain.user_grant.commands import AddUserGrant
from personae.actors.workers.cascades import Cascades

from tests.aggregates.conftest import INSTANCE, ORG
from tests.http.api.conftest import GUEST, OTHER_ORG, OWNER

VIEWER = ("PROJECT_OWNER_VIEWER",)


@pytest.fixture
async def shop(server, used_database):
    for id_, org in (("p1", ORG), ("p2", OTHER_ORG)):
        await server.send(AddProject(project_id=id_, org_id=org, name="Shop"))
        await server.send(AddRole(project_id=id_, key="buyer"))
    grant = AddProjectGrant(
        project_id="p1", grant_id="g1", granted_org_id=OTHER_ORG, roles=("buyer",)
    )
    await server.send(grant)
    for id_, org in (("u1", ORG), ("u2", OTHER_ORG)):
        order = AddUserGrant(
            user_grant_id=id_, org_id=org, user_id=GUEST, project_id="p1", roles=("buyer",)
        )
        await server.send(order)
    server.cascades = Cascades(server.services.dispatch, server.services.projections, used_database)
    return server


async def after(shop, command):
    """What is left to see in the log after a command and what follows from it."""
    world = shop.services.world
    before = await world.log.head(INSTANCE)
    await shop.send(command)
    await shop.cascades.catch_up(INSTANCE)
    events = await world.log.after(INSTANCE, before, 1000)
    head = events[-1].position
    await shop.cascades.catch_up(INSTANCE)
    assert await world.log.head(INSTANCE) == head, "done twice"
    return [f"{each.event.__event__} {each.stream.id}" for each in events]


async def test_a_removed_user_leaves_no_membership_and_no_grant(shop):
    await shop.send(AddOrgMember(org_id=ORG, user_id=GUEST, roles=("ORG_OWNER",)))
    await shop.send(AddProjectMember(project_id="p1", user_id=GUEST, roles=VIEWER))
    order = AddProjectMember(
        project_id="p1",
        user_id=GUEST,
        roles=("PROJECT_GRANT_OWNER",),
        granted_org_id=OTHER_ORG,
    )
    await shop.send(order)
    assert set(await after(shop, RemoveUser(user_id=GUEST))) == {
        f"user.removed {GUEST}",
        f"org.member.cascade.removed {ORG}",
        "project.member.cascade.removed p1",
        "project.grant.member.cascade.removed p1",
        "user.grant.cascade.removed u1",
        "user.grant.cascade.removed u2",
    }


async def test_a_removed_organisation_takes_what_it_owns_and_frees_the_names(shop):
    happened = await after(shop, RemoveOrg(org_id=OTHER_ORG))
    assert set(happened) == {
        f"org.removed {OTHER_ORG}",
        f"user.removed {OWNER}",
        "project.removed p2",
        "project.grant.removed p1",
        "user.grant.cascade.removed u2",
    }
    await shop.send(AddMachine(user_id="new", org_id=ORG, user_name=OWNER, name="M"))
    user = await shop.services.dispatch.state(INSTANCE, "user", OWNER)
    assert not user.exists


async def test_a_removed_role_is_taken_from_who_had_it(shop):
    assert set(await after(shop, RemoveRole(project_id="p1", key="buyer"))) == {
        "project.role.removed p1",
        "project.grant.cascade.changed p1",
        "user.grant.cascade.changed u1",
        "user.grant.cascade.changed u2",
    }


async def test_a_grant_taken_back_takes_what_was_given_over_it(shop):
    order = RemoveProjectGrant(project_id="p1", granted_org_id=OTHER_ORG)
    assert await after(shop, order) == ["project.grant.removed p1", "user.grant.cascade.removed u2"]


async def test_a_removed_project_leaves_no_roles(shop):
    assert set(await after(shop, RemoveProject(project_id="p1"))) == {
        "project.removed p1",
        "user.grant.cascade.removed u1",
        "user.grant.cascade.removed u2",
    }


async def test_another_process_goes_on_where_the_first_one_stopped(shop, used_database):
    await after(shop, RemoveProject(project_id="p1"))
    services = shop.services
    later = Cascades(services.dispatch, services.projections, used_database)
    head = await services.world.log.head(INSTANCE)
    assert await later._done(INSTANCE) == head
    await services.send(RemoveUser(user_id=OWNER), Caller.of_system(INSTANCE))
    await later.catch_up(INSTANCE)
    assert OWNER not in (await services.dispatch.state(INSTANCE, "org", OTHER_ORG)).members


async def test_a_domain_that_was_proved_takes_the_names_of_others(shop):
    for id_, org, name in (("a", ORG, "Ann@Shop.test"), ("b", OTHER_ORG, "bob@shop.test")):
        await shop.send(AddMachine(user_id=id_, org_id=org, user_name=name, name="M"))
    await shop.send(AddMachine(user_id="c", org_id=ORG, user_name="c@shop.test.org", name="M"))
    happened = await after(shop, AddOrgDomain(org_id=OTHER_ORG, domain="shop.test"))
    assert happened == [
        f"org.domain.added {OTHER_ORG}",
        f"org.domain.verified {OTHER_ORG}",
        "user.domain.claimed a",
    ]
    ann = await shop.services.dispatch.state(INSTANCE, "user", "a")
    assert ann.user_name.endswith("@temporary.127.0.0.1")
    shown = await shop.ok("zitadel.user.v2.UserService/GetUserByID", user_id="a")
    assert shown["user"]["username"] == ann.user_name
    await shop.send(AddMachine(user_id="d", org_id=OTHER_ORG, user_name="ann@shop.test", name="M"))
