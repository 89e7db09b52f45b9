import json
import re
from urllib.parse import urlsplit

import pytest
from personae.actors.domain.session.state import Status
from personae.actors.domain.user.commands import DeactivateUser, RemoveUser

from tests.aggregates.conftest import ADMIN
from tests.http.login.conftest import BYE, CLIENT, NAME, Browser


async def sessions_of(site):
    """Return the sessions there are, by user."""
    log = await site.world.log.after("1", 0, 999)
    ids = {each.stream.id for each in log if each.stream.type == "session"}
    states = {id_: await site.state("session", id_) for id_ in ids}
    return {session.user_id: id_ for id_, session in states.items()}


async def both(site, browser):
    await site.add_user()
    await browser.sign_in()
    await browser.sign_in(name="grace")
    return await sessions_of(site)


async def test_the_chooser_shows_every_account_the_last_first(browser, site):
    await both(site, browser)
    page = await browser.get("/ui/login/login")
    assert page.title.startswith("Choose an account")
    assert page.text.index("Grace Hopper") < page.text.index("Ada Admin")
    assert page.text.count("Signed in") == 2


async def test_a_chosen_account_goes_on(browser, site):
    sessions = await both(site, browser)
    page = await browser.get(await site.ask(prompt=(4,)))
    await site.ask(id_="V2_2", redirect=site.url + "/ui/login/success", prompt=(4,))
    page = await browser.get("/ui/login/login?authRequestID=V2_2")
    await browser.submit(page, "userselection", choose=sessions[ADMIN])
    auth = await site.state("auth_request", "V2_2")
    assert (auth.session_id, auth.user_id) == (sessions[ADMIN], ADMIN)


async def test_one_account_is_signed_out_and_the_other_stays(browser, site):
    sessions = await both(site, browser)
    page = await browser.get("/ui/login/userselection")
    page = await browser.submit(page, "userselection", leave=sessions["22"])
    assert "Grace Hopper" not in page.text
    assert "Ada Admin" in page.text
    assert (await site.state("session", sessions["22"])).status is Status.TERMINATED


async def test_a_deactivated_account_is_shown_but_does_not_go_on(browser, site):
    sessions = await both(site, browser)
    await site.send(DeactivateUser(user_id="22"))
    page = await browser.get("/ui/login/userselection")
    assert "Not active" in page.text
    page = await browser.submit(page, "userselection", choose=sessions["22"])
    assert "This account is deactivated" in page.problem


async def test_a_removed_account_is_gone(browser, site):
    await both(site, browser)
    await site.send(RemoveUser(user_id="22"))
    assert "Grace" not in (await browser.get("/ui/login/userselection")).text


async def test_a_session_of_another_browser_cannot_be_chosen_or_ended(browser, site):
    await site.add_user()
    await browser.sign_in()
    other = Browser(site)
    await other.sign_in(name="grace")
    theirs = (await sessions_of(site))["22"]
    page = await browser.get("/ui/login/userselection")
    for action in ("choose", "leave"):
        page = await browser.submit(page, "userselection", **{action: theirs})
        assert page.title.startswith("Choose an account")
    assert (await site.state("session", theirs)).status is Status.ACTIVE
    await other.session.close()


async def test_signing_out_asks_for_which_accounts(browser, site):
    sessions = await both(site, browser)
    page = await browser.get("/ui/login/logout")
    assert (await browser.submit(page, "logout")).problem == "Choose at least one account."
    page = await browser.submit(page, "logout", account=sessions["22"])
    assert "Other accounts are still signed in" in page.text
    page = await browser.get("/ui/login/logout")
    page = await browser.submit(page, "logout", account=sessions[ADMIN])
    assert "You can close this window now" in page.text
    for session in sessions.values():
        assert (await site.state("session", session)).status is Status.TERMINATED


async def test_a_logout_that_a_client_began_goes_on_there(browser):
    await browser.sign_in()
    asked = {"client_id": CLIENT, "post_logout_redirect_uri": BYE, "state": "s&1"}
    page = await browser.get("/ui/login/logout", params=asked | {"x": "y"})
    assert "form-action 'self' https://shop.example;" in page.headers["Content-Security-Policy"]
    [session] = re.findall('name="account" value="([^"]*)"', page.text)
    page = await browser.submit(page, "logout", account=session)
    assert (urlsplit(page.url).path, json.loads(page.text)) == ("/oidc/v1/end_session", asked)
    assert (await browser.get("/ui/login/logout", params=asked)).text == page.text


async def test_a_form_does_not_lead_where_no_client_is_registered(browser):
    await browser.sign_in()
    for client in (CLIENT, "nobody"):
        asked = {"client_id": client, "post_logout_redirect_uri": "https://evil.example"}
        page = await browser.get("/ui/login/logout", params=asked)
        assert "form-action 'self';" in page.headers["Content-Security-Policy"]


async def test_nobody_to_sign_out_is_done_already(browser):
    assert (await browser.get("/ui/login/logout")).title.startswith("You are signed out")


async def test_success_without_a_session_asks_who_it_is(browser):
    assert (await browser.get("/ui/login/success")).title.startswith("Sign in")


async def test_the_front_door_and_the_console_lead_to_the_account(browser):
    await browser.sign_in()
    for path in ("/", "/ui/login", "/ui/login/", "/ui/console", "/ui/console/users?x=1"):
        page = await browser.get(path)
        assert (page.title, NAME in page.text) == ("You are signed in · ACME", True)


async def test_robots_have_nothing_to_do_here(browser):
    assert "Disallow: /\n" in (await browser.get("/robots.txt")).text


@pytest.mark.parametrize(
    ("hint", "ticked"),
    [(NAME, [NAME]), (ADMIN, [NAME]), ("grace", ["grace"]),
     ("nobody", [NAME, "grace"]), ("", [NAME, "grace"])],
)  # fmt: skip
async def test_a_logout_hint_ticks_whom_it_means(browser, site, hint, ticked):
    await site.add_user()
    await browser.sign_in()
    await browser.sign_in(name="grace")
    page = await browser.get("/ui/login/logout", params={"logout_hint": hint})
    boxes = re.findall(r'type="checkbox"[^>]*?( checked)?>(.*?)</label>', page.text, re.DOTALL)
    names = {re.findall(r"<span>(.*?)</span>", text)[-1]: bool(on) for on, text in boxes}
    assert sorted(name for name, on in names.items() if on) == sorted(ticked)
    assert len(names) == 2


@pytest.mark.parametrize(("wanted", "title"), [("de", "Abmelden"), ("en", "Sign out")])
async def test_ui_locales_choose_the_language_of_the_logout(browser, wanted, title):
    await browser.sign_in()
    page = await browser.get("/ui/login/logout", params={"ui_locales": wanted})
    assert page.title.startswith(title)


async def test_a_logout_that_a_client_began_goes_on_there_although_others_stay(browser, site):
    await site.add_user()
    await browser.sign_in()
    await browser.sign_in(name="grace")
    query = {"client_id": CLIENT, "post_logout_redirect_uri": BYE, "logout_hint": "grace"}
    page = await browser.get("/ui/login/logout", params=query)
    session = (await sessions_of(site))["22"]
    page = await browser.submit(page, "logout", [("account", session)])
    assert urlsplit(page.url).path == "/oidc/v1/end_session/done"
    assert json.loads(page.text) == query
    page = await browser.get("/ui/login/success")
    assert NAME in page.text
