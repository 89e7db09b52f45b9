"""What holds for every sign-in page there is: forms, markup, cookies, and the order of steps."""

import re
from html import unescape
from urllib.parse import urlencode

import pytest
from personae.actors.domain.kit import Stream
from personae.http.identity import base64url
from personae.http.login import PAGES_AT

from tests.aggregates.conftest import ADMIN, INSTANCE, PASSWORD
from tests.http.login.conftest import NAME, Browser
from tests.http.login.test_factors import allow, app_of

GET = [path for path, _, _ in PAGES_AT]
POST = [path for path, _, take in PAGES_AT if take] + ["/language"]
MARK = "\"'><x9>"
PARAMETERS = (
    *("authRequestID", "samlRequest", "user_code", "session", "factor", "who", "kept", "idp", "id"),
    *("token", "error", "user", "org", "code", "codeId", "client_id", "post_logout_redirect_uri"),
    *("state", "logout_hint", "ui_locales", "login_hint", "back", "ended", "loginName"),
)
TYPED = {
    "loginName": NAME, "password": PASSWORD, "new": "Other-Horse-2", "again": "Other-Horse-2",
    "current": PASSWORD, "code": "000000", "choose": "totp", "skip": "yes", "do": "start",
    "credential": "{}", "name": "mine", "answer": "allow", "given": "A", "family": "B",
    "email": "a@b.test", "userCode": "BCDF-GHJK", "account": "1", "leave": "1",
}  # fmt: skip


@pytest.mark.parametrize("path", POST)
async def test_every_form_needs_its_token(browser, path):
    """AV-29: signed in or not, no page of another site makes the browser do anything."""
    for _ in range(2):
        for token in ({}, {"token": ""}, {"token": "x"}):
            page = await browser.post(f"/ui/login{path}", data=TYPED | token)
            assert page.status == 403, page.text
        await browser.sign_in()


@pytest.mark.parametrize("path", [*GET, "/nowhere"])
async def test_no_parameter_is_ever_markup(browser, site, path):
    """ZA-08: each parameter of each page, one by one and all at once, signed in or not."""
    await site.ask()
    for _ in range(2):
        for names in (*((each,) for each in PARAMETERS), PARAMETERS):
            query = urlencode(dict.fromkeys(names, MARK))
            page = await browser.get(f"/ui/login{path}?{query}")
            assert page.status < 500, (names, page.text)
            html = page.headers["Content-Type"].startswith("text/html")
            assert not (html and "<x9>" in page.text), names
        await browser.sign_in()


async def test_no_other_bit_of_the_cookie_names_a_session(browser, site):
    """ZA-70, ZA-72: what a browser holds is sealed; nothing is computed from public parts."""
    await browser.sign_in()
    [cookie] = [each for each in browser.session.cookie_jar if each.key == "personae.agent"]
    sealed = base64url.decode(cookie.value.encode())
    thief = Browser(site)
    for number in range(0, len(sealed) * 8, 7):
        changed = bytearray(sealed)
        changed[number // 8] ^= 1 << number % 8
        forged = base64url.encode(bytes(changed)).decode()
        thief.session.cookie_jar.update_cookies({"personae.agent": forged})
        page = await thief.get("/ui/login/success")
        assert "Sign in" in page.title, number
    for forged in (cookie.value[:-1], cookie.value[1:], cookie.value + "A", "", "e30", "W10"):
        thief.session.cookie_jar.update_cookies({"personae.agent": forged})
        assert "Sign in" in (await thief.get("/ui/login/success")).title
    await thief.session.close()


def forms_in(page):
    """Return every form of a page: its address and hidden fields."""
    found = re.findall(
        r'<form[^>]*method="post"[^>]*action="([^"]*)"[^>]*>(.*?)</form>', page.text, re.DOTALL
    )
    for action, body in found:
        hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', body)
        yield unescape(action), {name: unescape(value) for name, value in hidden}


async def test_with_a_password_alone_no_page_leads_past_the_second_factor(site, browser, redirects):
    """B-22 (ZA-62, ZA-64, ZA-68, OA-01): every page, and every form on each, tried out of order."""
    await allow(site)
    await app_of(site)
    ask = await site.ask(redirect=redirects[0])
    await browser.sign_in(ask)
    session = re.search(r"session=(\d+)", (await browser.get("/ui/login/login")).url)[1]
    stream = Stream(INSTANCE, "user", ADMIN)
    before = (await site.world.aggregate(stream)).version
    failed = {"user.human.mfa.otp.check.failed", "user.human.password.check.succeeded"}
    for path in GET:
        query = {"session": session, "authRequestID": "V2_1", "user": ADMIN}
        page = await browser.get(f"/ui/login{path}?{urlencode(query)}")
        for action, hidden in list(forms_in(page)):
            if not action.endswith(("/language", "/logout")) and "/logout?" not in action:
                await browser.post(action, data=[*hidden.items(), *TYPED.items()])
    written = [each for each in await site.world.log.stream(stream) if each.sequence > before]
    assert {each.event.__event__ for each in written} <= failed, written
    assert redirects[1] == []
    assert not (await site.state("auth_request", "V2_1")).session_id


async def test_before_any_factor_no_page_leads_anywhere(site, browser, redirects):
    """The same with nothing but a login name, at pages that somebody else came to."""
    await allow(site, passwordless_type=1)
    ask = await site.ask(redirect=redirects[0])
    page = await browser.get(ask)
    await browser.submit(page, "loginname", loginName=NAME)
    stream = Stream(INSTANCE, "user", ADMIN)
    before = (await site.world.aggregate(stream)).version
    for path in GET:
        query = {"session": "1", "authRequestID": "V2_1", "user": ADMIN}
        page = await browser.get(f"/ui/login{path}?{urlencode(query)}")
        for action, hidden in list(forms_in(page)):
            typed = TYPED | {"password": "wrong"}
            await browser.post(action, data=[*hidden.items(), *typed.items()])
    written = [each for each in await site.world.log.stream(stream) if each.sequence > before]
    allowed = {"user.human.password.check.failed", "user.human.password.code.added"}
    assert {each.event.__event__ for each in written} <= allowed
    assert redirects[1] == []
    assert not (await site.state("auth_request", "V2_1")).session_id
