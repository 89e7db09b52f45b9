"""Signing in with a verified e-mail address or phone number, read from the real read model."""

import personae.projections as read_models
import pytest
from personae.actors.domain.org.commands import AddOrg, AddOrgPolicy
from personae.actors.domain.policies import LoginPolicy
from personae.actors.domain.user.commands import AddHuman, RemoveUser, UpdateHuman
from personae.actors.domain.user.values import NewContact, NewPassword, Profile
from personae.projections.kit import Projections, tables_in
from personae.store.postgres import PostgresLog

from tests.aggregates.conftest import ORG, PASSWORD

OTHER = "11"
EMAIL, PHONE = "gigi@example.com", "+41791234567"
UNKNOWN = "We do not know this login name"
WRONG = "Login name or password is not right. Accounts lock after several wrong passwords."


@pytest.fixture
async def kept(used_database):
    log = PostgresLog(used_database)
    projections = Projections(used_database, log, tables_in(read_models))
    log.on_committed.append(projections.on_committed)
    await projections.start()
    yield log, projections
    await projections.stop()
    await log.close()


async def add(site, user_id, *, org_id=ORG, email=EMAIL, phone=PHONE, verified=True):
    await site.send(
        AddHuman(
            user_id=user_id,
            org_id=org_id,
            user_name=f"user-{user_id}",
            profile=Profile(first_name="Gigi", last_name="Giraffe"),
            email=NewContact(value=email, verified=verified),
            phone=NewContact(value=phone, verified=verified),
            password=NewPassword(plain=PASSWORD),
        )
    )


async def problem_with(browser, name):
    """Return what the first step says to a name; nothing when it goes on to the password."""
    page = await browser.get("/ui/login/loginname")
    return (await browser.submit(page, "loginname", loginName=name)).problem


@pytest.mark.parametrize(
    "name",
    [EMAIL, f" {EMAIL.upper()} ", PHONE, "+41 79 123-45-67", "0041 (0)79 1234567", "user-u1"],
)
async def test_who_proved_an_address_or_a_number_signs_in_with_it(browser, site, name):
    await add(site, "u1")
    page = await browser.sign_in(name=name)
    assert page.title.startswith("You are signed in")
    assert "user-u1" in page.text


async def test_a_number_of_before_counts_however_it_was_typed(browser, site):
    await add(site, "u1", phone="+41 (0)79 123 45 67")
    assert (await browser.sign_in(name=PHONE)).title.startswith("You are signed in")


async def test_the_password_still_has_to_be_right(browser, site):
    await add(site, "u1")
    page = await browser.sign_in(name=EMAIL, password="Wrong-Horse-1")
    assert page.title.startswith("Problem: Enter your password")
    assert (await site.state("user", "u1")).human.password_failures == 1


@pytest.mark.parametrize("name", [EMAIL, PHONE])
async def test_what_was_not_verified_is_nobody_s(browser, site, name):
    await add(site, "u1", verified=False)
    assert UNKNOWN in await problem_with(browser, name)


@pytest.mark.parametrize("name", [EMAIL, PHONE])
async def test_what_two_users_share_says_no_more_than_what_nobody_has(browser, site, name):
    await add(site, "u1")
    await add(site, "u2")
    assert await problem_with(browser, name) == await problem_with(browser, "nobody@example.com")
    await site.send(RemoveUser(user_id="u2"))
    assert await problem_with(browser, name) == ""


async def test_only_users_of_the_organisation_asked_for_are_looked_at(browser, site, redirects):
    await site.send(AddOrg(org_id=OTHER, name="Other"))
    await add(site, "u1")
    await add(site, "u2", org_id=OTHER)
    assert UNKNOWN in await problem_with(browser, EMAIL)
    scope = (f"urn:zitadel:iam:org:id:{OTHER}",)
    await browser.sign_in(await site.ask(redirect=redirects[0], scope=scope), EMAIL)
    assert "user-u2" in (await browser.get("/ui/login/success")).text


@pytest.mark.parametrize(
    ("off", "refused", "taken"),
    [
        ({"disable_login_with_email": True}, EMAIL, PHONE),
        ({"disable_login_with_phone": True}, PHONE, EMAIL),
    ],
)
async def test_the_policy_of_the_user_s_organisation_decides(browser, site, off, refused, taken):
    await add(site, "u1")
    policy = LoginPolicy(allow_username_password=True, **off)
    await site.send(AddOrgPolicy(org_id=ORG, policy=policy))
    assert UNKNOWN in await problem_with(browser, refused)
    assert await problem_with(browser, taken) == ""


async def test_a_changed_address_counts_at_once(browser, site):
    await add(site, "u1")
    new = NewContact(value="new@example.com", verified=True)
    await site.send(UpdateHuman(user_id="u1", email=new))
    assert UNKNOWN in await problem_with(browser, EMAIL)
    assert await problem_with(browser, "new@example.com") == ""


async def test_a_name_comes_before_the_address_of_somebody_else(browser, site):
    await add(site, "u1")
    named = {"user_id": "u2", "org_id": ORG, "user_name": EMAIL}
    profile = Profile(first_name="Not", last_name="Gigi")
    other = NewContact(value="other@example.com", verified=True)
    await site.send(AddHuman(**named, profile=profile, email=other))
    await browser.sign_in(name=EMAIL)
    assert await site.count("session") == 0  # who is named so has no password


async def test_where_names_are_kept_secret_addresses_are_too(browser, site):
    await add(site, "u1")
    await add(site, "u2")
    secretive = LoginPolicy(allow_username_password=True, ignore_unknown_usernames=True)
    await site.policy(secretive)
    shared = await browser.sign_in(name=EMAIL)
    nobody = await browser.sign_in(name="nobody@example.com")
    assert shared.problem == nobody.problem == WRONG


async def test_a_hint_by_address_knows_who_is_signed_in(browser, site, redirects):
    await add(site, "u1")
    await browser.sign_in(name="user-u1")
    await browser.get(await site.ask(redirect=redirects[0], login_hint=EMAIL.upper()))
    assert redirects[1] == ["/callback?code=c-V2_1"]


@pytest.mark.parametrize(
    ("off", "label"),
    [
        ((False, False), "Login name, e-mail address or phone number"),
        ((False, True), "Login name or e-mail address"),
        ((True, False), "Login name or phone number"),
        ((True, True), "Login name"),
    ],
)
async def test_the_page_says_what_it_takes(browser, site, off, label):
    switches = {"disable_login_with_email": off[0], "disable_login_with_phone": off[1]}
    await site.policy(LoginPolicy(allow_username_password=True, **switches))
    assert (
        f'<label for="loginName">{label}</label>' in (await browser.get("/ui/login/loginname")).text
    )


async def test_nobody_makes_an_account_named_like_what_another_signs_in_with(browser, site):
    """Names come first: it would stand in the way of whom the address belongs to."""
    await site.policy(LoginPolicy(allow_username_password=True, allow_register=True))
    await add(site, "u1")
    typed = {"given": "Eve", "family": "Else", "new": PASSWORD, "again": PASSWORD}
    page = await browser.get("/ui/login/register")
    page = await browser.submit(page, "register", email=EMAIL.upper(), **typed)
    assert (page.status, page.url.endswith("/register")) == (422, True)
    page = await browser.sign_in(name=EMAIL)
    assert page.title.startswith("You are signed in")
    assert "user-u1" in page.text
