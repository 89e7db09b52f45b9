"""Who is known here is told to nobody: whatever page is asked about somebody and about nobody."""

import asyncio
import re
from html import unescape

import pytest
from personae.actors.domain.org.commands import AddOrgPolicy
from personae.actors.domain.policies import PasswordComplexityPolicy
from personae.actors.domain.user.code_commands import LinkPasskeyRegistration, ResetPassword
from personae.actors.domain.user.commands import DeactivateUser
from personae.http.login import check

from tests.aggregates.conftest import ADMIN, ORG, PASSWORD
from tests.http.login.conftest import NAME
from tests.http.login.test_factors import allow, key_of

SOMEBODY, NOBODY = "229999999999999998", "229999999999999999"
SECRET = {"ignore_unknown_usernames": True}
PAGES = ("verify", "password/set", "invite", "passkey/add")
GUESSES_ = (
    {"code": "WRONG1", "new": "Other-Horse-2", "again": "Other-Horse-2"},
    {"code": "WRONG1", "new": "weak", "again": "weak"},
    {"code": "WRONG1", "new": "Other-Horse-2", "again": "Other-Horse-3"},
    {"code": "", "new": "", "again": ""},
    {"code": "WRONG1", "new": PASSWORD, "again": PASSWORD},
    {"do": "start"},
    {"credential": "{}"},
)


def plain(page, *names):
    """Return a page without what is new each time, and without the names that were asked with."""
    text = re.sub(r'(nonce|name="token" value|who)="?[^"]*"', "", page.text)
    text = re.sub(r'who=[^"&]*', "", text)
    for name in names:
        text = text.replace(name, "WHO")
    return page.status, page.headers.get("Retry-After"), text


@pytest.fixture
async def strict(site):
    """Let the organisation have rules of its own, and codes wait."""
    await site.add_user(SOMEBODY, "grace")
    rules = PasswordComplexityPolicy(min_length=20, has_symbol=True)
    await site.send(AddOrgPolicy(org_id=ORG, policy=rules))
    await site.send(ResetPassword(user_id=SOMEBODY, return_code=True))
    await site.send(LinkPasskeyRegistration(user_id=SOMEBODY, code_id="1", return_code=True))
    return site


@pytest.mark.parametrize("what", PAGES)
async def test_a_link_says_the_same_of_known_and_unknown_ids(strict, browser, what):
    """ZA-37: shown, and with wrong codes entered, whatever else is typed."""
    for fields in ({}, *GUESSES_):
        seen = []
        for user in (SOMEBODY, NOBODY):
            page = await browser.get(f"/ui/login/{what}?user={user}&code=WRONG1&codeId=1")
            if fields:
                page = await browser.submit(page, what, **fields)
            seen.append(plain(page, user))
        assert seen[0] == seen[1], fields


async def test_the_right_code_is_told_which_rules_a_password_breaks(strict, browser):
    code = (await strict.send(ResetPassword(user_id=ADMIN, return_code=True))).secrets["code"]
    page = await browser.get(f"/ui/login/password/set?user={ADMIN}&code={code}&org={ORG}")
    assert "20 characters" in page.text
    page = await browser.submit(page, "password/set", code=code, new="Weak-1", again="Weak-1")
    assert "at least 20 characters" in page.problem


async def started(browser, name):
    page = await browser.get("/ui/login/loginname")
    page = await browser.submit(page, "loginname", loginName=name)
    link = unescape(re.search(r'href="(/ui/login/passkey[^"]*)"', page.text)[1])
    return await browser.submit(await browser.get(link), "passkey", do="start")


def challenged(page, name):
    status, again, text = plain(page, name)
    return status, again, re.sub(r"challenge&#34;:&#34;[^&]*&#34;", "", text)


async def test_passkeys_are_asked_for_alike_where_names_are_kept_secret(site, browser, monkeypatch):
    """ZA-14: of who has one, of who has none, of who may not sign in, and of nobody."""
    monkeypatch.setattr(check, "UNIFORM_SECONDS", 0.05)
    await allow(site, passwordless_type=1, **SECRET)
    await key_of(site, passkey=True)
    await site.add_user("22", "grace")
    await site.add_user("23", "gone")
    await site.send(DeactivateUser(user_id="23"))
    pages = {name: await started(browser, name) for name in (NAME, "grace", "gone", "nobody")}
    assert len({challenged(page, name) for name, page in pages.items()}) == 1
    answers = {
        name: await browser.submit(page, "passkey", do="answer", credential="{}")
        for name, page in pages.items()
    }
    assert len({plain(page, name) for name, page in answers.items()}) == 1
    assert {page.status for page in answers.values()} == {422}


async def test_passkeys_take_alike_long_where_names_are_kept_secret(site, browser):
    await allow(site, passwordless_type=1, **SECRET)
    await key_of(site, passkey=True)
    loop = asyncio.get_running_loop()
    for name in (NAME, "nobody"):
        begin = loop.time()
        page = await started(browser, name)
        between = loop.time()
        await browser.submit(page, "passkey", do="answer", credential="{}")
        assert between - begin >= 0.5
        assert loop.time() - between >= 0.5


@pytest.mark.parametrize("names", [(NAME, NAME.upper()), ("nobody@x.test", "NOBODY@X.TEST")])
async def test_guesses_at_a_name_are_counted_alike_however_it_is_spelt(
    site, browser, monkeypatch, names
):
    """OA-32: and whether it is known; each guess from an address of its own."""
    monkeypatch.setattr(check, "UNIFORM_SECONDS", 0)
    monkeypatch.setattr(check, "note_wrong", lambda _visit: None)
    await allow(site, **SECRET)
    pages = [await browser.sign_in(name=names[n % 2], password="wrong") for n in range(22)]
    assert [page.status for page in pages] == [422] * 20 + [429] * 2
