"""Where links in mails lead, by a browser without scripts."""

import pytest
from personae.actors.domain.org.commands import DeactivateOrg
from personae.actors.domain.policies import LockoutPolicy, LoginPolicy
from personae.actors.domain.user.code_commands import Invite, ResetPassword, SendEmailCode
from personae.actors.domain.user.commands import AddHuman, UpdateHuman
from personae.actors.domain.user.values import NewContact, Profile

from tests.aggregates.conftest import ADMIN, ORG, PASSWORD
from tests.http.login.conftest import NAME

NEW = "Other-Horse-2"


async def code_for(site, order):
    return (await site.send(order)).secrets["code"]


async def reset(site, browser, user=ADMIN, **changes):
    code = await code_for(site, ResetPassword(user_id=ADMIN, return_code=True))
    page = await browser.get(f"/ui/login/password/set?user={user}&code={code}")
    fields = {"code": code, "new": NEW, "again": NEW} | changes
    return await browser.submit(page, "password/set", **fields)


async def test_an_address_is_confirmed_by_the_form_not_by_the_link(site, browser):
    order = UpdateHuman(
        user_id=ADMIN, email=NewContact(value="a@b.test", verified=False, return_code=True)
    )
    code = (await site.send(order)).secrets["email_code"]
    page = await browser.get(f"/ui/login/verify?user={ADMIN}&code={code}")
    assert (page.status, f'value="{code}"' in page.text) == (200, True)
    assert not (await site.state("user", ADMIN)).human.email.verified
    page = await browser.submit(page, "verify", code=code)
    assert page.title.startswith("Your address is confirmed")
    assert (await site.state("user", ADMIN)).human.email.verified


async def test_a_password_is_set_with_a_code_and_is_good_for_signing_in(site, browser):
    page = await reset(site, browser)
    assert page.title.startswith("Your password is set")
    assert (await browser.sign_in(password=NEW)).title.startswith("You are signed in")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"again": "Other-Horse-3"}, "not the same"),
        ({"new": "short", "again": "short"}, "at least 8 characters"),
        ({"new": "", "again": ""}, "Enter a new password"),
        ({"code": "WRONG1"}, "This code is not right"),
        ({"user": "999"}, "This code is not right"),
        ({"user": "\x00"}, "This code is not right"),
    ],
)
async def test_what_is_wrong_is_said_and_the_code_stays_good(site, browser, changes, said):
    user = changes.pop("user", ADMIN)
    page = await reset(site, browser, user, **changes)
    assert page.status == 422
    assert said in page.problem


async def test_guessing_codes_is_slow_and_ends(site, browser):
    await site.add_user()
    code = await code_for(site, ResetPassword(user_id=ADMIN, return_code=True))
    page = await browser.get(f"/ui/login/password/set?user={ADMIN}")
    for _ in range(20):
        page = await browser.submit(page, "password/set", code="WRONG1", new=NEW, again=NEW)
    page = await browser.submit(page, "password/set", code=code, new=NEW, again=NEW)
    assert (page.status, page.headers["Retry-After"]) == (429, "60")
    site.clock.pass_(minutes=2)
    page = await browser.submit(page, "password/set", code=code, new=NEW, again=NEW)
    assert "This code is not right" in page.problem  # five wrong ones have used it up


async def test_an_invitation_is_accepted_with_a_password(site, browser):
    await site.send(
        AddHuman(
            user_id="22",
            org_id=ORG,
            user_name="grace",
            profile=Profile(first_name="Grace", last_name="Hopper"),
            email=NewContact(value="grace@navy.test"),
        )
    )
    code = await code_for(site, Invite(user_id="22", return_code=True))
    page = await browser.get(f"/ui/login/invite?user=22&code={code}")
    page = await browser.submit(page, "invite", code=code, new="weak", again="weak")
    assert "at least 8" in page.problem
    page = await browser.submit(page, "invite", code=code, new=NEW, again=NEW)
    assert page.title.startswith("Welcome")
    assert (await site.state("user", "22")).human.email.verified
    page = await browser.sign_in(name="grace", password=NEW)
    assert page.title.startswith("You are signed in")


async def forgot(browser, name):
    page = await browser.get("/ui/login/loginname")
    page = await browser.submit(page, "loginname", loginName=name)
    link = page.text.split('href="/ui/login/password/reset')[1].split('"')[0]
    page = await browser.get("/ui/login/password/reset" + link.replace("&amp;", "&"))
    return await browser.submit(page, "password/reset")


async def test_a_forgotten_password_says_the_same_whoever_asks(site, browser):
    await site.policy(LoginPolicy(allow_username_password=True, ignore_unknown_usernames=True))
    pages = [await forgot(browser, name) for name in (NAME, "nobody")]
    texts = {page.text.replace(NAME, "").replace("nobody", "") for page in pages}
    assert {page.status for page in pages} == {200}
    assert all("a message is on its way" in text for text in texts)
    events = [each.event.__event__ for each in await site.world.log.after("1", 0, 999)]
    assert events.count("user.human.password.code.added") == 1


async def test_the_link_leads_back_to_where_the_sign_in_began(site, browser):
    page = await browser.get(await site.ask())
    page = await browser.submit(page, "loginname", loginName=NAME)
    link = page.text.split('href="/ui/login/password/reset')[1].split('"')[0]
    page = await browser.get("/ui/login/password/reset" + link.replace("&amp;", "&"))
    await browser.submit(page, "password/reset")
    pending = (await site.state("user", ADMIN)).human.codes["password"]
    assert pending.url_template == (
        f"{site.url.rpartition(':')[0]}:0/ui/login/password/set?authRequestID=V2_1"
        "&user={{.UserID}}&code={{.Code}}&org={{.OrgID}}"
    )


async def test_nobody_is_flooded_with_mails(site, browser):
    for _ in range(7):
        await forgot(browser, NAME)
    events = [each.event.__event__ for each in await site.world.log.after("1", 0, 999)]
    assert events.count("user.human.password.code.added") == 5


async def test_no_link_is_sent_where_that_is_switched_off_or_the_organisation_is(site, browser):
    await site.policy(LoginPolicy(allow_username_password=True, hide_password_reset=True))
    page = await browser.get("/ui/login/loginname")
    page = await browser.submit(page, "loginname", loginName=NAME)
    assert "/password/reset" not in page.text
    await site.policy(LoginPolicy(allow_username_password=True))
    await site.send(DeactivateOrg(org_id=ORG))
    assert "on its way" in (await forgot(browser, NAME)).text
    assert not (await site.state("user", ADMIN)).human.codes


async def test_guessing_passwords_from_one_address_is_slow(site, browser):
    page = await browser.get("/ui/login/loginname")
    page = await browser.submit(page, "loginname", loginName=NAME)
    for number in range(21):
        if number % 4 == 3:  # before the account locks
            await site.add_user(str(100 + number), f"u{number}")
            page = await browser.get("/ui/login/loginname")
            page = await browser.submit(page, "loginname", loginName=f"u{number}")
        page = await browser.submit(page, "password", password="wrong")
    assert (page.status, page.headers["Retry-After"]) == (429, "60")
    site.clock.pass_(minutes=1)
    assert (await browser.submit(page, "password", password="wrong")).status == 422


async def test_a_code_for_nothing_is_refused_quietly(site, browser):
    with pytest.raises(Exception, match="USER-EmailAlreadyVerified"):
        await site.send(SendEmailCode(user_id=ADMIN))
    page = await browser.get(f"/ui/login/verify?user={ADMIN}")
    page = await browser.submit(page, "verify", code="ABCDEF")
    assert page.status == 422


async def test_guessing_at_one_account_is_slow_from_everywhere(site, browser):
    await site.policy(LockoutPolicy(max_password_attempts=99))
    page = await browser.get("/ui/login/loginname")
    page = await browser.submit(page, "loginname", loginName=NAME)
    for number in range(21):
        browser.session.headers["X-Forwarded-For"] = f"192.0.2.{number}"
        page = await browser.submit(page, "password", password="wrong")
    assert (page.status, page.headers["Retry-After"]) == (429, "60")
    page = await browser.submit(page, "password", password=PASSWORD)
    assert page.status == 429
    site.clock.pass_(minutes=1)
    page = await browser.submit(page, "password", password=PASSWORD)
    assert page.title.startswith("You are signed in")
