"""What a client may ask of a sign-in, from its request through the pages to its tokens."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from personae.actors.domain.instance.commands import ChangePolicy
from personae.actors.domain.policies import LoginPolicy
from personae.actors.domain.project.values import (
    ApplicationType,
    AuthMethod,
    GrantType,
    ResponseType,
)

from tests.aggregates.conftest import INSTANCE, PASSWORD, human
from tests.http.login.conftest import NAME, Browser, redirects  # noqa: F401 — a fixture
from tests.http.login.test_browser import ARGUMENTS, CHROMIUM
from tests.http.oidc.conftest import CALLBACK, challenge_of, query_of


@pytest.fixture
async def browser(whole):
    browser = Browser(whole)
    yield browser
    await browser.session.close()


@pytest.fixture
async def app(whole, redirects):  # noqa: F811
    app = await whole.app(redirect_uris=(redirects[0],))
    app.uri, app.seen = redirects
    return app


def authorize(app, **params):
    wanted = {"client_id": app.client_id, "redirect_uri": app.uri, "response_type": "code",
              "scope": "openid", "nonce": "n", **params}  # fmt: skip
    return f"/oauth/v2/authorize?{urlencode(wanted)}"


async def claims(stack, app):
    """The ID token of the code that the client was last called back with."""
    found = await stack.redeem(app, query_of(app.seen[-1])["code"], redirect_uri=app.uri)
    keys = KeySet.import_key_set((await stack.call("GET", "/oauth/v2/keys")).json)
    return jwt.decode(found.json["id_token"], keys, algorithms=["ES256"]).claims


def at(moment):
    return int(moment.timestamp())


async def test_auth_time_and_amr_say_when_and_how(whole, browser, app, clock):
    began = clock()
    await browser.sign_in(authorize(app))
    clock.pass_(minutes=5)
    await browser.get(authorize(app))
    found = await claims(whole, app)
    assert (found["auth_time"], found["amr"], found["iat"]) == (at(began), ["pwd"], at(clock()))


async def test_acr_values_are_taken_and_nothing_is_claimed_for_them(whole, browser, app):
    """They are voluntary (OIDC Core, 3.1.2.1); ``acr`` is not made up."""
    await browser.sign_in(authorize(app, acr_values="gold urn:silver"))
    assert "acr" not in await claims(whole, app)
    found = (await whole.call("GET", "/.well-known/openid-configuration")).json
    assert "acr_values_supported" not in found


async def test_prompt_login_proves_anew(whole, browser, app, clock):
    await browser.sign_in(authorize(app))
    clock.pass_(minutes=5)
    page = await browser.get(authorize(app, prompt="login"))
    assert page.title.startswith("Enter your password")
    await browser.submit(page, "password", password=PASSWORD)
    assert (await claims(whole, app))["auth_time"] == at(clock())


async def test_max_age_proves_anew_only_what_is_older(whole, browser, app, clock):
    began = clock()
    await browser.sign_in(authorize(app))
    clock.pass_(seconds=59)
    await browser.get(authorize(app, max_age="60"))
    assert (await claims(whole, app))["auth_time"] == at(began)
    clock.pass_(seconds=2)
    page = await browser.get(authorize(app, max_age="60"))
    await browser.submit(page, "password", password=PASSWORD)
    assert (await claims(whole, app))["auth_time"] == at(clock())


async def test_prompt_select_account_lets_choose(whole, browser, app):
    await browser.sign_in(authorize(app))
    page = await browser.get(authorize(app, prompt="select_account"))
    assert page.title.startswith("Choose an account")
    assert app.seen[1:] == []


async def test_prompt_create_without_registration_is_a_sign_in(browser, app):
    page = await browser.get(authorize(app, prompt="create"))
    assert page.title.startswith("Sign in")


async def test_hints_name_who_is_meant(whole, browser, app):
    page = await browser.get(authorize(app, login_hint="grace@x.test"))
    assert 'value="grace@x.test"' in page.text
    await browser.sign_in(authorize(app))
    page = await browser.get(authorize(app, login_hint="grace@x.test"))
    assert page.title.startswith("Sign in")  # somebody else is signed in
    page = await browser.get(authorize(app, login_hint=NAME))
    assert "welcome" in page.text
    hint = (await whole.redeem(app, query_of(app.seen[-1])["code"], redirect_uri=app.uri)).json
    page = await browser.get(authorize(app, id_token_hint=hint["id_token"]))
    assert "welcome" in page.text


@pytest.mark.parametrize("prompt", [{}, {"prompt": "consent"}])
async def test_somebody_else_than_hinted_gets_the_client_no_tokens(whole, browser, app, prompt):
    """Sections 3.1.2.1 and 3.1.2.2, also for somebody who signs in because of the request.

    Nobody is asked to allow what cannot be had.
    """
    await browser.sign_in(authorize(app))
    found = await whole.redeem(app, query_of(app.seen[-1])["code"], redirect_uri=app.uri)
    hinted = authorize(app, id_token_hint=found.json["id_token"], state="s", **prompt)
    await whole.send(human("77", "grace"))
    other = Browser(whole)
    for _ in range(2):  # signing in for it, and signed in already
        page = await other.get(hinted)
        assert page.title.startswith("Sign in")
        await other.sign_in(hinted, name="grace")
        told = query_of(app.seen[-1])
        assert (told["error"], told["state"], "code" in told) == ("login_required", "s", False)
    await other.session.close()
    page = await browser.get(hinted)
    assert ("code" in query_of(app.seen[-1])) is not bool(prompt)
    assert ("welcome" in page.text) is not bool(prompt)


@pytest.mark.parametrize(
    ("wanted", "word"), [("de", "Anmelden"), ("xx de en", "Anmelden"), ("en de", "Sign in"),
                         ("xx", "Sign in")]
)  # fmt: skip
async def test_ui_locales_choose_the_language(browser, app, wanted, word):
    page = await browser.get(authorize(app, ui_locales=wanted))
    assert page.title.startswith(word)


CODE = {"response_type": "code"}


@pytest.mark.parametrize(
    ("params", "where"),
    [
        (CODE, "?"),
        ({**CODE, "response_mode": "query"}, "?"),
        ({**CODE, "response_mode": "fragment"}, "#"),
        ({"response_type": "id_token"}, "#"),
        ({"response_type": "id_token token"}, "#"),
    ],
)
async def test_the_answer_comes_where_it_was_asked(whole, params, where):
    app = await whole.app(
        response_types=tuple(ResponseType), grant_types=(*GrantType,)[:3],
    )  # fmt: skip
    browser = await whole.browser()
    found = await whole.authorize(app, **params, prompt="none", headers=browser.cookie)
    uri, mark, _ = found.location.partition("#")
    assert bool(mark) is (where == "#")
    told = query_of(found.location)
    assert (told["state"], told["iss"]) == ("s&t", whole.issuer)
    assert ("code=" in uri) is (where == "?")


@pytest.mark.parametrize("wanted", ["web_message", "jwt", "query.jwt"])
async def test_other_modes_are_refused(whole, wanted):
    """OIDC Core, 3.1.2.6: with 400, "without Error Response parameters"."""
    app = await whole.app()
    found = await whole.authorize(app, response_mode=wanted)
    assert (found.status, found.location) == (400, "")
    form = {"response_type": "code", "redirect_uri": CALLBACK, "scope": "openid"}
    pushed = await whole.post("/oauth/v2/par", app.basic, **form, response_mode=wanted)
    assert (pushed.status, pushed.error) == (400, "invalid_request")


@pytest.mark.browser
@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is missing")
@pytest.mark.parametrize("scripts", [True, False])
async def test_in_chromium_a_form_is_posted_to_the_client(whole, scripts):
    """Also to a client that then sends the browser on to another origin."""
    from aiohttp import web
    from playwright.async_api import async_playwright

    heard = []

    async def posted(request):
        heard.append(dict(await request.post()))
        raise web.HTTPSeeOther(f"http://localhost:{request.url.port}/home")

    async def home(_request):
        return web.Response(text="home")

    site = web.Application()
    site.router.add_post("/cb", posted)
    site.router.add_get("/home", home)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "localhost", 0).start()
    port = runner.addresses[0][1]
    app = await whole.app(redirect_uris=(f"http://127.0.0.1:{port}/cb",))
    app.uri = app.redirect_uris = f"http://127.0.0.1:{port}/cb"
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await chromium.new_page(java_script_enabled=scripts)
        await page.goto(whole.issuer + authorize(app, response_mode="form_post", state='"<b>'))
        await page.get_by_label("Login name").fill(NAME)
        await page.keyboard.press("Enter")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.keyboard.press("Enter")
        if not scripts:
            await page.get_by_role("button", name="Continue").click()
        await page.wait_for_url("**/home", timeout=30_000)
        await chromium.close()
    await runner.cleanup()
    assert heard[0]["state"] == '"<b>'
    assert (await whole.redeem(app, heard[0]["code"], redirect_uri=app.uri)).status == 200


NATIVE = {"application_type": ApplicationType.NATIVE, "auth_method_type": AuthMethod.NONE}
PKCE = {"code_challenge": challenge_of("v" * 43), "code_challenge_method": "S256"}


@pytest.mark.parametrize("mode", ["query", "fragment"])
async def test_native_applications_are_called_back_at_their_own_scheme(whole, mode):
    uri = "com.example.app:/done"
    app = await whole.app(redirect_uris=(uri,), **NATIVE)
    browser = await whole.browser()
    asked = {**PKCE, "redirect_uri": uri, "prompt": "none", "response_mode": mode}
    found = await whole.authorize(app, **asked, headers=browser.cookie)
    assert found.location.startswith(f"{uri}{'#' if mode == 'fragment' else '?'}code=")
    code = query_of(found.location)["code"]
    got = await whole.redeem(app, code, redirect_uri=uri, code_verifier="v" * 43)
    assert got.status == 200


async def test_a_loopback_port_is_bound_to_the_code(whole):
    app = await whole.app(redirect_uris=("http://127.0.0.1/cb",), **NATIVE)
    browser = await whole.browser()
    asked = {**PKCE, "redirect_uri": "http://127.0.0.1:5001/cb", "prompt": "none"}
    for uri, status in (("http://127.0.0.1:5002/cb", 400), (asked["redirect_uri"], 200)):
        found = await whole.authorize(app, **asked, headers=browser.cookie)
        code = query_of(found.location)["code"]
        got = await whole.redeem(app, code, redirect_uri=uri, code_verifier="v" * 43)
        assert got.status == status


@pytest.mark.parametrize(
    ("uri", "right"),
    [
        ("https://pr-7.dev.example/cb", True), ("https://pr-7.x.dev.example/cb", True),
        ("https://evil.example/cb?.dev.example/cb", False), ("http://pr-7.dev.example/cb", False),
        ("https://pr-7.dev.example/cb/x", False), ("https://deep.example/a/b/c", True),
        ("https://deep.example/../evil", True), ("https://deep.example@evil.example/a", False),
    ],
)  # fmt: skip
async def test_patterns_count_in_development_only(whole, uri, right):
    patterns = {"redirect_uris": ("https://*.dev.example/cb", "https://deep.example/**")}
    browser = await whole.browser()
    for dev_mode in (True, False):
        app = await whole.app(**patterns, dev_mode=dev_mode)
        found = await whole.authorize(app, redirect_uri=uri, prompt="none", headers=browser.cookie)
        assert ("code" in query_of(found.location)) is (right and dev_mode)


async def test_without_a_page_a_password_counts_as_long_as_with_one(whole, browser, app, clock):
    life = int(timedelta(hours=1).total_seconds() * 10**9)
    policy = LoginPolicy(allow_username_password=True, password_check_lifetime=life)
    await whole.send(ChangePolicy(instance_id=INSTANCE, policy=policy))
    await browser.sign_in(authorize(app))
    clock.pass_(minutes=59)
    await browser.get(authorize(app, prompt="none"))
    assert "code" in query_of(app.seen[-1])
    clock.pass_(minutes=1)
    assert (await browser.get(authorize(app))).title.startswith("Enter your password")
    await browser.get(authorize(app, prompt="none"))
    assert query_of(app.seen[-1])["error"] == "login_required"
