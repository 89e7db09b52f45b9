"""What clients ask all the time is answered from memory: the log is written to, never read."""

import pytest
from personae.actors.domain.project.values import GrantType, ResponseType
from personae.store.log import OutcomeUnknown

from tests.aggregates.conftest import INSTANCE
from tests.http.oidc.assertions import seconds, signed
from tests.http.oidc.conftest import basic, query_of
from tests.http.oidc.test_device import GRANT, answer
from tests.http.oidc.test_token_exchange import (
    ALL,
    act,
    customer,
    desk,  # noqa: F401 — a fixture
    exchange,
    support,
)

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EVERY = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.DEVICE_CODE)


async def credentials(stack):
    bot = await stack.machine()
    return lambda: stack.token("client_credentials", basic(bot.name, bot.secret), scope="openid")


async def jwt_bearer(stack):
    bot = await stack.machine_key(await stack.machine())
    text = signed(bot.id, stack.issuer, bot.key_id, bot.key, seconds(stack))
    return lambda: stack.token(BEARER, assertion=text, scope="openid")


async def userinfo(stack):
    token = (await stack.sign_in(await stack.app()))["access_token"]
    return lambda: stack.userinfo(token)


async def introspection(stack):
    app = await stack.app()
    token = (await stack.sign_in(app))["access_token"]
    return lambda: stack.post("/oauth/v2/introspect", app.basic, token=token)


async def refresh(stack):
    app = await stack.app()
    tokens = [(await stack.sign_in(app))["refresh_token"] for _ in range(2)]
    return lambda: stack.refresh(app, tokens.pop())


async def code(stack):
    """The whole flow of a browser that is signed in."""
    app, browser = await stack.app(), await stack.browser()

    async def flow():
        found = await stack.authorize(app, prompt="none", headers=browser.cookie)
        return await stack.redeem(app, query_of(found.location)["code"])

    return flow


async def used_at_once(stack):
    """A token that has just been given."""
    app, browser = await stack.app(), await stack.browser()

    async def flow():
        found = await stack.authorize(app, prompt="none", headers=browser.cookie)
        tokens = (await stack.redeem(app, query_of(found.location)["code"])).json
        await stack.userinfo(tokens["access_token"])
        return await stack.refresh(app, tokens["refresh_token"])

    return flow


async def commits(stack, ask):
    """Count the commits of a call: each waits for the disk."""
    log, count = stack.services.world.log, 0
    append = log.append

    async def counted(commit):
        nonlocal count
        count += 1
        return await append(commit)

    log.append = counted
    answer = await ask()
    log.append = append
    assert answer is None or answer.status in {200, 302}
    return count


async def test_who_is_signed_in_waits_twice_for_the_disk(stack):
    """Once for the request with its answer, once for the code with its tokens."""
    app, browser = await stack.app(), await stack.browser()
    ask = {"prompt": "none", "headers": browser.cookie}
    found = []

    async def authorize():
        found.append(await stack.authorize(app, **ask))

    assert await commits(stack, authorize) == 1
    code = query_of(found[0].location)["code"]
    assert await commits(stack, lambda: stack.redeem(app, code)) == 1
    # Who is not is told with one, and that is kept too.
    ask = {"prompt": "none"}
    assert await commits(stack, authorize) == 1
    assert found[1].error == "login_required"


async def told(stack, **changes):
    """A client that wants to hear of the end of a session on both channels."""
    app = await stack.app(back_channel_logout_uri="https://app.example/back", **changes)
    return await stack.settings(app, front_channel_logout_uri="https://app.example/front")


async def code_of_one_to_be_told(stack):
    app = await told(stack)
    given = await stack.code(app)
    return lambda: stack.redeem(app, given)


async def answer_to_one_to_be_told(stack):
    """Tokens straight from the authorization endpoint (the implicit flow)."""
    kind = (GrantType.IMPLICIT,)
    app = await told(stack, response_types=(ResponseType.ID_TOKEN_TOKEN,), grant_types=kind)
    browser = await stack.browser()
    asked = await stack.authorize(app, response_type="id_token token", scope="openid")
    request_id = query_of(asked.location)["authRequestID"]
    await stack.link(request_id, browser)
    return lambda: stack.callback(request_id, browser)


async def device(stack):
    app = await told(stack, grant_types=EVERY)
    begun = await stack.post("/oauth/v2/device_authorization", app.basic, scope="openid")
    await answer(stack, begun, await stack.browser())
    return lambda: stack.token(GRANT, app.basic, device_code=begun.json["device_code"])


async def exchanged(stack):
    app = await told(stack, grant_types=ALL)
    tokens = await stack.sign_in(app)
    return lambda: exchange(stack, app, tokens["access_token"], scope="openid")


async def impersonation(stack):
    app = await told(stack, grant_types=ALL)
    _, own = await support(stack, "ORG_END_USER_IMPERSONATOR", app)
    user_id = await customer(stack, stack.new_id())
    return lambda: act(stack, app, user_id, own)


TOLD = (code_of_one_to_be_told, answer_to_one_to_be_told, device)
ANSWERS = (credentials, jwt_bearer, refresh, *TOLD, exchanged, impersonation)


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.__name__)
async def test_an_answer_with_tokens_waits_for_the_disk_once(desk, path):  # noqa: F811
    """With all that belongs to it, so that there is never one without the other."""
    assert await commits(desk, await path(desk)) == 1


@pytest.mark.parametrize("path", TOLD, ids=lambda path: path.__name__)
async def test_who_is_to_be_told_is_kept_with_the_tokens(stack, path):
    ask = await path(stack)
    before = await stack.services.world.log.head(INSTANCE)
    await ask()
    log = await stack.services.world.log.after(INSTANCE, before, 100)
    (family,) = {each.stream for each in log if each.stream.type == "oidc_session"}
    (logouts,) = {each.stream for each in log if each.stream.type == "session_logout"}
    state = await stack.services.world.state(logouts)
    opened = await stack.services.world.state(family)
    asked = state.waiting[family.id].asked
    assert (logouts.id, list(state.front.values())) == (opened.session_id, [stack.issuer])
    assert (asked.client_id, asked.user_id) == (opened.client_id, opened.user_id)
    assert (asked.issuer, asked.uri) == (stack.issuer, "https://app.example/back")


@pytest.mark.parametrize("path", [*TOLD, impersonation], ids=lambda path: path.__name__)
async def test_what_does_not_reach_the_disk_leaves_nothing(desk, path, monkeypatch, clock):  # noqa: F811
    """When what belongs to them cannot be kept there are no tokens; and asked again there are."""
    ask, log = await path(desk), desk.services.world.log
    before, append = await log.head(INSTANCE), log.append
    beside = "user" if path is impersonation else "session_logout"

    async def breaking(commit):
        if any(part.stream.type == beside for part in commit.parts):
            raise OutcomeUnknown
        return await append(commit)

    monkeypatch.setattr(log, "append", breaking)
    assert (await ask()).status == 503
    monkeypatch.undo()
    clock.pass_(seconds=6)
    assert await log.after(INSTANCE, before, 100) == []
    assert (await ask()).status in {200, 302}
    kinds = {each.stream.type for each in await log.after(INSTANCE, before, 100)}
    assert {"oidc_session", beside} <= kinds


PATHS = (credentials, jwt_bearer, userinfo, introspection, refresh, code, used_at_once)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.__name__)
async def test_the_log_is_not_read(stack, path, monkeypatch):
    ask, log, asked = await path(stack), stack.services.world.log, []
    assert (await ask()).status == 200
    for name in ("stream", "load_snapshot", "holder", "after", "head"):
        kept = getattr(log, name)
        monkeypatch.setattr(
            log, name, lambda *a, n=name, k=kept: asked.append((n, *a[:1])) or k(*a)
        )
    assert (await ask()).status == 200
    assert asked == []


async def test_tokens_of_a_device_are_given_from_memory(stack, monkeypatch):
    app = await stack.app(grant_types=EVERY)
    begun = await stack.post("/oauth/v2/device_authorization", app.basic, scope="openid")
    await answer(stack, begun, await stack.browser())
    log, asked = stack.services.world.log, []
    stream = log.stream
    monkeypatch.setattr(log, "stream", lambda *a: asked.append(a) or stream(*a))
    form = {"device_code": begun.json["device_code"]}
    found = await stack.token("urn:ietf:params:oauth:grant-type:device_code", app.basic, **form)
    assert (found.status, asked) == (200, [])
