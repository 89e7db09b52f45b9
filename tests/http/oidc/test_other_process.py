"""What one process did the other knows before it refuses anybody, though it has heard of nothing."""

import pytest
from personae.actors.domain.org.commands import ChangeOrg
from personae.actors.domain.project.commands import ChangeApp, OIDCChanges, SetClientSecret
from personae.actors.domain.session.commands import SetSession
from personae.actors.domain.user.commands import SetMachineSecret
from personae.actors.workers import follower
from personae.http.identity.agent import Held

from tests.aggregates.conftest import ORG
from tests.http.oidc.conftest import basic, held_by, two

pytestmark = pytest.mark.store
ELSEWHERE = "https://app.example/new"


@pytest.fixture
async def deaf(postgres_url, monkeypatch):
    """Two processes that neither hear of each other nor look by themselves."""
    monkeypatch.setattr(follower, "LOOK_ALONE_SECONDS", 60.0)
    async with two(postgres_url, notify=False, listen=False) as stacks:
        yield stacks


async def test_a_client_is_known_whose_project_was_in_memory_before(deaf):
    one, other = deaf
    first = await one.app()
    await other.sign_in(first)
    second = await one.app(first.project_id)
    assert (await other.authorize(second)).status == 302


async def test_a_redirect_uri_counts_once_it_is_registered(deaf):
    one, other = deaf
    app = await one.app()
    await other.sign_in(app)
    assert (await other.authorize(app, redirect_uri=ELSEWHERE)).status == 400
    changes = OIDCChanges(redirect_uris=(ELSEWHERE,))
    await one.send(ChangeApp(project_id=app.project_id, app_id=app.app_id, oidc=changes))
    assert (await other.authorize(app, redirect_uri=ELSEWHERE)).status == 302


async def test_a_new_secret_of_a_client_counts(deaf):
    one, other = deaf
    app = await one.app()
    tokens = await other.sign_in(app)
    order = SetClientSecret(project_id=app.project_id, app_id=app.app_id)
    app.secret = (await one.send(order)).secrets["client_secret"]
    assert (await other.refresh(app, tokens["refresh_token"])).status == 200


async def test_a_new_secret_of_a_machine_counts(deaf):
    one, other = deaf
    robot = await one.machine()
    asked = "client_credentials", basic(robot.name, robot.secret)
    assert (await other.token(*asked, scope="openid")).status == 200
    secret = (await one.send(SetMachineSecret(user_id=robot.id))).secrets["client_secret"]
    asked = "client_credentials", basic(robot.name, secret)
    assert (await other.token(*asked, scope="openid")).status == 200


async def test_refreshed_tokens_count_in_turns(deaf):
    app = await deaf[0].app()
    tokens = await deaf[0].sign_in(app)
    for at in range(6):
        here, there = deaf[at % 2], deaf[1 - at % 2]
        tokens = (await here.refresh(app, tokens["refresh_token"])).json
        assert (await there.userinfo(tokens["access_token"])).status == 200
        assert (await there.introspect(app, tokens["access_token"]))["active"]


async def test_a_browser_is_signed_in_by_the_token_it_got_elsewhere(deaf):
    one, other = deaf
    app = await one.app()
    browser = await one.browser()
    await other.code(app, browser)
    newer = Held(browser.held.session_id, one.new_id())
    await one.send(SetSession(session_id=newer.session_id, token_id=newer.token_id))
    asked = await other.authorize(app, prompt="none", headers=held_by(other.services, newer).cookie)
    assert asked.error is None
    assert "code=" in asked.location


async def test_who_has_no_right_to_it_is_refused_all_the_same(deaf):
    one, other = deaf
    app = await one.app()
    await other.sign_in(app)
    await one.send(ChangeOrg(org_id=ORG, name="Renamed"))
    wrong = await other.token("refresh_token", basic(app.client_id, "wrong"), refresh_token="x")
    assert (wrong.status, wrong.json["error"]) == (401, "invalid_client")
