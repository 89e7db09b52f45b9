"""What one process did the other knows before it refuses anybody, though it has heard of nothing."""

from contextlib import AsyncExitStack

import pytest
from personae.actors.domain.instance.commands import ChangePolicy
from personae.actors.domain.org.commands import AddOrgMember, ChangeOrg
from personae.actors.domain.policies import SecurityPolicy
from personae.actors.domain.project.commands import ChangeApp, OIDCChanges, SetClientSecret
from personae.actors.domain.session.commands import SetSession
from personae.actors.domain.user.commands import GiveConsent, SetMachineSecret
from personae.actors.workers import follower
from personae.http.identity.agent import Held
from personae.http.oidc.provider import Profiles

from tests.aggregates.conftest import ADMIN, INSTANCE, ORG
from tests.http.oidc.conftest import basic, held_by, serving, two
from tests.http.oidc.test_registration import initial_token, manage, register
from tests.http.oidc.test_token_exchange import ALL, act, customer, exchange, support

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


async def test_what_a_client_may_exchange_is_known(deaf):
    """Consent, who may act for others, and the policy that lets them."""
    one, other = deaf
    first = await one.app()
    app = await one.settings(await one.app(first.project_id, grant_types=ALL), ask_consent=True)
    text = (await one.sign_in(first))["access_token"]
    assert (await exchange(other, app, text, scope="openid")).error == "consent_required"
    await one.send(GiveConsent(user_id=ADMIN, client_id=app.client_id, scopes=("openid",)))
    assert (await exchange(other, app, text, scope="openid")).status == 200
    helper, own = await support(one, "", app)
    user_id = await customer(one)
    assert (await act(other, app, user_id, own)).status == 403
    policy = SecurityPolicy(enable_impersonation=True)
    await one.send(ChangePolicy(instance_id=INSTANCE, policy=policy))
    member = AddOrgMember(org_id=ORG, user_id=helper, roles=("ORG_END_USER_IMPERSONATOR",))
    await one.send(member)
    assert (await act(other, app, user_id, own)).status == 200


async def test_a_resource_is_known_once_it_is_registered(deaf):
    one, other = deaf
    app = await one.app()
    await other.sign_in(app)
    await one.settings(app, resources=("https://api.example/",))
    found = await other.authorize(app, resource="https://api.example/")
    assert (found.status, found.error) == (302, None)


async def test_the_way_back_from_a_logout_counts_once_it_is_registered(deaf):
    one, other = deaf
    app = await one.app()
    await other.sign_in(app)
    changes = OIDCChanges(post_logout_redirect_uris=(ELSEWHERE,))
    await one.send(ChangeApp(project_id=app.project_id, app_id=app.app_id, oidc=changes))
    asked = {"client_id": app.client_id, "post_logout_redirect_uri": ELSEWHERE}
    found = await other.call("GET", "/oidc/v1/end_session", params=asked)
    assert (found.status, found.location) == (302, ELSEWHERE)


async def test_who_registered_at_one_process_manages_it_at_another(deaf):
    nodes, profiles = deaf, Profiles(registration_project=await deaf[0].project())
    async with AsyncExitStack() as stack:
        one, other = [
            await stack.enter_async_context(
                serving(each.services.dispatch, beside=nodes[0], profiles=profiles)
            )
            for each in nodes
        ]
        one.project_id = profiles.registration_project
        token = (await initial_token(one)).text
        assert (await register(other, token)).status == 201  # so that it knows the project
        client = (await register(one, token)).json
        one.issuer = other.issuer = nodes[0].issuer
        assert (await manage(other, "GET", client)).status == 200
