"""Clients that are told of a logout in the browser (OpenID Connect Front-Channel Logout 1.0)."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from personae.actors.domain.kit import Refusal
from personae.actors.domain.project.commands import RemoveApp

from tests.http.login.conftest import NAME, Browser, redirects  # noqa: F401 — a fixture
from tests.http.login.test_browser import ARGUMENTS, CHROMIUM
from tests.http.oidc.conftest import AFTER, CALLBACK, query_of

LOGOUT = "https://app.example/logout?keep=1"
END = "/oidc/v1/end_session"


@pytest.fixture
async def browser(whole):
    browser = Browser(whole)
    yield browser
    await browser.session.close()


async def told(stack, uri=LOGOUT, **changes):
    return await stack.settings(await stack.app(**changes), front_channel_logout_uri=uri)


async def signed_in(stack, *apps):
    """A browser that signed in to some applications; the last one's tokens."""
    browser = await stack.browser()
    for app in apps:
        found = await stack.sign_in(app, browser)
    return browser, found


def frames(page):
    return [unescape(uri) for uri in re.findall(r'<iframe [^>]*src="([^"]*)"', page.text)]


async def page_after(stack, browser, **params):
    found = await stack.call("GET", END, params=params, headers=browser.cookie)
    assert found.location.startswith("/ui/login/logout/done?ended=")
    return await stack.call("GET", found.location, headers=browser.cookie)


async def test_each_client_of_the_session_is_loaded_with_issuer_and_session(whole):
    apps = [await told(whole), await told(whole, "https://app.example/other"), await whole.app()]
    browser, tokens = await signed_in(whole, *apps)
    page = await page_after(whole, browser, id_token_hint=tokens["id_token"])
    found = frames(page)
    assert [urlsplit(uri).path for uri in found] == ["/logout", "/other"]
    for uri in found:
        query = parse_qs(urlsplit(uri).query)
        assert (query["iss"], query["sid"]) == ([whole.issuer], [browser.held.session_id])
    assert "keep=1&iss=" in found[0]
    assert (await whole.userinfo(tokens["access_token"])).status == 401


async def test_the_page_may_frame_these_clients_and_nothing_else(whole):
    app = await told(whole)
    browser, tokens = await signed_in(whole, app)
    page = await page_after(whole, browser, id_token_hint=tokens["id_token"])
    policy = page.headers["Content-Security-Policy"]
    assert "frame-src https://app.example/logout; " in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert 'sandbox="allow-scripts allow-same-origin allow-forms"' in page.text
    empty = await whole.call("GET", "/ui/login/logout/done")
    assert "frame-src" not in empty.headers["Content-Security-Policy"]


async def test_the_way_goes_on_to_the_client_that_asked(whole):
    app = await told(whole)
    browser, tokens = await signed_in(whole, app)
    page = await page_after(
        whole, browser, id_token_hint=tokens["id_token"], post_logout_redirect_uri=AFTER, state="s"
    )
    assert f'<meta http-equiv="refresh" content="5;url={AFTER}?state=s">' in page.text
    assert f'href="{AFTER}?state=s"' in page.text


async def test_without_clients_to_tell_nobody_waits(whole):
    app = await whole.app()
    browser, tokens = await signed_in(whole, app)
    params = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": AFTER}
    found = await whole.call("GET", END, params=params, headers=browser.cookie)
    assert found.location == AFTER


async def test_clients_that_are_gone_or_moved_are_not_loaded(whole):
    gone, moved, off = [await told(whole) for _ in range(3)]
    browser, tokens = await signed_in(whole, gone, moved, off, await told(whole))
    await whole.send(RemoveApp(project_id=gone.project_id, app_id=gone.app_id))
    await whole.settings(moved, front_channel_logout_uri="https://app.example/new")
    await whole.settings(off, front_channel_logout_uri="")
    page = await page_after(whole, browser, id_token_hint=tokens["id_token"])
    assert sorted(urlsplit(uri).path for uri in frames(page)) == ["/logout", "/new"]


@pytest.mark.parametrize("text", ["", "x", "a" * 7_000, "AAECAwQF"])
async def test_nobody_else_says_what_the_page_loads_or_where_it_leads(whole, text):
    page = await whole.call("GET", f"/ui/login/logout/done?ended={text}")
    assert page.status == 200
    assert frames(page) == []
    assert "http-equiv" not in page.text


async def test_after_minutes_the_page_loads_nobody(whole, clock):
    app = await told(whole)
    browser, tokens = await signed_in(whole, app)
    params = {"id_token_hint": tokens["id_token"]}
    found = await whole.call("GET", END, params=params, headers=browser.cookie)
    clock.pass_(minutes=6)
    assert frames(await whole.call("GET", found.location)) == []


async def test_signing_out_on_our_page_tells_them_too(whole, browser):
    app = await told(whole)
    page = await browser.sign_in()
    cookie = {"Cookie": "; ".join(f"{c.key}={c.value}" for c in browser.session.cookie_jar)}
    asked = await whole.authorize(app, headers=cookie, prompt="none")
    await whole.redeem(app, query_of(asked.location)["code"])
    page = await browser.get("/ui/login/logout")
    (session_id,) = re.findall(r'name="account" value="([^"]*)"', page.text)
    page = await browser.submit(page, "logout", [("account", session_id)])
    assert len(frames(page)) == 1


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/logout", "https://app.example:444/logout", "http://app.example/",
        "https://app.example/logout#x", "javascript:alert(1)", "/logout", "https://app.example@evil/",
    ],
)  # fmt: skip
async def test_the_address_must_be_of_the_origin_of_a_redirect_uri(whole, uri):
    with pytest.raises(Refusal, match="APP-LogoutUriInvalid"):
        await told(whole, uri)


async def test_it_is_announced(whole):
    found = (await whole.call("GET", "/.well-known/openid-configuration")).json
    assert found["frontchannel_logout_supported"] is True
    assert found["frontchannel_logout_session_supported"] is True


@pytest.mark.browser
@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is missing")
@pytest.mark.parametrize("scripts", [True, False])
async def test_in_chromium_the_client_is_told_and_then_gone_back_to(whole, redirects, scripts):  # noqa: F811
    from playwright.async_api import async_playwright

    heard = []

    async def client_page(request):
        heard.append((request.path, set(request.query)))
        return web.Response(text="client", headers={"Cache-Control": "no-cache, no-store"})

    app = web.Application()
    app.router.add_get("/{page}", client_page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    uris = {
        "redirect_uris": (CALLBACK, f"{origin}/cb"),
        "post_logout_redirect_uris": (f"{origin}/bye",),
    }
    client = await told(whole, f"{origin}/logout", **uris)
    _, tokens = await signed_in(whole, client)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await chromium.new_page(java_script_enabled=scripts)
        await page.goto(
            f"{whole.issuer}{END}?id_token_hint={tokens['id_token']}"
            f"&post_logout_redirect_uri={origin}/bye"
        )
        await page.wait_for_url(f"{origin}/bye", timeout=15_000)
        await chromium.close()
    await runner.cleanup()
    assert heard[:2] == [("/logout", {"iss", "sid"}), ("/bye", set())]
