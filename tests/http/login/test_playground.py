"""The playground, as a browser without JavaScript uses it."""

import base64
import re
from contextlib import asynccontextmanager
from dataclasses import replace
from html import unescape
from pathlib import Path
from types import SimpleNamespace

import pytest
from aiohttp import web
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.domain.instance.commands import ChangePolicy
from personae.actors.domain.kit import Caller
from personae.actors.domain.policies import LoginPolicy, SecurityPolicy
from personae.actors.domain.project.values import AuthMethod, GrantType, TokenType
from personae.http.login import playground
from personae.http.playground.client import Client
from personae.http.playground.flows import METADATA, Flows
from personae.http.playground.talk import Talk, WentWrongError

from tests.aggregates.conftest import (  # noqa: F401 — fixtures
    ADMIN,
    INSTANCE,
    PASSWORD,
    SETUP,
    clock,
    dispatch,
    passwords,
    world,
)
from tests.http.login.conftest import NAME
from tests.http.login.test_browser import (  # noqa: F401 — fixtures
    CHROMIUM,
    FOCUS,
    OVERFLOW,
    axe,
    no_violations,
    open_page,
)
from tests.http.oidc.conftest import query_of, serving
from tests.http.oidc.test_device import answer
from tests.http.oidc.test_token_exchange import customer, support

PATH, CALLBACK = playground.PATH, playground.CALLBACK
EVERY = (
    GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.DEVICE_CODE,
    GrantType.TOKEN_EXCHANGE,
)  # fmt: skip


class Page:
    """A page with the cookies of its browser."""

    def __init__(self, stack, found, cookies):
        self.stack, self.found, self.text = stack, found, unescape(found.text)
        self.cookies = cookies
        for name, value in re.findall(
            r"^([\w.]+)=([^;]*)", "\n".join(set_cookies(found)), re.MULTILINE
        ):
            self.cookies[name] = value

    @property
    def headers(self):
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    async def get(self, path):
        found = await self.stack.call("GET", path, headers=self.headers)
        return Page(self.stack, found, self.cookies)

    async def run(self, flow, **form):
        """Fill the form in and send it."""
        return await self.post(
            self.forms[-1], flow=flow, **{"method": "auto", "scope": "openid profile"} | form
        )

    async def ask_again(self):
        """Send the form of a device that waits."""
        assert len(self.forms) == 2
        return await self.post(self.forms[0])

    async def post(self, token, **form):
        data = {"token": token, **form}
        found = await self.stack.call("POST", PATH, data=data, headers=self.headers)
        return Page(self.stack, found, self.cookies)

    @property
    def forms(self):
        """The tokens of the page's forms."""
        form = r'action="/ui/playground".*?name="token" value="([^"]*)"'
        return re.findall(form, self.text, re.DOTALL)

    def shown(self, title):
        """Say if a step was shown."""
        return f"<h3>{title}</h3>" in self.text


def set_cookies(found):
    return found.headers.getall("Set-Cookie", [])


@pytest.fixture
async def stack(dispatch):  # noqa: F811
    async with serving(dispatch, pages=True, playground=True) as stack:
        yield stack


async def opened(stack):
    found = await stack.call("GET", PATH)
    assert found.status == 200
    return Page(stack, found, {})


async def app_of(stack, **changes):
    wanted = {"redirect_uris": (stack.issuer + CALLBACK,), "grant_types": EVERY, **changes}
    return await stack.app(**wanted)


@pytest.mark.parametrize("method", [AuthMethod.NONE, AuthMethod.BASIC])
async def test_a_code_flow_leads_to_sign_in_and_back_to_each_claims_reason(stack, method):
    app = await app_of(stack, auth_method_type=method, access_token_type=TokenType.JWT)
    page = await opened(stack)
    begun = await page.run("code", client_id=app.client_id, secret=app.secret)
    assert begun.found.location.startswith(f"{stack.issuer}/oauth/v2/authorize?")
    assert query_of(begun.found.location)["code_challenge_method"] == "S256"
    assert app.secret == "" or app.secret not in str(set_cookies(begun.found))
    browser = await stack.browser()
    asked = await stack.call("GET", begun.found.location.removeprefix(stack.issuer))
    request_id = query_of(asked.location)["authRequestID"]
    await stack.link(request_id, browser)
    back = (await stack.callback(request_id, browser)).location
    done = await begun.get(back.removeprefix(stack.issuer))
    steps = (
        "Read what the provider offers", "Send the browser to sign in", "The browser comes back",
        "Exchange the code for tokens", "Get the keys that verify tokens",
    )  # fmt: skip
    assert all(map(done.shown, steps))
    for said in ("Access token", "ID token", "Claims of userinfo", ADMIN, "verified",
                 "What the client sent with its request", "Because the scope profile"):  # fmt: skip
        assert said in done.text
    assert ("Answer of introspection" in done.text) is (method is AuthMethod.BASIC)
    assert query_of(back)["code"] not in done.text
    assert not app.secret or app.secret not in done.text
    again = await done.get(back.removeprefix(stack.issuer))
    assert "began no flow here" in again.text


async def test_an_answer_that_another_browser_asked_for_is_not_taken(stack):
    app = await app_of(stack, auth_method_type=AuthMethod.NONE)
    begun = await (await opened(stack)).run("code", client_id=app.client_id)
    stranger = await opened(stack)
    stranger.cookies["personae.playground"] = begun.cookies["personae.playground"]
    found = await stranger.get(f"{CALLBACK}?code=x&state=y")
    assert "began no flow here" in found.text


async def test_an_answer_to_another_question_is_not_redeemed(stack):
    app = await app_of(stack, auth_method_type=AuthMethod.NONE)
    begun = await (await opened(stack)).run("code", client_id=app.client_id)
    found = await begun.get(f"{CALLBACK}?code=x&state=y&iss={stack.issuer}")
    assert "state not as expected" in found.text
    assert "Exchange the code" not in found.text


async def test_a_device_shows_its_code_and_gets_tokens_when_asked_again(stack, clock):  # noqa: F811
    app = await app_of(stack, auth_method_type=AuthMethod.NONE)
    begun = await (await opened(stack)).run("device", client_id=app.client_id)
    code = re.search(r"Enter the code (\S+) on", begun.text)[1]
    assert f'href="/ui/login/device?user_code={code}"' in begun.text
    waiting = await begun.ask_again()
    assert "authorization_pending" in waiting.text
    assert code in waiting.text
    await answer(stack, SimpleNamespace(json={"user_code": code}), await stack.browser())
    clock.pass_(seconds=10)
    done = await waiting.ask_again()
    assert ADMIN in done.text
    assert "Claims of userinfo" in done.text
    assert len(done.forms) == 1


async def test_a_device_that_was_denied_waits_no_more(stack):
    app = await app_of(stack, auth_method_type=AuthMethod.NONE)
    begun = await (await opened(stack)).run("device", client_id=app.client_id)
    code = re.search(r"Enter the code (\S+) on", begun.text)[1]
    begun_json = SimpleNamespace(json={"user_code": code})
    await answer(stack, begun_json, await stack.browser(), allow=False)
    done = await begun.ask_again()
    assert "access_denied" in done.text
    assert len(done.forms) == 1


async def test_a_machine_gets_tokens_and_its_secret_is_not_shown_again(stack):
    bot = await stack.machine()
    done = await (await opened(stack)).run("credentials", client_id=bot.name, secret=bot.secret)
    assert f"<code>{bot.id}</code>" in done.text
    assert bot.secret not in done.text
    assert "The one from before is kept" in done.text
    again = await done.run("credentials", client_id=bot.name)
    assert f"<code>{bot.id}</code>" in again.text


async def test_the_token_that_came_last_is_exchanged(stack):
    app = await app_of(stack)
    token = await own_token(stack, app)
    page = await opened(stack)
    who = {"client_id": app.client_id, "secret": app.secret, "scope": "openid"}
    done = await page.run("exchange", subject=token, **who)
    assert "Exchange the token" in done.text
    assert "Answer of introspection" in done.text
    assert token not in done.text
    again = await done.run("exchange", client_id=app.client_id, scope="openid")
    assert "Answer of introspection" in again.text
    wider = await again.run("exchange", client_id=app.client_id, scope="openid phone")
    assert "invalid_scope" in wider.text


async def own_token(stack, app, user_id=ADMIN):
    uri = stack.issuer + CALLBACK
    code = await stack.code(app, await stack.browser(user_id), redirect_uri=uri)
    return (await stack.redeem(app, code, redirect_uri=uri)).json["access_token"]


@pytest.mark.parametrize(
    "form",
    [
        {"client_id": ""},
        {"flow": "nonsense"},
        {"method": "nonsense"},
        {"method": "private_key_jwt"},
    ],
)
async def test_a_form_that_says_too_little_is_asked_again(stack, form):
    page = await opened(stack)
    flow = form.pop("flow", "credentials")
    found = await page.run(flow, **{"client_id": "x", **form})
    assert found.found.status == 422
    assert "Name the client" in found.text


async def test_a_form_of_another_site_is_refused(stack):
    found = await stack.call("POST", PATH, data={"flow": "credentials", "client_id": "x"})
    assert found.status >= 400
    assert "invalid_client" not in found.text


async def test_what_was_typed_is_never_markup(stack):
    page = await opened(stack)
    found = await page.run("credentials", client_id='"><script>x</script>', secret="y" * 40)
    assert "<script>x" not in found.found.text
    assert "invalid_client" in found.text


async def test_the_page_is_german_where_that_is_asked(stack):
    found = await stack.call("GET", PATH, headers={"Accept-Language": "de"})
    assert "Spielwiese" in found.text
    assert "script-src 'nonce-" in found.headers["Content-Security-Policy"]
    assert found.headers["Cache-Control"] == "no-store"


async def test_a_secret_is_kept_for_its_own_client_only(stack):
    bot = await stack.machine()
    done = await (await opened(stack)).run("credentials", client_id=bot.name, secret=bot.secret)
    other = await done.run("credentials", client_id="another")
    assert "invalid_client" in other.text
    for page, kept in ((done, True), (other, False)):
        assert ("<dt><code>Authorization</code></dt>" in page.text) is kept
        secret = page.text.partition('for="secret"')[2].partition("</div>")[0]
        assert ("The one from before is kept" in secret) is kept


async def test_somebody_acts_for_a_user_and_the_claim_says_why(stack):
    policy = SecurityPolicy(enable_impersonation=True)
    await stack.send(ChangePolicy(instance_id=INSTANCE, policy=policy))
    app = await app_of(stack)
    helper, own = await support(stack, "ORG_END_USER_IMPERSONATOR", app)
    theirs = await own_token(stack, app, await customer(stack))
    who = {"client_id": app.client_id, "secret": app.secret, "scope": "openid"}
    done = await (await opened(stack)).run("exchange", subject=theirs, actor=own, **who)
    told = done.text.partition("Answer of introspection")[2]
    assert f'"sub":"{helper}"' in told
    assert "Who acts for the user, because an actor token was shown." in told
    assert not {theirs, own} & set(re.findall(r"[\w.-]{20,}", done.text))


async def test_secrets_come_back_sealed_and_unreadable_only(stack):
    bot = await stack.machine()
    done = await (await opened(stack)).run("credentials", client_id=bot.name, secret=bot.secret)
    assert bot.secret not in done.found.text
    plain = base64.urlsafe_b64decode(done.forms[0] + "==")
    assert bot.secret.encode() not in plain
    assert bot.name.encode() not in plain


async def test_what_waits_for_a_sign_in_is_for_this_path_and_out_of_reach_of_scripts(stack):
    app = await app_of(stack)
    begun = await (await opened(stack)).run("code", client_id=app.client_id, secret=app.secret)
    (cookie,) = [
        each for each in set_cookies(begun.found) if each.startswith("personae.playground")
    ]
    for said in ("HttpOnly", "SameSite=Lax", f"Path={PATH}", "Max-Age=600"):
        assert said in cookie
    longest = await (await opened(stack)).run(
        "code", client_id="c" * 5000, secret="s" * 5000, scope="x" * 5000, subject="t" * 5000
    )
    (cookie,) = [e for e in set_cookies(longest.found) if e.startswith("personae.playground")]
    assert len(cookie) < 4096  # or browsers would drop it (RFC 6265, 6.1)


async def test_nothing_is_asked_of_another_server(stack):
    """What the discovery document says is not followed elsewhere."""
    asked = []

    async def elsewhere(request):
        asked.append(request.path)
        return web.json_response({})

    async def discovery(_request):
        where = {"issuer": "http://id.test", "token_endpoint": f"{other}/token"}
        return web.json_response(where | {"jwks_uri": "http://id.test@evil.test/keys"})

    async with listening("/token", elsewhere) as other, listening(METADATA, discovery) as via:
        flows = Flows(Talk(stack.http, "http://id.test", via), Client.of("x"))
        with pytest.raises(WentWrongError):
            await flows.credentials("openid")
        with pytest.raises(WentWrongError):
            await flows.talk.call("keys", "http://id.test@evil.test/keys")
    assert asked == []
    assert [step.received.get("refused") for step in flows.talk.steps] == [
        None, "this is another server", "this is another server",
    ]  # fmt: skip


@asynccontextmanager
async def listening(path, handle):
    app = web.Application()
    app.router.add_route("*", path, handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize("path", [PATH, CALLBACK])
async def test_a_closed_playground_is_not_there(browser, path):
    page, nowhere = await browser.get(path), await browser.get("/ui/nowhere")
    assert page.status == 404
    assert "Playground" not in page.text
    assert unnumbered(page) == unnumbered(nowhere)
    assert (await browser.post(path, data={"flow": "code"})).status == 404


def unnumbered(page):
    """A page without what each request has for itself."""
    return re.sub(r'nonce="[^"]*"|<code>[0-9a-f]{20}</code>', "", page.text)


# In a real browser.


@pytest.fixture
async def house(world):  # noqa: F811
    """A provider whose people may sign in with a password."""
    site = Dispatch(world)
    policies = replace(SETUP.policies, login=LoginPolicy(allow_username_password=True))
    await site.send(replace(SETUP, policies=policies), Caller.of_system(INSTANCE))
    async with serving(site, pages=True, playground=True) as stack:
        yield stack


browsing = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is missing"),
]


def marked(test):
    for mark in browsing:
        test = mark(test)
    return test


async def sign_in(page):
    await page.get_by_label("Login name").fill(NAME)
    await page.keyboard.press("Enter")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.keyboard.press("Enter")


@marked
async def test_the_keyboard_suffices_without_scripts(house, open_page):  # noqa: F811
    app = await app_of(house)
    async with open_page(java_script_enabled=False) as page:
        await page.goto(house.issuer + PATH)
        await page.get_by_role("radio", name="Authorization code").focus()
        await page.keyboard.press("Tab")
        assert await page.evaluate(FOCUS) == "solid"
        await page.keyboard.type(app.client_id)
        await page.keyboard.press("Tab")
        await page.keyboard.type(app.secret)
        await page.keyboard.press("Enter")
        await sign_in(page)
        await page.get_by_text("Because the scope profile was granted.").first.wait_for()
        await page.get_by_text("Sent").nth(1).focus()
        await page.get_by_role("radio", name="Authorization code").focus()
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="The device waits").wait_for()
        async with page.context.expect_page() as opened_page:
            await page.get_by_role("link", name="Open the page for devices").press("Enter")
        other = await opened_page.value
        await other.get_by_role("button").first.press("Enter")
        await other.get_by_role("button", name="Allow").press("Enter")
        await page.get_by_role("button", name="Ask for the tokens").press("Enter")
        await page.get_by_text("Because the scope profile was granted.").first.wait_for()


@marked
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_telephone_and_axe_finds_nothing(house, open_page, axe, scheme):  # noqa: F811
    app = await app_of(house, access_token_type=TokenType.JWT)
    telephone = {"viewport": {"width": 360, "height": 640}, "reduced_motion": "reduce"}
    asked, complaints = [], []
    async with open_page(color_scheme=scheme, **telephone) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        await page.goto(house.issuer + PATH)
        await fits(page, axe)
        await page.get_by_label("Client id").fill(app.client_id)
        await page.get_by_label("Client secret").fill(app.secret)
        await page.get_by_role("button", name="Run").click()
        await sign_in(page)
        await page.get_by_role("heading", name="What happened").wait_for()
        for summary in await page.locator("summary").all():
            await summary.click()
        await fits(page, axe)
        await page.get_by_role("radio", name="Device").check()
        await page.get_by_role("button", name="Run").click()
        await page.get_by_role("heading", name="The device waits").wait_for()
        await fits(page, axe)
        await page.get_by_label("Client id").fill("")
        await page.get_by_role("radio", name="Client credentials").check()
        await page.get_by_label("Client id").fill("nobody")
        await page.get_by_role("button", name="Run").click()
        await page.get_by_text("invalid_client").wait_for(state="attached")
    assert complaints == []
    assert [url for url in asked if not url.startswith(house.issuer)] == []


async def fits(page, axe):  # noqa: F811
    assert await page.evaluate(OVERFLOW) <= 0
    await no_violations(page, axe)
