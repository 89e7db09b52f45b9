import asyncio
import re

from personae.actors.domain.org.commands import DeactivateOrg
from personae.actors.domain.policies import LockoutPolicy, LoginPolicy
from personae.actors.domain.user.commands import DeactivateUser, LockUser, RemoveUser

from tests.aggregates.conftest import ADMIN, ORG, PASSWORD, BusyError
from tests.http.login.conftest import NAME

WRONG = "This password is not right."
SECRETIVE = LoginPolicy(allow_username_password=True, ignore_unknown_usernames=True)


async def password_page(browser, name=NAME):
    page = await browser.get("/ui/login/loginname")
    return await browser.submit(page, "loginname", loginName=name)


async def test_a_right_password_signs_in(browser, site):
    page = await browser.sign_in()
    assert (page.status, page.title) == (200, "You are signed in · ACME")
    assert "Ada Admin" in page.text
    assert await site.count("session") == 1


async def test_the_session_knows_browser_and_address(browser, site):
    browser.session.headers["User-Agent"] = "Lynx/2.9"
    await browser.sign_in()
    log = await site.world.log.after("1", 0, 999)
    [added] = [each.event for each in log if type(each.event).__name__ == "SessionAdded"]
    assert (added.user_agent.ip, added.user_agent.description) == ("127.0.0.1", "Lynx/2.9")


async def test_nothing_is_created_before_the_password_is_right(browser, site):
    page = await browser.sign_in(password="Wrong-Horse-1")
    assert (page.status, page.problem) == (422, WRONG)
    assert page.title.startswith("Problem: Enter your password")
    assert await site.count("session") == 0


async def test_an_unknown_name_is_said_to_be_unknown(browser):
    page = await password_page(browser, "nobody")
    assert page.status == 422
    assert page.problem == "We do not know this login name. Check the spelling."


async def test_an_unreadable_or_long_name_is_refused(browser):
    assert "do not know" in (await password_page(browser, "a\u202eb")).problem
    assert "at most 320" in (await password_page(browser, "a" * 321)).problem
    assert "Enter your login name" in (await password_page(browser, "  ")).problem


async def test_names_kept_secret_give_the_same_page_for_known_and_unknown(browser, site):
    await site.policy(SECRETIVE)
    pages = [await browser.sign_in(name=name, password="x") for name in (NAME, "bOb", "aliCe ")]
    assert {page.problem for page in pages} == {
        "Login name or password is not right. Accounts lock after several wrong passwords."
    }
    assert {page.status for page in pages} == {422}


async def test_what_was_typed_is_echoed_as_it_was_typed(browser, site):
    await site.policy(SECRETIVE)
    for typed in ("ADMIN@acme.localhost", "bOb", " space "):
        page = await password_page(browser, typed)
        assert f'<span class="name">{typed}</span>' in page.text


async def test_names_kept_secret_hide_the_state_of_accounts_too(browser, site):
    await site.policy(SECRETIVE)
    await site.send(DeactivateUser(user_id=ADMIN))
    assert "Login name or password" in (await browser.sign_in()).problem


async def test_failures_take_alike_long_when_names_are_secret(browser, site):
    await site.policy(SECRETIVE)
    loop = asyncio.get_running_loop()
    for name in (NAME, "nobody"):
        page = await password_page(browser, name)
        start = loop.time()
        await browser.submit(page, "password", password="x")
        assert loop.time() - start >= 0.5


async def test_the_last_attempts_are_counted_down_until_the_account_locks(browser, site):
    await site.policy(LockoutPolicy(max_password_attempts=3, show_lock_out_failures=True))
    page = await password_page(browser)
    said = []
    for _ in range(4):
        page = await browser.submit(page, "password", password="wrong")
        said.append(page.problem)
    assert said[0] == "This password is not right. You can try 2 more times."
    assert "If the next one is wrong too" in said[1]
    assert said[2] == said[3]
    assert "This account is locked" in said[2]


async def test_a_locked_account_says_so_even_with_the_right_password(browser, site):
    await site.send(LockUser(user_id=ADMIN))
    assert "This account is locked" in (await browser.sign_in()).problem


async def test_inactive_users_and_organisations_are_told_apart(browser, site):
    await site.send(DeactivateUser(user_id=ADMIN))
    assert "This account is deactivated" in (await browser.sign_in()).problem
    await site.add_user()
    await site.send(DeactivateOrg(org_id=ORG))
    assert "The organization of this account" in (await browser.sign_in(name="grace")).problem


async def test_machines_have_no_password_to_sign_in_with(browser):
    assert (await browser.sign_in(name="robot")).problem == WRONG


async def test_a_user_removed_meanwhile_has_a_wrong_password(browser, site):
    await site.add_user()
    page = await password_page(browser, "grace")
    await site.send(RemoveUser(user_id="22"))
    assert (await browser.submit(page, "password", password=PASSWORD)).problem == WRONG


async def test_passwords_can_be_switched_off(browser, site):
    await site.policy(LoginPolicy())
    assert "switched off" in (await browser.sign_in()).problem


async def test_an_endless_password_is_wrong_at_once(browser, site):
    page = await browser.sign_in(password="x" * 201)
    assert page.problem == WRONG
    assert (await site.state("user", ADMIN)).human.password_failures == 0


async def test_busy_hashing_asks_to_try_again(browser, site):
    class Busy:
        async def run(self, *_):
            raise BusyError

    page = await password_page(browser)
    site.world._pool = Busy()
    page = await browser.submit(page, "password", password=PASSWORD)
    assert (page.status, page.headers["Retry-After"]) == (429, "5")
    assert "Many people are signing in" in page.problem


async def test_a_form_sent_twice_makes_one_session(browser, site):
    page = await password_page(browser)
    both = [browser.submit(page, "password", password=PASSWORD) for _ in range(2)]
    titles = [page.title for page in await asyncio.gather(*both)]
    assert titles == ["You are signed in · ACME"] * 2
    assert await site.count("session") == 1


async def test_signing_in_again_renews_the_session_there_is(browser, site):
    await browser.sign_in()
    await browser.sign_in()
    assert await site.count("session") == 1


async def test_a_form_sent_again_does_not_revive_the_session_it_made(browser, site):
    form = await password_page(browser)
    await browser.submit(form, "password", password=PASSWORD)
    page = await browser.get("/ui/login/userselection")
    [session] = re.findall('name="leave" value="([^"]*)"', page.text)
    await browser.submit(page, "userselection", leave=session)
    page = await browser.submit(form, "password", password=PASSWORD)
    assert page.problem == "This form was used before. Enter your password once more."
    page = await browser.submit(page, "password", password=PASSWORD)
    assert page.title.startswith("You are signed in")
    assert not (await site.state("session", session)).token_id
