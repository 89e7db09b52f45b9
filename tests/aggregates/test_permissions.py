"""Who may do what: on the instance, an organisation, a project, oneself; never across."""

from dataclasses import replace

import pytest
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.domain.instance.commands import AddInstanceDomain, AddInstanceMember
from personae.actors.domain.kit import Caller
from personae.actors.domain.kit.refusal import PERMISSION_DENIED
from personae.actors.domain.org import commands as orgs
from personae.actors.domain.org import refusals as org_refusals
from personae.actors.domain.project import commands as projects
from personae.actors.domain.project import refusals as project_refusals
from personae.actors.domain.project.events import ProjectMemberAdded
from personae.actors.domain.user import commands as users
from personae.actors.domain.user_grant import commands as grants
from personae.actors.domain.web_key.commands import AddWebKey
from personae.store.log import Commit, Part

from tests.aggregates.conftest import INSTANCE, ORG, SETUP, caller, human, process, refused

OTHER = "11"
GIGI, LOLA = caller("50"), caller("51")
SHOP = projects.AddProject(project_id="31", org_id=ORG, name="Shop")


@pytest.fixture
async def people(dispatch):
    """Two organisations, each with a human: Gigi in ours, Lola in the other one."""
    await dispatch.send(orgs.AddOrg(org_id=OTHER, name="Other"), caller())
    await dispatch.send(human("50", "gigi"), caller())
    await dispatch.send(human("51", "lola", org_id=OTHER), caller())
    await dispatch.send(SHOP, caller())
    await dispatch.send(projects.AddRole(project_id="31", key="buyer"), caller())
    return dispatch


def member(org_id, user_id, *roles):
    return orgs.AddOrgMember(org_id=org_id, user_id=user_id, roles=roles or ("ORG_OWNER",))


def grant(org_id, *roles):
    return grants.AddUserGrant(
        user_grant_id="60", org_id=org_id, user_id="50", project_id="31", roles=roles or ("buyer",)
    )


ORDERS = [
    orgs.AddOrg(org_id="12", name="New"),
    orgs.ChangeOrg(org_id=ORG, name="New"),
    orgs.DeactivateOrg(org_id=ORG),
    orgs.ReactivateOrg(org_id=ORG),
    orgs.RemoveOrg(org_id=ORG),
    member(ORG, "50"),
    orgs.ChangeOrgMember(org_id=ORG, user_id="20", roles=("ORG_OWNER_VIEWER",)),
    orgs.RemoveOrgMember(org_id=ORG, user_id="20"),
    human("52"),
    users.AddMachine(user_id="52", org_id=ORG, user_name="m", name="M"),
    users.UpdateHuman(user_id="20", user_name="x"),
    users.UpdateMachine(user_id="21", name="x"),
    users.RemoveUser(user_id="20"),
    users.DeactivateUser(user_id="20"),
    users.ReactivateUser(user_id="20"),
    users.LockUser(user_id="20"),
    users.UnlockUser(user_id="20"),
    users.SetMachineSecret(user_id="21"),
    users.RemoveMachineSecret(user_id="21"),
    users.AddMachineKey(user_id="21", key_id="k"),
    users.RemoveMachineKey(user_id="21", key_id="k"),
    users.AddPersonalAccessToken(user_id="21", token_id="t"),
    users.RemovePersonalAccessToken(user_id="21", token_id="t"),
    projects.AddProject(project_id="32", org_id=ORG, name="New"),
    projects.RemoveProject(project_id="31"),
    projects.DeactivateProject(project_id="31"),
    projects.ReactivateProject(project_id="31"),
    projects.AddRole(project_id="31", key="x"),
    projects.AddOIDCApp(
        project_id="31", app_id="40", client_id="40", name="x", client=projects.NewOIDCClient()
    ),
    projects.AddAPIApp(project_id="31", app_id="40", client_id="40", name="x"),
    projects.SetClientSecret(project_id="31", app_id="40"),
    projects.AddAppKey(project_id="31", app_id="40", key_id="k"),
    projects.RemoveApp(project_id="31", app_id="40"),
    projects.DeactivateApp(project_id="31", app_id="40"),
    projects.ReactivateApp(project_id="31", app_id="40"),
    grant(ORG),
    AddInstanceDomain(instance_id=INSTANCE, domain="x.test"),
    AddInstanceMember(instance_id=INSTANCE, user_id="50", roles=("IAM_OWNER",)),
    AddWebKey(key_id="k9", instance_id=INSTANCE, algorithm="ES256"),
    SETUP,
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
async def test_nothing_is_done_for_who_has_no_right(people, order):
    head = await people.world.log.head(INSTANCE)
    for who in (GIGI, LOLA, caller("")):
        await refused(PERMISSION_DENIED, people.send(order, who))
    assert await people.world.log.head(INSTANCE) == head


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: type(order).__name__)
async def test_the_owner_of_one_organisation_is_nobody_in_another(people, order):
    await people.send(member(OTHER, "51"), caller())
    await refused(PERMISSION_DENIED, people.send(order, LOLA))
    await refused(PERMISSION_DENIED, people.send(order, LOLA.at(ORG)))


@pytest.mark.parametrize("order", [human("52"), orgs.ChangeOrg(org_id=ORG, name="N"), SHOP])
async def test_the_owner_of_one_instance_is_nobody_in_another(people, order):
    other = replace(SETUP, instance_id="2", domain="other.test", web_keys=())
    await people.send(other, Caller.of_system("2"))
    stranger = Caller(instance_id="2", user_id="50", org_id=ORG)
    await refused(PERMISSION_DENIED, people.send(order, stranger))


async def test_an_owner_does_what_an_owner_may(people):
    await refused(PERMISSION_DENIED, people.send(human("52"), GIGI))
    await people.send(member(ORG, "50"), caller())
    await people.send(human("52"), GIGI)
    await people.send(orgs.ChangeOrg(org_id=ORG, name="New"), GIGI)
    await refused(PERMISSION_DENIED, people.send(orgs.AddOrg(org_id="12", name="N"), GIGI))


async def test_a_right_taken_away_is_gone_with_the_commit(people):
    await people.send(member(ORG, "50"), caller())
    await people.send(orgs.RemoveOrgMember(org_id=ORG, user_id="50"), caller())
    await refused(PERMISSION_DENIED, people.send(human("52"), GIGI))


async def test_a_right_taken_away_in_another_process_is_gone_when_it_is_heard(people, clock):
    there = Dispatch(process(people.world.log, clock))
    await people.send(member(ORG, "50"), caller())
    await there.send(human("52"), GIGI)
    await people.send(orgs.RemoveOrgMember(org_id=ORG, user_id="50"), caller())
    await refused(PERMISSION_DENIED, there.send(human("53"), GIGI))


async def test_roles_of_other_levels_cannot_be_given(people):
    await refused(org_refusals.ROLE_UNKNOWN, people.send(member(ORG, "50", "IAM_OWNER"), caller()))
    order = AddInstanceMember(instance_id=INSTANCE, user_id="50", roles=("ORG_OWNER",))
    await refused(org_refusals.ROLE_UNKNOWN, people.send(order, caller()))


async def project_owner(dispatch, user_id):
    project = await dispatch.aggregate(INSTANCE, "project", "31")
    added = ProjectMemberAdded(user_id=user_id, roles=("PROJECT_OWNER",))
    part = Part(project.stream, project.version, ORG, (added,))
    now = dispatch.world.now()
    await dispatch.world.log.append(Commit(instance_id=INSTANCE, parts=(part,), creator="", at=now))


async def test_the_owner_of_a_project_has_rights_in_it_and_nowhere_else(people):
    await project_owner(people, "51")
    await people.send(projects.AddRole(project_id="31", key="x"), LOLA)
    elsewhere = projects.AddRole(project_id="30", key="x")
    await refused(PERMISSION_DENIED, people.send(elsewhere, LOLA))
    await refused(PERMISSION_DENIED, people.send(human("52"), LOLA))


async def test_roles_of_a_project_are_given_by_its_own_organisation(people):
    await people.send(grant(ORG), caller())


async def test_roles_of_a_project_are_not_given_by_another_organisation(people):
    await people.send(member(OTHER, "51"), caller())
    await refused(project_refusals.NOT_FOUND, people.send(grant(OTHER), LOLA))
    await refused(PERMISSION_DENIED, people.send(grant(ORG), LOLA))
    await refused(project_refusals.NOT_FOUND, people.send(grant(OTHER), caller()))


async def test_the_owner_of_a_project_gives_its_roles_in_no_other_organisation(people):
    await project_owner(people, "51")
    await refused(PERMISSION_DENIED, people.send(grant(OTHER), LOLA))
    await people.send(grant(ORG), LOLA)


@pytest.mark.parametrize(
    "order",
    [
        grants.ChangeUserGrant(user_grant_id="60", roles=()),
        grants.DeactivateUserGrant(user_grant_id="60"),
        grants.ReactivateUserGrant(user_grant_id="60"),
        grants.RemoveUserGrant(user_grant_id="60"),
    ],
)
async def test_a_grant_belongs_to_who_gave_it(people, order):
    await people.send(grant(ORG), caller())
    await people.send(member(OTHER, "51"), caller())
    await refused(PERMISSION_DENIED, people.send(order, LOLA))


async def test_people_delete_themselves_only_where_their_organisation_lets_them(people):
    order = users.RemoveUser(user_id="50")
    await refused(PERMISSION_DENIED, people.send(order, GIGI))
    await people.send(member(ORG, "50", "ORG_USER_SELF_MANAGER"), caller())
    await refused(PERMISSION_DENIED, people.send(users.RemoveUser(user_id="20"), GIGI))
    await people.send(order, GIGI)


async def test_nobody_is_added_to_an_organisation_that_rests_or_is_not_there(people):
    await people.send(orgs.DeactivateOrg(org_id=OTHER), caller())
    at_rest = human("52", org_id=OTHER)
    await refused(org_refusals.NOT_ACTIVE, people.send(at_rest, caller()))
    await refused(org_refusals.NOT_FOUND, people.send(human("52", org_id="99"), caller()))


async def test_the_default_organisation_stays(people):
    await refused(org_refusals.DEFAULT_STAYS, people.send(orgs.RemoveOrg(org_id=ORG), caller()))
    await people.send(orgs.RemoveOrg(org_id=OTHER), caller())
    await refused(
        org_refusals.ALREADY_EXISTS, people.send(orgs.AddOrg(org_id=OTHER, name="X"), caller())
    )


async def test_permissions_answer_for_lists_too(people):
    permissions = people.world.permissions
    await people.send(member(ORG, "50"), caller())
    assert await permissions.everywhere(caller(), "user.read")
    assert not await permissions.everywhere(GIGI, "user.read")
    assert await permissions.allows(GIGI, "user.read", ORG)
    assert await permissions.roles_on(GIGI, "org", ORG) == ("ORG_OWNER",)
    assert "ORG_OWNER" in permissions.granting("user.read")
