import asyncio

import pytest
from personae.actors.domain.auth_request.commands import FailAuthRequest
from personae.actors.domain.auth_request.state import Status
from personae.actors.domain.policies import LoginPolicy

from tests.aggregates.conftest import PASSWORD
from tests.http.login.conftest import NAME

HOURS = 3_600_000_000_000


@pytest.fixture
async def asked(site, redirects):
    """Ask on behalf of a client that really listens."""

    async def ask(number=1, **asked):
        return await site.ask(id_=f"V2_{number}", redirect=redirects[0], **asked)

    return ask


async def test_a_sign_in_ends_at_the_client(browser, site, asked, redirects):
    page = await browser.sign_in(await asked())
    assert "welcome" in page.text
    assert redirects[1] == ["/callback?code=c-V2_1"]
    auth = await site.state("auth_request", "V2_1")
    assert (auth.status, auth.auth_methods) == (Status.CODE_ADDED, ("pwd",))


async def test_the_pages_name_the_client(browser, asked):
    page = await browser.get(await asked())
    assert "to continue to Shop" in page.text


async def test_one_session_goes_on_without_a_page(browser, asked, redirects):
    await browser.sign_in()
    await browser.get(await asked())
    assert redirects[1] == ["/callback?code=c-V2_1"]


async def test_prompt_login_asks_for_the_password_again(browser, asked, redirects):
    await browser.sign_in()
    page = await browser.get(await asked(prompt=(2,)))
    assert page.title.startswith("Enter your password")
    assert NAME in page.text
    await browser.submit(page, "password", password=PASSWORD)
    assert redirects[1] == ["/callback?code=c-V2_1"]


async def test_prompt_login_does_not_yield_to_the_chooser_or_a_new_password(browser, site, asked):
    await site.add_user(change_required=True)
    await browser.sign_in(name="grace")
    await asked(prompt=(2,))
    page = await browser.get("/ui/login/userselection?authRequestID=V2_1")
    [session] = {
        e.stream.id for e in await site.world.log.after("1", 0, 999) if e.stream.type == "session"
    }
    page = await browser.submit(page, "userselection", choose=session)
    assert page.title.startswith("Enter your password")


async def test_prompt_select_account_shows_the_chooser(browser, asked, redirects):
    await browser.sign_in()
    page = await browser.get(await asked(prompt=(4,)))
    assert page.title.startswith("Choose an account")
    assert not redirects[1]


async def test_an_old_password_check_is_redone_for_max_age(browser, site, asked, redirects):
    await browser.sign_in()
    site.clock.pass_(minutes=10)
    page = await browser.get(await asked(1, max_age=300))
    assert page.title.startswith("Enter your password")
    await browser.get(await asked(2, max_age=900))
    assert redirects[1] == ["/callback?code=c-V2_2"]


async def test_a_max_age_of_nothing_always_asks_again(browser, asked):
    await browser.sign_in()
    page = await browser.get(await asked(max_age=0))
    assert page.title.startswith("Enter your password")


async def test_a_password_check_counts_as_long_as_the_policy_says(browser, site, asked):
    lifetime = 10 * HOURS
    await site.policy(LoginPolicy(allow_username_password=True, password_check_lifetime=lifetime))
    await browser.sign_in()
    site.clock.pass_(hours=9, minutes=59)
    assert "welcome" in (await browser.get(await asked(1))).text
    site.clock.pass_(minutes=1)
    assert (await browser.get(await asked(2))).title.startswith("Enter your password")


async def test_a_login_hint_fills_the_name_in(browser, asked):
    page = await browser.get(await asked(login_hint="ada"))
    assert 'value="ada"' in page.text


async def test_a_hint_at_somebody_else_does_not_sign_in_silently(browser, site, asked, redirects):
    await site.add_user()
    await browser.sign_in()
    page = await browser.get(await asked(1, login_hint="grace"))
    assert page.title.startswith("Sign in")
    page = await browser.get(await asked(2, hint_user_id="22"))
    assert page.title.startswith("Sign in")
    await browser.get(await asked(3, login_hint=NAME.upper()))
    assert redirects[1] == ["/callback?code=c-V2_3"]


async def test_the_language_a_client_asks_for_is_used(browser, asked):
    page = await browser.get(await asked(ui_locales=("de",)))
    assert '<html lang="de">' in page.text
    assert "weiter zu Shop" in page.text


async def test_an_unknown_request_is_explained(browser):
    for id_ in ("V2_404", "../x", "x" * 65):
        page = await browser.get("/ui/login/login", params={"authRequestID": id_})
        assert page.status == 404
        assert "This sign-in is not known here" in page.text


async def test_a_failed_request_is_explained(browser, site, asked):
    path = await asked()
    await site.send(FailAuthRequest(request_id="V2_1", reason="access_denied"))
    page = await browser.get(path)
    assert page.status == 400
    assert "already finished" in page.text


async def test_a_double_click_ends_at_the_client_both_times(browser, asked, redirects):
    page = await browser.get(await asked())
    page = await browser.submit(page, "loginname", loginName=NAME)
    both = [browser.submit(page, "password", password=PASSWORD) for _ in range(2)]
    assert ["welcome" in page.text for page in await asyncio.gather(*both)] == [True, True]
    assert len(redirects[1]) == 2


async def test_going_back_and_signing_in_once_more_ends_at_the_client(browser, asked, redirects):
    page = await browser.get(await asked())
    page = await browser.submit(page, "loginname", loginName=NAME)
    for _ in range(2):
        await browser.submit(page, "password", password=PASSWORD)
    await browser.get("/ui/login/loginname?authRequestID=V2_1")
    assert len(redirects[1]) == 3


async def test_a_request_answered_in_another_browser_is_not_given_away(browser, site, asked):
    path = await asked()
    await browser.sign_in(path)
    browser.session.cookie_jar.clear()
    page = await browser.get(path)
    assert page.status == 400
    assert "already finished" in page.text


async def test_a_default_target_is_used_when_no_client_asked(browser, site, redirects):
    await site.policy(LoginPolicy(allow_username_password=True, default_redirect_uri=redirects[0]))
    assert "welcome" in (await browser.sign_in()).text


async def test_a_client_for_another_organisation_offers_another_account(browser, asked):
    page = await browser.sign_in(await asked(scope=("urn:zitadel:iam:org:id:99",)))
    assert page.status == 403
    assert "Use another account" in page.text
    assert 'href="/ui/login/userselection?authRequestID=V2_1"' in page.text


async def test_a_consent_page_left_open_is_no_way_around_the_policy(browser, site, redirects):
    policy = LoginPolicy(allow_username_password=True, password_check_lifetime=HOURS)
    await site.policy(policy)
    ask = await site.ask(redirect=redirects[0], prompt=(3,))
    consent = await browser.sign_in(ask)
    site.clock.pass_(hours=1)
    for page in (await browser.get(consent.url), await browser.submit(consent, "consent")):
        assert page.title.startswith("Enter your password")
    page = await browser.submit(consent, "consent", answer="allow")
    assert page.title.startswith("Enter your password")
    assert redirects[1] == []
    page = await browser.submit(page, "password", password=PASSWORD)
    await browser.submit(page, "consent", answer="allow")
    assert redirects[1] == ["/callback?code=c-V2_1"]
