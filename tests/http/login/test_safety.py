import re

import pytest
from aiohttp import web
from personae.actors.domain.instance.commands import ChangePolicy
from personae.actors.domain.policies import (
    LabelPolicy,
    LoginPolicy,
    PrivacyPolicy,
    SecurityPolicy,
)
from personae.actors.domain.user.commands import AddHuman
from personae.actors.domain.user.values import NewContact, NewPassword, Profile
from personae.http.identity import agent
from personae.http.identity.instances import Origins
from personae.http.login.links import form_target, web_link
from personae.http.login.seal import seal, unseal

from tests.aggregates.conftest import INSTANCE, ORG, PASSWORD
from tests.http.login.conftest import NAME, Browser

MARK = '"><x9>'
FORMS = (
    *("loginname", "password", "userselection", "logout", "language", "password/change"),
    *("password/reset", "password/set", "verify", "invite", "passkey", "passkey/add"),
    *("mfa", "mfa/set", "mfa/finish"),
)


@pytest.mark.parametrize("form", FORMS)
async def test_a_form_without_its_token_is_refused(browser, form):
    await browser.sign_in()
    page = await browser.post(f"/ui/login/{form}", data={"loginName": NAME})
    assert page.status == 403
    assert "This form was not made for this browser" in page.text


async def test_a_form_of_another_browser_is_refused(browser, site):
    other = Browser(site)
    page = await other.get("/ui/login/loginname")
    await browser.get("/ui/login/loginname")
    assert (await browser.submit(page, "loginname", loginName=NAME)).status == 403
    await other.session.close()


async def test_a_form_of_another_page_is_refused(browser):
    page = await browser.get("/ui/login/loginname")
    _, hidden = page.form("loginname")
    assert (await browser.post("/ui/login/logout", data=hidden)).status == 403


async def test_a_form_without_cookies_is_refused(browser):
    page = await browser.get("/ui/login/loginname")
    browser.session.cookie_jar.clear()
    assert (await browser.submit(page, "loginname", loginName=NAME)).status == 403


@pytest.mark.parametrize(
    "body",
    [
        {"data": b"token=%FF", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"data": b"\xff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"json": {"token": "x"}},
        {"data": {"a": "x" * 40_000}},
        {"data": [("a", "x")] * 60},
    ],
)
async def test_a_malformed_form_is_refused(browser, body):
    page = await browser.post("/ui/login/loginname", **body)
    assert page.status == 400
    assert "This form could not be read" in page.text


async def test_nothing_changes_by_get(browser, site):
    await browser.sign_in()
    before = await site.world.log.head("1")
    for form in FORMS:
        await browser.get(f"/ui/login/{form}?choose=1&leave=1&account=1&password={PASSWORD}")
    assert await site.world.log.head("1") == before


async def test_what_people_type_is_never_markup(browser, site):
    await site.policy(LoginPolicy(allow_username_password=True, ignore_unknown_usernames=True))
    page = await browser.get(await site.ask(login_hint=MARK))
    assert MARK not in page.text
    page = await browser.get("/ui/login/loginname", params={"x": MARK, "who": MARK})
    page = await browser.submit(page, "loginname", loginName=MARK)
    assert MARK not in page.text
    page = await browser.submit(page, "password", password=MARK)
    assert "&gt;&lt;x9&gt;" in page.text
    assert MARK not in page.text


async def test_names_of_people_and_clients_are_never_markup(browser, site):
    await site.send(
        AddHuman(
            user_id="23",
            org_id=ORG,
            user_name=MARK,
            profile=Profile(first_name=MARK, last_name=MARK),
            email=NewContact(value="x@example.org", verified=True),
            password=NewPassword(plain=PASSWORD),
        )
    )
    await browser.sign_in(name=MARK)
    for path in ("success", "userselection", "logout", "loginname"):
        page = await browser.get(f"/ui/login/{path}")
        assert page.status == 200
        assert MARK not in page.text


async def test_paths_and_hosts_are_never_markup(browser):
    page = await browser.get(f"/ui/login/{MARK}")
    assert (page.status, "<x9>" in page.text) == (404, False)
    page = await browser.get("/ui/login/login", headers={"Host": "a<x9>.example"})
    assert (page.status, "<x9>" in page.text) == (400, False)


async def test_pages_forbid_everything_they_do_not_need(browser):
    page = await browser.get("/ui/login/loginname")
    policy = page.headers["Content-Security-Policy"]
    nonce = re.search("nonce-([^']+)", policy)[1]
    for part in (
        "default-src 'none'",
        f"script-src 'nonce-{nonce}'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ):
        assert part in policy
    assert f'<script nonce="{nonce}"' in page.text
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("page", ["loginname", "device", "logout", "nothing"])
async def test_no_page_may_be_framed(browser, page):
    """RFC 9700, 4.16: login pages, the device page, error pages."""
    found = await browser.get(f"/ui/login/{page}")
    assert "frame-ancestors 'none'" in found.headers["Content-Security-Policy"]
    assert found.headers["X-Frame-Options"] == "DENY"


async def test_a_password_is_never_sent_on(browser, site):
    """RFC 9700, 4.12: after 303 no browser sends the form again."""
    page = await browser.get(await site.ask(redirect="https://shop.example/cb"))
    page = await browser.submit(page, "loginname", loginName=NAME)
    action, hidden = page.form("password")
    form = {**hidden, "password": PASSWORD}
    url = site.url + action
    async with browser.session.post(url, data=form, allow_redirects=False) as answer:
        assert answer.status == 303


async def test_forms_may_lead_to_the_client_only(browser, site):
    page = await browser.get(await site.ask(redirect="https://shop.example/cb"))
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' https://shop.example;" in policy


async def test_cookies_are_kept_from_scripts_and_other_sites(browser, site):
    await browser.sign_in()
    cookies = {cookie.key: cookie for cookie in browser.session.cookie_jar}
    assert set(cookies) == {"personae.form", "personae.agent"}
    for cookie in cookies.values():
        assert cookie["httponly"]
        assert (cookie["samesite"], cookie["path"], cookie["domain"]) == ("Lax", "/", "localhost")
        assert len(cookie.key) + len(cookie.value) <= 4096


async def test_on_a_secure_site_cookies_are_bound_to_the_host(site):
    object.__setattr__(site.services.origins, "secure", True)
    browser = Browser(site)
    page = await browser.get("/ui/login/loginname")
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-personae.form=")
    assert "Secure" in cookie
    await browser.session.close()
    answer = web.Response()
    agent.keep(answer, agent.Agent(), site.services, INSTANCE)
    (morsel,) = answer.cookies.values()
    assert morsel.key.startswith("__Host-personae.agent")
    assert (morsel["secure"], morsel["httponly"], morsel["path"]) == (True, True, "/")


async def test_a_planted_agent_cookie_holds_nothing_signed_in_later(browser, site):
    await site.add_user()
    attacker = Browser(site)
    await attacker.sign_in()
    for cookie in attacker.session.cookie_jar:
        if cookie.key == "personae.agent":
            browser.session.cookie_jar.update_cookies({cookie.key: cookie.value})
    await browser.sign_in(name="grace")
    assert "Grace" not in (await attacker.get("/ui/login/userselection")).text
    await attacker.session.close()


async def test_the_language_form_leads_back_to_its_page_and_nowhere_else(browser):
    page = await browser.get("/ui/login/loginname?back=https://evil.example")
    page = await browser.submit(page, "language", language="de", back="https://evil.example")
    assert "/ui/login/loginname" in page.url
    assert '<html lang="de">' in page.text
    page = await browser.submit(page, "language", language="../x")
    assert '<html lang="de">' in page.text


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "//evil",
        "java\tscript:x",
        "\nhttps://x y",
        "",
        "ftp://x",
    ],
)
def test_links_are_web_addresses_or_nothing(link):
    assert web_link(link, "en") == ""


def test_a_link_may_name_the_language():
    assert web_link("https://acme.example/{{.Lang}}/terms", "de") == "https://acme.example/de/terms"


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("https://Shop.Example/cb?x=1", "https://shop.example"),
        ("http://127.0.0.1:8080/cb", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/cb", "http://[::1]:8080"),
        ("com.example.app:/cb", "com.example.app:"),
        ("https://a;script-src */", ""),
        ("https://u@h.example/", "https://h.example"),
        ("https://[x", ""),
        ("", ""),
        ("no scheme", ""),
    ],
)
def test_form_targets_are_origins_schemes_or_nothing(uri, source):
    assert form_target(uri) == source


def test_sealed_values_open_for_their_purpose_only(site_services):
    text = seal(site_services, "name 1", "ada")
    assert unseal(site_services, "name 1", text) == "ada"
    for purpose, changed in (
        ("name 2", text),
        ("name 1", text[:-1]),
        ("name 1", "é"),
        ("name 1", "x" * 9000),
    ):
        assert unseal(site_services, purpose, changed) is None


@pytest.fixture
def site_services(site):
    return site.services


async def test_privacy_links_are_shown_only_when_they_are_safe(browser, site):
    await site.policy(PrivacyPolicy(tos_link="https://acme.example/tos", help_link="javascript:x"))
    page = await browser.get("/ui/login/loginname")
    assert 'href="https://acme.example/tos"' in page.text
    assert "javascript:" not in page.text


async def test_branding_cannot_carry_css(browser, site):
    await site.policy(LabelPolicy(primary_color="red}body{display:none", background_color="#zzz"))
    page = await browser.get("/ui/login/loginname")
    assert "display:none" not in page.text
    assert "--accent:#5469d4" in page.text


async def test_only_the_origins_of_the_security_policy_may_embed_the_pages(site, browser):
    shop = "https://shop.example"
    page = await browser.get("/ui/login/loginname")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"
    for on in (True, False):
        policy = SecurityPolicy(enable_iframe_embedding=on, allowed_origins=(shop,))
        await site.send(ChangePolicy(instance_id=INSTANCE, policy=policy))
        page = await browser.get("/ui/login/loginname")
        ancestors = f"frame-ancestors {shop};" if on else "frame-ancestors 'none';"
        assert ancestors in page.headers["Content-Security-Policy"]
        assert ("X-Frame-Options" in page.headers) is not on


async def test_cookies_reach_frames_only_where_pages_may_be_embedded(site, browser):
    site.services.origins = Origins(secure=True, port=443)
    policy = SecurityPolicy(enable_iframe_embedding=True, allowed_origins=("https://a.example",))
    for same_site in ("Lax", "None"):
        async with browser.session.get(site.url + "/ui/login/loginname") as answer:
            assert f"SameSite={same_site}" in answer.headers["Set-Cookie"]
            assert "Secure" in answer.headers["Set-Cookie"]
        await site.send(ChangePolicy(instance_id=INSTANCE, policy=policy))
