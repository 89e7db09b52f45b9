import asyncio

import pytest
from personae.actors.domain.org.commands import DeactivateOrg
from personae.actors.domain.project.commands import DeactivateApp
from personae.actors.domain.session.commands import TerminateSession
from personae.actors.domain.user.commands import DeactivateUser, LockUser

from tests.aggregates.conftest import ADMIN, ORG


async def test_a_refresh_token_rotates_with_its_tokens(stack):
    app = await stack.app()
    first = await stack.sign_in(app)
    second = (await stack.refresh(app, first["refresh_token"])).json
    assert second["refresh_token"] != first["refresh_token"]
    assert second["scope"] == first["scope"]
    assert (await stack.userinfo(second["access_token"])).status == 200
    third = await stack.refresh(app, second["refresh_token"])
    assert third.status == 200


async def test_a_used_refresh_token_ends_the_family(stack):
    app = await stack.app()
    first = await stack.sign_in(app)
    second = (await stack.refresh(app, first["refresh_token"])).json
    reused = await stack.refresh(app, first["refresh_token"])
    assert (reused.status, reused.error) == (400, "invalid_grant")
    assert (await stack.refresh(app, second["refresh_token"])).error == "invalid_grant"
    assert (await stack.userinfo(second["access_token"])).status == 401


async def test_of_fifty_who_use_one_refresh_token_one_wins(stack):
    app = await stack.app()
    token = (await stack.sign_in(app))["refresh_token"]
    answers = await asyncio.gather(*(stack.refresh(app, token) for _ in range(50)))
    assert sorted(each.status for each in answers) == [200, *[400] * 49]
    assert {each.error for each in answers} == {None, "invalid_grant"}


async def test_another_client_gets_nothing_and_ends_the_family(stack):
    app, thief = await stack.app(), await stack.app()
    tokens = await stack.sign_in(app)
    assert (await stack.refresh(thief, tokens["refresh_token"])).error == "invalid_grant"
    assert (await stack.refresh(app, tokens["refresh_token"])).error == "invalid_grant"
    assert (await stack.userinfo(tokens["access_token"])).status == 401


async def test_the_scope_may_shrink_but_never_grow(stack):
    app = await stack.app()
    tokens = await stack.sign_in(app, scope="openid profile offline_access")
    wider = await stack.refresh(app, tokens["refresh_token"], scope="openid email")
    assert wider.error == "invalid_scope"
    narrow = (await stack.refresh(app, tokens["refresh_token"], scope="openid")).json
    assert narrow["scope"] == "openid"
    assert (await stack.userinfo(narrow["access_token"])).json == {"sub": ADMIN}


@pytest.mark.parametrize(("hours", "works"), [(23, True), (25, False)])
async def test_an_unused_refresh_token_ends(stack, clock, hours, works):
    app = await stack.app()
    token = (await stack.sign_in(app))["refresh_token"]
    clock.pass_(hours=hours)
    assert ((await stack.refresh(app, token)).status == 200) is works


async def test_a_used_one_ends_too_at_last(stack, clock):
    app = await stack.app()
    token = (await stack.sign_in(app))["refresh_token"]
    for _ in range(2):
        clock.pass_(hours=20)
        token = (await stack.refresh(app, token)).json["refresh_token"]
    clock.pass_(hours=20)
    assert (await stack.refresh(app, token)).error == "invalid_grant"


ENDS = {
    "user deactivated": lambda app, browser: DeactivateUser(user_id=ADMIN),
    "user locked": lambda app, browser: LockUser(user_id=ADMIN),
    "session ended": lambda app, browser: TerminateSession(session_id=browser.held.session_id),
    "app deactivated": lambda app, browser: DeactivateApp(
        project_id=app.project_id, app_id=app.app_id
    ),
    "org deactivated": lambda app, browser: DeactivateOrg(org_id=ORG),
}


@pytest.mark.parametrize("why", ENDS)
async def test_tokens_die_at_once_when_what_they_stand_on_ends(stack, why):
    project = await stack.project()
    app, browser = await stack.app(project), await stack.browser()
    other = await stack.app(project)  # introspects; lives on unless the organisation ends
    tokens = await stack.sign_in(app, browser)
    assert (await stack.introspect(other, tokens["access_token"]))["active"] is True
    await stack.send(ENDS[why](app, browser))
    assert (await stack.userinfo(tokens["access_token"])).status == 401
    asked = await stack.introspect(other, tokens["access_token"])
    assert asked == {"active": False} or asked["error"] == "invalid_client"
    assert (asked == {"active": False}) is (why != "org deactivated")
    refreshed = await stack.refresh(app, tokens["refresh_token"])
    assert refreshed.error in {"invalid_grant", "invalid_client"}
