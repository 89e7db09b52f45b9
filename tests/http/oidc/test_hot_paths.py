"""What clients ask all the time is answered from memory: the log is written to, never read."""

import pytest
from personae.actors.domain.project.values import GrantType

from tests.http.oidc.assertions import seconds, signed
from tests.http.oidc.conftest import basic, query_of
from tests.http.oidc.test_device import answer

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
    await ask()
    log.append = append
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
