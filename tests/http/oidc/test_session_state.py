"""Session Management 1.0: off by default; what the frame says, in Chromium."""

import base64
import hashlib
from pathlib import Path

import pytest
from aiohttp import web
from personae.actors.domain.project.values import ApplicationType, AuthMethod

from tests.aggregates.conftest import PASSWORD
from tests.http.login.test_browser import ARGUMENTS, CHROMIUM
from tests.http.oidc.conftest import CALLBACK, challenge_of, query_of, serving

FRAME = "/oidc/v1/check_session"
NAME = "admin@acme.localhost"


@pytest.fixture
async def managed(whole):
    async with serving(whole.services.dispatch, pages=True, session_state=True) as stack:
        yield stack


async def answer(stack, app, state="b-1", **params):
    browser = await stack.browser()
    cookie = browser.cookie["Cookie"] + (f"; personae.state={state}" if state else "")
    found = await stack.authorize(app, prompt="none", headers={"Cookie": cookie}, **params)
    return query_of(found.location)


def expected(app, origin, browser, salt):
    told = f"{app.client_id} {origin} {browser} {salt}".encode()
    return base64.urlsafe_b64encode(hashlib.sha256(told).digest()).rstrip(b"=").decode()


async def test_it_is_off_unless_it_is_switched_on(whole):
    assert "session_state" not in await answer(whole, await whole.app())
    assert (await whole.call("GET", FRAME)).status == 404
    found = (await whole.call("GET", "/.well-known/openid-configuration")).json
    assert "check_session_iframe" not in found


async def test_an_answer_says_what_the_state_of_the_browser_is(managed):
    app = await managed.app()
    for browser in ("b-1", ""):
        hashed, salt = (await answer(managed, app, browser))["session_state"].split(".")
        assert hashed == expected(app, "https://app.example", browser, salt)
        assert " " not in hashed + salt
    states = {(await answer(managed, app))["session_state"] for _ in range(3)}
    assert len(states) == 3
    found = (await managed.call("GET", "/.well-known/openid-configuration")).json
    assert found["check_session_iframe"] == managed.issuer + FRAME


async def test_who_has_no_page_is_told_no_state(managed):
    native = {"application_type": ApplicationType.NATIVE, "auth_method_type": AuthMethod.NONE}
    app = await managed.app(redirect_uris=("com.example:/cb",), **native)
    pkce = {"code_challenge": challenge_of("v" * 43), "code_challenge_method": "S256"}
    found = await answer(managed, app, redirect_uri="com.example:/cb", **pkce)
    assert "code" in found
    assert "session_state" not in found


async def test_the_frame_runs_its_own_script_only(managed):
    page = await managed.call("GET", FRAME)
    policy = page.headers["Content-Security-Policy"]
    script = page.text.split("<script>")[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy == f"default-src 'none'; script-src 'sha256-{digest}'; base-uri 'none'"
    assert "X-Frame-Options" not in page.headers


async def test_without_it_no_cookie_can_be_read_by_scripts(whole, managed):
    for stack, expected_names in ((whole, set()), (managed, {"personae.state"})):
        app, browser = await stack.app(), await stack.browser()
        tokens = await stack.sign_in(app, browser)
        params = {"id_token_hint": tokens["id_token"]}
        found = await stack.call(
            "GET", "/oidc/v1/end_session", params=params, headers=browser.cookie
        )
        cookies = found.headers.getall("Set-Cookie")
        readable = {each.split("=")[0] for each in cookies if "HttpOnly" not in each}
        assert readable == expected_names


PAGE = """<!doctype html><title>client</title><iframe src="{frame}"></iframe><script>
window.ask = (text) => new Promise((resolve) => {{
  addEventListener("message", (event) => resolve(event.data), {{ once: true }});
  document.querySelector("iframe").contentWindow.postMessage(text, "*");
}});
</script>"""


@pytest.mark.browser
@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is missing")
async def test_in_chromium_the_frame_notices_that_somebody_signed_out(managed):
    from playwright.async_api import async_playwright

    async def page_of_client(_request):
        text = PAGE.format(frame=managed.issuer + FRAME)
        return web.Response(text=text, content_type="text/html")

    site = web.Application()
    site.router.add_get("/cb", page_of_client)
    runner = web.AppRunner(site)
    await runner.setup()
    for _ in range(2):
        await web.TCPSite(runner, "localhost", 0).start()
    others = runner.addresses[-1][1]
    uri = f"http://localhost:{runner.addresses[0][1]}/cb"
    app = await managed.app(redirect_uris=(CALLBACK, uri))
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await (await chromium.new_context()).new_page()
        await page.goto(
            f"{managed.issuer}/oauth/v2/authorize?client_id={app.client_id}"
            f"&redirect_uri={uri}&response_type=code&scope=openid"
        )
        await page.get_by_label("Login name").fill(NAME)
        await page.keyboard.press("Enter")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{uri}*")
        state = query_of(page.url)["session_state"]

        async def ask(text):
            return await page.evaluate("(text) => window.ask(text)", text)

        assert await ask(f"{app.client_id} {state}") == "unchanged"
        assert await ask(f"other {state}") == "changed"
        for bad in ("", "x", f"{app.client_id} nodot", f"{app.client_id} {state} more"):
            assert await ask(bad) == "error"
        elsewhere = await page.context.new_page()
        await elsewhere.goto(f"http://localhost:{others}/cb")
        told = await elsewhere.evaluate("(text) => window.ask(text)", f"{app.client_id} {state}")
        assert told == "changed"  # what another origin shows is never right
        other = await page.context.new_page()
        await other.goto(f"{managed.issuer}/ui/login/logout")
        await other.get_by_role("button", name="Sign out").click()
        await other.wait_for_url("**/logout/done*")
        assert await ask(f"{app.client_id} {state}") == "changed"
        await chromium.close()
    await runner.cleanup()
