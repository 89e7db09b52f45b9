import re

import pytest
from personae.actors.domain.policies import LockoutPolicy

from tests.aggregates.conftest import PASSWORD

NEW = "Other-Horse-2"


@pytest.fixture
async def due(browser, site):
    """The page that asks for a new password before anything else."""
    await site.add_user(change_required=True)
    return await browser.sign_in(await site.ask(redirect=site.url + "/ui/login/success"), "grace")


async def change(browser, page, current=PASSWORD, new=NEW, again=None):
    fields = {"current": current, "new": new, "again": new if again is None else again}
    return await browser.submit(page, "password/change", **fields)


async def test_a_due_password_comes_before_the_client(site, due):
    assert due.title.startswith("Change your password")
    assert "choose a password that only you know" in due.text
    assert not (await site.state("auth_request", "V2_1")).session_id


async def test_a_new_password_goes_on_to_the_client(browser, site, due):
    page = await change(browser, due)
    assert page.title.startswith("You are signed in")
    assert (await site.state("auth_request", "V2_1")).user_id == "22"
    assert not (await site.state("user", "22")).human.password_change_required


async def test_the_rules_shown_are_those_of_the_policy(due):
    for rule in ("at least 8 characters", "a digit", "a symbol"):
        assert rule in due.text


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        ("", "Enter a new password."),
        ("Aa1!", "at least 8 characters"),
        ("A" * 200 + "a1!", "at most 200"),
        ("lower-case-1", "an upper-case letter"),
        ("UPPER-CASE-1", "a lower-case letter"),
        ("No-Digit-Here", "a digit"),
        ("NoSymbol123", "a symbol"),
        (PASSWORD, "must differ"),
    ],
)
async def test_a_password_that_breaks_a_rule_is_refused(browser, due, new, problem):
    page = await change(browser, due, new=new)
    assert page.status == 422
    assert problem in page.problem
    assert (await change(browser, page)).title.startswith("You are signed in")


async def test_two_different_new_passwords_are_refused(browser, due):
    page = await change(browser, due, again="Another-3")
    assert page.problem == "The two new passwords are not the same."


async def test_wrong_current_passwords_count_as_at_sign_in(browser, site, due):
    await site.policy(LockoutPolicy(max_password_attempts=2))
    page = await change(browser, due, current="wrong")
    page = await change(browser, page, current="wrong")
    assert "This account is locked" in page.problem


async def test_a_password_can_be_changed_at_will(browser, site):
    await browser.sign_in()
    page = await browser.get("/ui/login/success")
    [session] = {
        e.stream.id for e in await site.world.log.after("1", 0, 999) if e.stream.type == "session"
    }
    page = await browser.get(f"/ui/login/password/change?session={session}")
    assert (await change(browser, page)).title.startswith("You are signed in")
    assert (await browser.sign_in(password=NEW)).status == 200


async def test_a_session_of_nobody_here_leads_to_sign_in(browser):
    page = await browser.get("/ui/login/password/change?session=1")
    assert page.title.startswith("Sign in")


async def test_the_field_that_is_wrong_has_the_focus(browser, due):
    focused = re.compile(r'<input id="([^"]*)"[^>]* autofocus')
    page = await change(browser, due, again="Other-Horse-3")
    assert focused.findall(page.text) == ["again"]
    page = await change(browser, page, new="short")
    assert focused.findall(page.text) == ["new"]
    page = await browser.get("/ui/login/password/set?user=1&code=A")
    assert focused.findall(page.text) == ["new"]
    page = await browser.submit(page, "password/set", code="A", new=NEW, again="x")
    assert focused.findall(page.text) == ["again"]
