"""The pages in a real Chromium."""

import shutil
import subprocess
import tarfile
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from personae.actors.domain.policies import LoginPolicy
from playwright.async_api import Error, async_playwright

from tests.aggregates.conftest import PASSWORD
from tests.http.login.conftest import NAME
from tests.http.login.test_factors import HOUR, allow

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
FOCUS = "getComputedStyle(document.activeElement).outlineStyle"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is missing"),
]


@pytest.fixture
async def open_page():
    """Open a page with options of a browser context."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)

        @asynccontextmanager
        async def open_(**options):
            context = await chromium.new_context(**options)
            context.set_default_timeout(30_000)
            yield await context.new_page()
            await context.close()

        yield open_
        await chromium.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """Return the source of axe-core, fetched by npm."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is missing")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "pack", "--silent", "axe-core@4"]
    if subprocess.run(command, cwd=folder, timeout=60, check=False).returncode:
        pytest.skip("npm could not fetch axe-core")
    [archive] = folder.glob("*.tgz")
    with tarfile.open(archive) as tar:
        return tar.extractfile("package/axe.min.js").read().decode()


async def sign_in(page, url, name=NAME, password=PASSWORD):
    await page.goto(url)
    await page.get_by_label("Login name").fill(name)
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.mark.parametrize("scripts", [True, False])
async def test_people_get_to_the_client_with_and_without_scripts(
    site, redirects, open_page, scripts
):
    path = await site.ask(redirect=redirects[0])
    async with open_page(java_script_enabled=scripts) as page:
        await sign_in(page, site.url + path)
        await page.wait_for_url("**/callback?code=c-V2_1")
    assert redirects[1] == ["/callback?code=c-V2_1"]


async def test_chromium_refuses_redirects_that_the_policy_does_not_name(site, redirects, open_page):
    """The reason why form-action names the client: without it, nobody would get there."""
    path = await site.ask(redirect=redirects[0])
    seen = []

    async def strip(route):
        answer = await route.fetch()
        headers = {**answer.headers, "content-security-policy": "form-action 'self'"}
        await route.fulfill(response=answer, headers=headers)

    async with open_page() as page:
        page.on("console", lambda message: seen.append(message.text))
        await page.goto(site.url + path)
        await page.get_by_label("Login name").fill(NAME)
        await page.get_by_role("button", name="Continue").click()
        await wait_for(page, "#password")
        await page.route("**/ui/login/password**", strip, times=1)
        await page.reload()
        await page.locator("#password").fill(PASSWORD)
        await page.locator("button.main").click()
        await page.wait_for_timeout(500)
    assert redirects[1] == []
    assert "form-action" in " ".join(seen)


async def test_back_and_reload_do_not_break_the_way_in(site, redirects, open_page):
    path = await site.ask(redirect=redirects[0])
    async with open_page() as page:
        await sign_in(page, site.url + path, password="wrong")
        await page.get_by_text("This password is not right.").wait_for()
        await page.reload()
        await page.go_back()
        await page.go_back()
        await page.get_by_label("Login name").wait_for()
        await page.go_forward()
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_label("Password", exact=True).press("Enter")
        await page.wait_for_url("**/callback?code=c-V2_1")
        await page.go_back()
        await page.wait_for_url("**/callback?code=c-V2_1")


async def test_the_keyboard_suffices_and_focus_is_seen(site, open_page):
    async with open_page() as page:
        await page.goto(site.url)
        await page.locator("input:focus").wait_for()
        await page.keyboard.type(NAME)
        await page.keyboard.press("Tab")
        assert await page.evaluate(FOCUS) == "solid"
        await page.keyboard.press("Enter")
        await page.locator("#password:focus").wait_for()
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
        await page.locator("#password[type=text]").wait_for()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/success")
        await page.get_by_role("link", name="Sign out").press("Enter")
        await page.get_by_role("button", name="Sign out").press("Enter")
        await page.get_by_text("You are signed out").wait_for()


async def test_password_rules_tick_while_typing(site, open_page):
    await site.add_user(change_required=True)
    async with open_page() as page:
        await sign_in(page, site.url, "grace")
        await page.get_by_label("New password", exact=True).press_sequentially("Abcd1")
        await page.get_by_text("3 of 5 rules met").wait_for(state="attached")
        met = page.locator(".rules .met")
        assert await met.all_inner_texts() == [
            "a lower-case letter",
            "an upper-case letter",
            "a digit",
        ]


async def test_a_narrow_window_never_scrolls_sideways(site, open_page):
    long_name = "a-very-long-login-name-that-goes-on." * 4 + "no-break@acme.localhost"
    await site.add_user(name=long_name)
    async with open_page(viewport={"width": 320, "height": 500}, locale="de") as page:
        await page.goto(site.url)
        await page.get_by_label("Anmeldename").fill("Unbekannt" * 9)
        for path in await pages_of(site, page, long_name):
            await page.goto(site.url + path)
            assert await page.evaluate(OVERFLOW) <= 0, path


async def pages_of(site, page, name=NAME):
    """Sign in and return the addresses of pages to look at; the page stands on the last."""
    await page.goto(site.url + "/ui/login/loginname")
    await page.locator("#loginName").fill(name)
    await page.locator("button.main").click()
    password = (await wait_for(page, "#password")).removeprefix(site.url)
    await page.locator("#password").fill(PASSWORD)
    await page.locator("button.main").click()
    await page.wait_for_url("**/success")
    change = await page.locator("a[href*=change]").get_attribute("href")
    await site.policy(LoginPolicy(allow_username_password=True, allow_register=True))
    asks = await site.ask(id_="V2_consent", prompt=(3,), scope=("openid", "email", "x" * 80))
    await page.goto(site.url + asks)
    consent = page.url.removeprefix(site.url)
    assert consent.startswith("/ui/login/consent?")
    paths = (
        "loginname", "userselection", "success", "logout", "nowhere", "register", "consents",
        "logout/done",
    )  # fmt: skip
    return [password, change, consent, *(f"/ui/login/{path}" for path in paths)]


async def wait_for(page, selector):
    await page.locator(selector).wait_for()
    return page.url


async def test_dark_mode_follows_the_system(site, open_page):
    colour = "getComputedStyle(document.body).backgroundColor"
    async with open_page(color_scheme="dark") as page:
        await page.goto(site.url)
        assert await page.evaluate(colour) == "rgb(17, 24, 39)"
        await page.emulate_media(color_scheme="light")
        assert await page.evaluate(colour) == "rgb(250, 250, 250)"


async def test_german_is_spoken_and_english_one_click_away(site, open_page):
    async with open_page(locale="de-AT") as page:
        await page.goto(site.url)
        await page.get_by_role("heading", name="Anmelden").wait_for()
        await page.get_by_role("button", name="English").click()
        await page.get_by_role("heading", name="Sign in").wait_for()
        await page.reload()
        assert await page.locator("html").get_attribute("lang") == "en"


async def test_pages_ask_nobody_else_for_anything(site, open_page):
    asked, complaints = [], []
    async with open_page() as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        await page.goto(site.url)
        await sign_in(page, site.url)
        await page.wait_for_url("**/success")
    assert complaints == []
    assert {url for url in asked if not url.startswith(site.url)} == set()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing(site, open_page, axe, scheme):
    await site.add_user(name="grace")
    async with open_page(color_scheme=scheme, reduced_motion="reduce") as page:
        for path in await pages_of(site, page):
            await page.goto(site.url + path)
            await no_violations(page, axe)
        await page.goto(site.url.replace("localhost", "127.0.0.1") + "/ui/login/login")
        await no_violations(page, axe)
        await page.goto(site.url + "/ui/login/loginname")
        await page.locator("button.main").click()
        await page.locator(".summary").wait_for()
        await no_violations(page, axe)


async def no_violations(page, axe):
    await page.evaluate(axe)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = await page.evaluate("tags => axe.run({runOnly: tags})", tags)
    assert [
        (each["id"], [n["html"] for n in each["nodes"]]) for each in found["violations"]
    ] == [], page.url


async def test_frames_of_other_sites_stay_empty(site, open_page):
    async with open_page() as page:
        await page.set_content(f'<iframe src="{site.url}/ui/login/loginname"></iframe>')
        frame = page.frames[-1]
        with pytest.raises(Error):
            await frame.locator("#loginName").wait_for(timeout=1500)


async def test_a_passkey_of_the_browser_is_set_up_and_signs_in(site, open_page):
    await allow(site, passwordless_type=1, mfa_init_skip_lifetime=HOUR)
    async with open_page() as page:
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
        }
        await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        await sign_in(page, site.url + "/ui/login/login")
        await page.get_by_role("link", name="Set up a second factor").click()
        await page.get_by_role("button", name="Passkey").click()
        await page.get_by_role("button", name="Passkey").click()
        await page.wait_for_url("**/success")
        await page.context.clear_cookies()
        await page.goto(site.url + "/ui/login/loginname")
        await page.get_by_label("Login name").fill(NAME)
        await page.get_by_role("button", name="Continue").click()
        await page.get_by_role("link", name="Sign in with a passkey").click()
        await page.get_by_role("button", name="Use passkey").click()
        await page.get_by_role("button", name="Use passkey").click()
        await page.wait_for_url("**/success")


async def test_pages_of_factors_and_mails_fit_a_telephone(site, open_page, axe):
    await allow(site, force_mfa=True)
    async with open_page(viewport={"width": 360, "height": 640}, color_scheme="dark") as page:
        await sign_in(page, site.url + "/ui/login/login")
        pages = ["/ui/login/verify?user=1", "/ui/login/password/set?user=1&code=A"]
        for path in (None, *pages):
            if path:
                await page.goto(site.url + path)
            else:
                await page.get_by_role("button", name="Authenticator app").click()
            assert await page.evaluate(OVERFLOW) == 0
            await page.evaluate(axe)
            found = await page.evaluate("axe.run()")
            assert [each["id"] for each in found["violations"]] == []
