"""People make accounts for themselves, where that is allowed and nowhere else."""

from html import unescape

import pytest
from personae.actors.domain.kit import Stream
from personae.actors.domain.org.commands import AddOrg
from personae.actors.domain.policies import DomainPolicy, LoginPolicy
from personae.actors.domain.user.events import HumanRegistered
from personae.http.login import guesses

from tests.aggregates.conftest import INSTANCE, ORG, PASSWORD
from tests.http.login.conftest import NAME, Browser

PAGE = "/ui/login/register"
ADA = {"given": "Ada", "family": "Lovelace", "email": "ada@else.example"}
OPEN = LoginPolicy(allow_username_password=True, allow_register=True)


@pytest.fixture
async def open_site(site):
    await site.policy(OPEN)
    return site


async def register(browser, path=PAGE, **fields):
    page = await browser.get(path)
    wanted = {**ADA, "new": PASSWORD, "again": PASSWORD, **fields}
    return await browser.submit(page, "register", **wanted)


async def registered(site):
    log = await site.world.log.after(INSTANCE, 0, 9999)
    return [each for each in log if isinstance(each.event, HumanRegistered)]


async def test_an_account_is_made_and_signed_in_to(browser, open_site):
    page = await register(browser)
    assert page.url.endswith("/ui/login/success")
    assert "Ada Lovelace" in page.text
    (made,) = await registered(open_site)
    user = await open_site.world.state(made.stream)
    assert (made.owner, user.user_name) == (ORG, "ada@else.example")
    assert not user.human.email.verified
    assert user.human.profile.preferred_language == "en"
    again = Browser(open_site)
    page = await again.sign_in(name="ada@else.example")
    assert page.url.endswith("/ui/login/success")
    await again.session.close()


async def test_it_goes_on_to_the_client_that_asked_for_an_account(browser, open_site, redirects):
    path = await open_site.ask(redirect=redirects[0], prompt=(5,))
    await register(browser, path)
    assert redirects[1] == ["/callback?code=c-V2_1"]


async def test_prompt_create_asks_also_who_is_signed_in(browser, open_site, redirects):
    await browser.sign_in()
    path = await open_site.ask(redirect=redirects[0], prompt=(5,), login_hint="new@else.example")
    page = await browser.get(path)
    assert page.title.startswith("Create an account")
    assert 'value="new@else.example"' in page.text


async def test_where_it_is_not_allowed_nobody_is_made_by_any_way(browser, site, redirects):
    """ZA-21: a page that is not shown is not enough."""
    await site.policy(OPEN)
    page = await browser.get(PAGE)
    for policy in (
        LoginPolicy(allow_username_password=True),
        LoginPolicy(allow_register=True),
    ):
        await site.policy(policy)
        assert (await browser.get(PAGE)).url.endswith("/loginname")
        found = await browser.submit(page, "register", **ADA, new=PASSWORD, again=PASSWORD)
        assert found.url.endswith("/loginname")
        assert await registered(site) == []
    path = await site.ask(redirect=redirects[0], prompt=(5,))
    assert (await browser.get(path)).title.startswith("Sign in")


async def test_the_way_there_is_shown_where_it_is_allowed(browser, site):
    assert "Create an account" not in (await browser.get("/ui/login/loginname")).text
    await site.policy(OPEN)
    assert "Create an account" in (await browser.get("/ui/login/loginname")).text
    page = await browser.get(PAGE, headers={"Accept-Language": "de"})
    assert "Konto anlegen" in page.text


async def test_a_client_for_one_organization_gets_accounts_there(browser, open_site, redirects):
    await open_site.send(AddOrg(org_id="77", name="Else"))
    scope = ("openid", "urn:zitadel:iam:org:id:77")
    await register(browser, await open_site.ask(redirect=redirects[0], prompt=(5,), scope=scope))
    assert [each.owner for each in await registered(open_site)] == ["77"]
    assert redirects[1] == ["/callback?code=c-V2_1"]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"given": " "}, "Enter your given name."),
        ({"family": ""}, "Enter your family name."),
        ({"email": ""}, "Enter your e-mail address"),
        ({"email": "no address"}, "Enter your e-mail address"),
        ({"email": "@"}, "Enter your e-mail address"),
        ({"email": NAME}, "An account cannot be created with this e-mail address."),
        ({"given": "a" * 201}, "At most 200 characters"),
        ({"new": "short", "again": "short"}, "The new password needs at least 8 characters."),
        ({"again": "Other-Horse-1"}, "The two new passwords are not the same."),
        ({"new": "", "again": ""}, "Enter a new password."),
    ],
)
async def test_what_is_wrong_is_said_and_the_rest_is_kept(browser, open_site, fields, problem):
    page = await register(browser, **fields)
    assert page.status == 422
    assert page.problem.startswith(problem)
    assert await registered(open_site) == []
    for name in ADA.keys() - fields.keys():
        assert f'value="{ADA[name]}"' in page.text
    assert PASSWORD not in unescape(page.text)


async def test_a_form_sent_twice_makes_one_account(browser, open_site):
    page = await browser.get(PAGE)
    fields = {**ADA, "new": PASSWORD, "again": PASSWORD}
    for _ in range(2):
        found = await browser.submit(page, "register", **fields)
        assert found.url.endswith("/ui/login/success")
    (made,) = await registered(open_site)
    assert isinstance(made.stream, Stream)


async def test_no_address_makes_accounts_without_end(browser, open_site):
    for number in range(guesses.REGISTRATIONS_AT_MOST):
        page = await register(browser, email=f"ada{number}@else.example")
        assert page.status == 200, page.problem
    page = await register(browser, email="last@else.example")
    assert (page.status, page.headers["Retry-After"]) == (429, "600")
    open_site.clock.pass_(minutes=11)
    assert (await register(browser, email="last@else.example")).status == 200


async def test_an_account_is_signed_in_to_by_whatever_name_it_gets(browser, open_site):
    await open_site.policy(DomainPolicy(user_login_must_be_domain=True))
    page = await register(browser)
    assert page.url.endswith("/ui/login/success")
    assert "ada@else.example@acme.localhost" in page.text
