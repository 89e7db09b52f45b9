"""Tokens end with what they stand for, at once; sign-in from request to refresh."""

from dataclasses import replace
from datetime import timedelta

import pytest
from personae.actors.aggregates.clients import client_of
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.aggregates.liveness import family_lives, living_user, session_lives
from personae.actors.domain.auth_request import commands as requests
from personae.actors.domain.auth_request import refusals
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.oidc_session import commands as tokens
from personae.actors.domain.oidc_session import refusals as token_refusals
from personae.actors.domain.oidc_session.opening import Opening
from personae.actors.domain.org import commands as orgs
from personae.actors.domain.org import refusals as org_refusals
from personae.actors.domain.project import commands as projects
from personae.actors.domain.project import refusals as project_refusals
from personae.actors.domain.session import commands as sessions
from personae.actors.domain.session import refusals as session_refusals
from personae.actors.domain.user import commands as users
from personae.actors.domain.user import refusals as user_refusals
from personae.actors.domain.user_grant.commands import AddUserGrant, DeactivateUserGrant

from tests.aggregates.conftest import (
    INSTANCE,
    ORG,
    PASSWORD,
    caller,
    human,
    process,
    refused,
)

SHOP, USERS = "11", "12"
NOBODY = caller("")
CLIENT = projects.NewOIDCClient(redirect_uris=("https://x.test/cb",))
ASKED = AuthRequestAdded(
    client_id="c40",
    redirect_uri="https://x.test/cb",
    scope=("openid", "offline_access"),
    need_refresh_token=True,
)
LINK = requests.LinkSession(request_id="80", session_id="70", presented="t1")
EXCHANGE = requests.ExchangeCode(
    request_id="80",
    client_id="c40",
    issuer="https://i.test",
    redirect_uri="https://x.test/cb",
    code_verifier="",
    oidc_session_id="90",
    access_token_id="a1",
    refresh_token_id="r1",
)
REFRESH = tokens.RefreshTokens(
    oidc_session_id="90",
    client_id="c40",
    presented="r1",
    scope=None,
    access_token_id="a2",
    refresh_token_id="r2",
)


@pytest.fixture
async def shop(dispatch):
    """A client of one organisation, Gigi of another, her session, and a request of the client."""
    for org_id, name in ((SHOP, "Shop"), (USERS, "Users")):
        await dispatch.send(orgs.AddOrg(org_id=org_id, name=name), caller())
    await dispatch.send(projects.AddProject(project_id="31", org_id=SHOP, name="P"), caller())
    app = projects.AddOIDCApp(
        project_id="31", app_id="40", client_id="c40", name="Web", client=CLIENT
    )
    await dispatch.send(app, caller())
    await dispatch.send(human("50", "gigi", org_id=USERS), caller())
    checks = sessions.Checks(login_name="gigi", password=PASSWORD)
    session = sessions.AddSession(
        session_id="70", instance_id=INSTANCE, token_id="t1", checks=checks
    )
    await dispatch.send(session, NOBODY)
    await dispatch.send(_asking(ASKED), NOBODY)
    return dispatch


@pytest.fixture
async def family(shop):
    """Gigi has signed in to the client."""
    await shop.send(LINK, NOBODY)
    await shop.send(EXCHANGE, NOBODY)
    return shop


def _asking(asked):
    return requests.AddAuthRequest(request_id="80", instance_id=INSTANCE, asked=asked)


async def lives(dispatch):
    state = await dispatch.state(INSTANCE, "oidc_session", "90")
    return await family_lives(dispatch.world, INSTANCE, state, dispatch.world.now())


ENDS = [
    users.LockUser(user_id="50"),
    users.DeactivateUser(user_id="50"),
    users.RemoveUser(user_id="50"),
    orgs.DeactivateOrg(org_id=USERS),
    orgs.RemoveOrg(org_id=USERS),
    orgs.DeactivateOrg(org_id=SHOP),
    orgs.RemoveOrg(org_id=SHOP),
    sessions.TerminateSession(session_id="70"),
    projects.DeactivateApp(project_id="31", app_id="40"),
    projects.RemoveApp(project_id="31", app_id="40"),
    projects.DeactivateProject(project_id="31"),
    projects.RemoveProject(project_id="31"),
]
SAY = {"ids": lambda order: f"{type(order).__name__}-{getattr(order, 'org_id', '')}"}


async def test_a_family_lives_and_refreshes(family):
    """ZA-02."""
    assert await lives(family)
    await family.send(REFRESH, NOBODY)
    state = await family.state(INSTANCE, "oidc_session", "90")
    assert (state.user_id, state.org_id, state.access.id) == ("50", USERS, "a2")


@pytest.mark.parametrize("end", ENDS, **SAY)
async def test_a_family_ends_with_everything_it_stands_for(family, end):
    """ZA-02: on the first call after the acknowledgement."""
    await family.send(end, caller())
    assert not await lives(family)
    await refused(token_refusals.ENDED, family.send(REFRESH, NOBODY))


@pytest.mark.parametrize("end", ENDS, **SAY)
async def test_a_family_ends_in_every_process(family, clock, end):
    there = Dispatch(process(family.world.log, clock))
    assert await lives(there)
    await family.send(end, caller())
    assert not await lives(there)


@pytest.mark.parametrize("end", ENDS[:5] + ENDS[7:8], **SAY)
async def test_a_code_dies_with_user_organisation_and_session(shop, end):
    await shop.send(LINK, NOBODY)
    await shop.send(end, caller())
    await refused(refusals.SESSION_INVALID, shop.send(EXCHANGE, NOBODY))


async def test_a_family_ends_when_the_session_expires(shop, clock):
    hour = sessions.SetSession(
        session_id="70", token_id="t1", presented="t1", lifetime=timedelta(hours=1)
    )
    await shop.send(hour, NOBODY)
    await shop.send(LINK, NOBODY)
    await shop.send(EXCHANGE, NOBODY)
    assert await lives(shop)
    clock.pass_(hours=1)
    assert not await lives(shop)


@pytest.mark.parametrize("end", ENDS[5:7] + ENDS[8:], **SAY)
async def test_a_client_is_found_as_long_as_it_project_and_organisation_are_active(shop, end):
    client = await client_of(shop.world, INSTANCE, "c40")
    assert (client.app_id, client.org_id, client.audience) == ("40", SHOP, ("c40", "31"))
    await shop.send(end, caller())
    assert await client_of(shop.world, INSTANCE, "c40") is None


async def test_a_client_nobody_has_is_not_found(shop):
    assert await client_of(shop.world, INSTANCE, "nobody") is None
    assert await client_of(shop.world, "2", "c40") is None


async def test_a_client_id_that_moved_is_found_where_it_is(shop):
    """The remembered answer is checked against its holder each time."""
    assert (await client_of(shop.world, INSTANCE, "c40")).project_id == "31"
    await shop.send(projects.RemoveApp(project_id="31", app_id="40"), caller())
    await shop.send(projects.AddProject(project_id="32", org_id=ORG, name="Q"), caller())
    moved = projects.AddAPIApp(project_id="32", app_id="41", client_id="c40", name="API")
    await shop.send(moved, caller())
    client = await client_of(shop.world, INSTANCE, "c40")
    assert (client.project_id, client.app_id) == ("32", "41")


async def test_remembered_names_are_few(shop, monkeypatch):
    monkeypatch.setattr("personae.actors.aggregates.names.REMEMBERED", 1)
    other = projects.AddAPIApp(project_id="31", app_id="41", client_id="c41", name="API")
    await shop.send(other, caller())
    for client_id in ("c40", "c41", "c40"):
        assert (await client_of(shop.world, INSTANCE, client_id)).client_id == client_id
    assert len(shop.world.names._known) == 1


async def test_tokens_without_a_session_live_with_their_user(dispatch):
    opening = Opening(user_id="21", org_id=ORG, access_token_id="a1")
    order = tokens.OpenOIDCSession(oidc_session_id="90", org_id=ORG, opening=opening)
    await dispatch.send(order, NOBODY)
    assert await lives(dispatch)
    assert await session_lives(dispatch.world, INSTANCE, "", dispatch.world.now())
    await dispatch.send(users.DeactivateUser(user_id="21"), caller())
    assert not await lives(dispatch)
    assert await living_user(dispatch.world, INSTANCE, "21") is None


async def test_a_session_is_linked_with_its_own_token_only(shop):
    for shown in ("", "t0"):
        link = replace(LINK, presented=shown)
        await refused(session_refusals.TOKEN_INVALID, shop.send(link, NOBODY))
    await shop.send(LINK, NOBODY)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (sessions.TerminateSession(session_id="70"), refusals.SESSION_INVALID),
        (users.LockUser(user_id="50"), user_refusals.NOT_ACTIVE),
        (orgs.DeactivateOrg(org_id=USERS), user_refusals.NOT_ACTIVE),
        (projects.DeactivateApp(project_id="31", app_id="40"), project_refusals.APP_NOT_FOUND),
    ],
)
async def test_who_cannot_sign_in_answers_no_request(shop, end, reason):
    await shop.send(end, caller())
    await refused(reason, shop.send(LINK, NOBODY))


async def test_a_request_nobody_made_is_not_answered(shop):
    link = replace(LINK, request_id="81")
    await refused(refusals.NOT_FOUND, shop.send(link, NOBODY))


@pytest.mark.parametrize(("org_id", "right"), [(USERS, True), (SHOP, False)])
async def test_a_client_may_ask_for_people_of_one_organisation(shop, org_id, right):
    scope = ("openid", f"urn:zitadel:iam:org:id:{org_id}")
    asking = requests.AddAuthRequest(
        request_id="81", instance_id=INSTANCE, asked=replace(ASKED, scope=scope)
    )
    await shop.send(asking, NOBODY)
    sent = shop.send(replace(LINK, request_id="81"), NOBODY)
    await (sent if right else refused(refusals.WRONG_ORG, sent))


async def checking_project(shop, **checks):
    order = projects.AddProject(project_id="33", org_id=SHOP, name="Strict", **checks)
    await shop.send(order, caller())
    app = projects.AddOIDCApp(
        project_id="33", app_id="43", client_id="c43", name="Web", client=CLIENT
    )
    await shop.send(app, caller())
    asking = requests.AddAuthRequest(
        request_id="83", instance_id=INSTANCE, asked=replace(ASKED, client_id="c43")
    )
    await shop.send(asking, NOBODY)
    return replace(LINK, request_id="83")


async def test_a_project_may_be_for_its_own_organisation_only(shop):
    link = await checking_project(shop, project_check=True)
    await refused(refusals.NO_GRANT, shop.send(link, NOBODY))


async def test_a_project_may_be_for_those_with_a_role_only(shop):
    link = await checking_project(shop, role_check=True)
    await refused(refusals.NO_GRANT, shop.send(link, NOBODY))
    grant = AddUserGrant(user_grant_id="60", org_id=SHOP, user_id="50", project_id="33", roles=())
    await shop.send(grant, caller())
    await shop.send(link, NOBODY)


async def test_a_grant_at_rest_is_none(shop):
    link = await checking_project(shop, role_check=True)
    grant = AddUserGrant(user_grant_id="60", org_id=SHOP, user_id="50", project_id="33", roles=())
    await shop.send(grant, caller())
    await shop.send(DeactivateUserGrant(user_grant_id="60"), caller())
    await refused(refusals.NO_GRANT, shop.send(link, NOBODY))


@pytest.mark.parametrize("checks", [{"project_check": True}, {"role_check": True}])
async def test_a_project_lets_in_whom_it_is_granted_to(shop, checks):
    link = await checking_project(shop, **checks)
    over = {"project_id": "33", "granted_org_id": USERS}
    await shop.send(projects.AddProjectGrant(**over, grant_id="90", roles=()), caller())
    if "role_check" in checks:
        await refused(refusals.NO_GRANT, shop.send(link, NOBODY))
        grant = AddUserGrant(
            user_grant_id="60", org_id=USERS, user_id="50", project_id="33", roles=()
        )
        await shop.send(grant, caller())
    await shop.send(projects.DeactivateProjectGrant(**over), caller())
    await refused(refusals.NO_GRANT, shop.send(link, NOBODY))
    await shop.send(projects.ReactivateProjectGrant(**over), caller())
    await shop.send(link, NOBODY)


async def test_nobody_signs_in_where_the_organisation_rests(shop):
    await shop.send(orgs.DeactivateOrg(org_id=USERS), caller())
    checks = sessions.Checks(user_id="50", password=PASSWORD)
    order = sessions.AddSession(session_id="71", instance_id=INSTANCE, token_id="t", checks=checks)
    await refused(org_refusals.NOT_ACTIVE, shop.send(order, NOBODY))


async def test_a_session_with_another_token_compares_no_password(shop, passwords):
    """ZA-27."""
    passwords.verified = 0
    order = sessions.SetSession(
        session_id="70", token_id="t2", presented="t0", checks=sessions.Checks(password=PASSWORD)
    )
    await refused(session_refusals.TOKEN_INVALID, shop.send(order, caller("21")))
    assert passwords.verified == 0
    assert (await shop.state(INSTANCE, "session", "70")).token_id == "t1"


async def test_people_end_their_own_sessions_and_no_others(shop):
    order = sessions.TerminateSession(session_id="70")
    await refused(session_refusals.TOKEN_INVALID, shop.send(order, caller("21")))
    await shop.send(order, caller("50"))
