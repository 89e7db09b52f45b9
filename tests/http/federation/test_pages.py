"""People at our sign-in pages who come from elsewhere: linked, made, or asked."""

import re
from datetime import timedelta
from html import unescape
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from personae.actors.domain.idp.values import AutoLinking, IdpKind
from personae.actors.domain.instance.commands import ChangePolicy
from personae.actors.domain.instance.idps import ChangeIdp, WithdrawIdp
from personae.actors.domain.kit import replace
from personae.actors.domain.policies import LoginPolicy
from personae.actors.domain.user.factor_commands import RegisterTotp, VerifyTotp
from personae.actors.domain.user.factors import EXTERNAL_IDPS, IdpLink
from pyotp import TOTP

from tests.aggregates.conftest import ADMIN, INSTANCE, PASSWORD
from tests.http.federation import slapd
from tests.http.federation.conftest import POLICY, parameters
from tests.http.federation.test_directory import SETTINGS
from tests.http.login.conftest import Browser

NAME = "admin@acme.localhost"
SAID = {
    "sub": "ext", "email": "new@example.com", "email_verified": True, "given_name": "New",
    "family_name": "Comer", "name": "New Comer", "preferred_username": "newcomer",
}  # fmt: skip
OPTIONS = {"is_creation_allowed": True, "is_linking_allowed": True}


REFRESH = re.compile(r'<meta http-equiv="refresh" content="0; url=([^"]*)">')


class Person(Browser):
    """A browser that is sent to a provider and comes back."""

    async def _page(self, request):
        """Follow a page that leads on by itself."""
        page = await super()._page(request)
        onward = REFRESH.search(page.text)
        return await self.get(unescape(onward[1])) if onward else page

    async def to_provider(self, idp_id):
        """Follow the button; returns what the provider is asked."""
        return parameters(str((await self.get(f"/ui/login/idp?idp={idp_id}")).url))

    async def back(self, elsewhere, asked, **answer):
        elsewhere.nonce = asked["nonce"]
        said = {"state": asked["state"], "code": "c", **answer}
        return await self.get(f"/idps/callback?{urlencode(said)}")

    async def come(self, elsewhere, idp_id):
        return await self.back(elsewhere, await self.to_provider(idp_id))


@pytest.fixture
async def person(us):
    browser = Person(SimpleNamespace(url=us.stack.url))
    yield browser
    await browser.session.close()


@pytest.fixture
async def idp(us, elsewhere):
    elsewhere.user = dict(SAID)
    return await us.idp(issuer=elsewhere.issuer, client_id="us", scopes=("openid",), **OPTIONS)


async def set_options(us, idp_id, **options):
    known = (await us.services.dispatch.state(INSTANCE, "instance", INSTANCE)).idps[idp_id]
    order = ChangeIdp(instance_id=INSTANCE, idp_id=idp_id, idp=replace(known, **options))
    await us.send(order)


async def holder(us, idp_id, external="ext"):
    claim = IdpLink(idp_id, external).claim
    return await us.services.dispatch.holder(INSTANCE, EXTERNAL_IDPS, claim)


async def user(us, user_id):
    return await us.services.dispatch.state(INSTANCE, "user", user_id)


def signed_in(page):
    return page.title.startswith("You are signed in")


async def test_the_sign_in_page_offers_what_the_policy_lists(us, person, idp):
    page = await person.get("/ui/login/loginname")
    assert "Sign in with Elsewhere" in page.text
    await us.send(WithdrawIdp(instance_id=INSTANCE, idp_id=idp))
    assert "Elsewhere" not in (await person.get("/ui/login/loginname")).text
    page = await person.get(f"/ui/login/idp?idp={idp}")
    assert page.title.startswith("Sign in")  # nobody is sent there any more


async def test_who_is_linked_is_signed_in(us, person, elsewhere, idp):
    gigi = await us.human(links=(IdpLink(idp, "ext"),))
    page = await person.come(elsewhere, idp)
    assert signed_in(page)
    assert "gigi" in page.text
    stored = await us.services.world.log.after(INSTANCE, 0, 1000)
    [checked] = [each for each in stored if type(each.event).__name__ == "IntentChecked"]
    assert (await us.services.world.state(checked.stream)).user_id == gigi


async def test_a_page_that_is_loaded_again_changes_nothing(us, person, elsewhere, idp):
    await us.human(links=(IdpLink(idp, "ext"),))
    asked = await person.to_provider(idp)
    elsewhere.nonce = asked["nonce"]
    got = await us.answer(state=asked["state"], code="c")
    where = f"{got.to}?{urlencode(got.said)}".removeprefix(us.stack.issuer)
    assert signed_in(await person.get(where))
    assert signed_in(await person.get(where))


async def test_another_browser_is_not_signed_in(us, person, elsewhere, idp):
    """Who lures somebody to the end of his own sign-in does not sign them in as himself."""
    await us.human(links=(IdpLink(idp, "ext"),))
    asked = await person.to_provider(idp)
    other = Person(SimpleNamespace(url=us.stack.url))
    page = await other.back(elsewhere, asked)
    assert (page.status, "IDP-StateInvalid" in page.text) == (400, True)
    await other.session.close()


async def test_somebody_new_describes_oneself_and_is_made(us, person, elsewhere, idp):
    page = await person.come(elsewhere, idp)
    assert page.title.startswith("You are new here")
    assert 'value="new@example.com"' in page.text
    fields = {"given": "New", "family": "Comer", "email": "new@example.com", "do": "make"}
    done = await person.submit(page, "idp/new", **fields | {"given": ""})
    assert done.problem == "Enter your given name."
    done = await person.submit(done, "idp/new", **fields)
    assert signed_in(done)
    made = await user(us, await holder(us, idp))
    assert (made.user_name, made.human.email.verified) == ("new@example.com", True)


async def test_an_address_that_was_changed_is_to_be_verified(us, person, elsewhere, idp, gigi):
    elsewhere.user = SAID | {"email_verified": False}
    page = await person.come(elsewhere, idp)
    fields = {"given": "N", "family": "C", "email": "new@example.com", "do": "make"}
    page = await person.submit(page, "idp/new", **fields)
    assert "cannot be created with this" in page.problem  # gigi's, who signs in with it
    fields |= {"email": "boss@example.com"}
    assert signed_in(await person.submit(page, "idp/new", **fields))
    assert not (await user(us, await holder(us, idp))).human.email.verified


async def test_somebody_new_is_made_without_a_question_if_that_is_wanted(
    us, person, elsewhere, idp
):
    await set_options(us, idp, is_auto_creation=True)
    assert signed_in(await person.come(elsewhere, idp))
    made = await user(us, await holder(us, idp))
    assert made.human.profile.first_name == "New"


FORBIDDEN = {
    "by the provider": ({"is_creation_allowed": False, "is_auto_creation": True}, POLICY),
    "by the policy": ({"is_auto_creation": True}, replace(POLICY, allow_register=False)),
}


@pytest.mark.parametrize("case", FORBIDDEN.values(), ids=FORBIDDEN)
async def test_nobody_is_made_where_that_is_not_allowed(us, person, elsewhere, idp, case):
    """ZA-21: also not by who sends the form without having been shown it."""
    options, policy = case
    page = await person.come(elsewhere, idp)
    await set_options(us, idp, **options)
    await us.send(ChangePolicy(instance_id=INSTANCE, policy=policy))
    fields = {"given": "N", "family": "C", "email": "new@example.com", "do": "make"}
    refused = await person.submit(page, "idp/new", **fields)
    assert refused.status == 422
    other = await person.come(elsewhere, idp)
    assert "<h2>Create an account</h2>" not in other.text
    assert await holder(us, idp) is None


async def test_who_has_an_account_links_it_by_its_password(us, person, elsewhere, idp):
    page = await person.come(elsewhere, idp)
    wrong = {"loginName": NAME, "password": "wrong", "do": "link"}
    again = await person.submit(page, "idp/new", **wrong)
    assert "not right" in again.problem
    done = await person.submit(again, "idp/new", loginName=NAME, password=PASSWORD, do="link")
    assert signed_in(done)
    assert await holder(us, idp) == ADMIN
    other = Person(SimpleNamespace(url=us.stack.url))
    assert signed_in(await other.come(elsewhere, idp))
    await other.session.close()


async def test_a_link_waits_for_the_second_factor(us, person, elsewhere, idp, clock):
    """ZA-59: a password alone opens no other way in."""
    secret = (await us.send(RegisterTotp(user_id=ADMIN))).secrets["secret"]
    await us.send(VerifyTotp(user_id=ADMIN, code=TOTP(secret).at(clock())))
    clock.pass_(minutes=1)
    page = await person.come(elsewhere, idp)
    due = await person.submit(page, "idp/new", loginName=NAME, password=PASSWORD, do="link")
    assert due.title.startswith("Enter the code of your app")
    assert await holder(us, idp) is None
    done = await person.submit(due, "mfa", code=TOTP(secret).at(clock()))
    assert signed_in(done)
    assert await holder(us, idp) == ADMIN


async def test_nobody_links_where_that_is_not_allowed(us, person, elsewhere, idp):
    page = await person.come(elsewhere, idp)
    await set_options(us, idp, is_linking_allowed=False)
    await person.submit(page, "idp/new", loginName=NAME, password=PASSWORD, do="link")
    assert await holder(us, idp) is None


async def test_a_form_without_a_sign_in_makes_nobody(us, person, elsewhere, idp):
    """ZA-67."""
    page = await person.come(elsewhere, idp)
    _, hidden = page.form("idp/new")
    fields = {"given": "N", "family": "C", "email": "new@example.com", "do": "make"}
    for token in ("", "x", hidden["token"][:-3] + "AAA"):
        got = await person.post("/ui/login/idp/new", data={"token": token, **fields})
        assert got.status == 403
    assert await holder(us, idp) is None


async def test_a_login_name_links_only_if_that_is_wanted(us, person, elsewhere, idp):
    gigi = await us.human("newcomer")
    page = await person.come(elsewhere, idp)
    assert page.title.startswith("You are new here")
    await set_options(us, idp, auto_linking=AutoLinking.USER_NAME)
    assert signed_in(await person.come(elsewhere, idp))
    assert await holder(us, idp) == gigi


@pytest.fixture
async def gigi(us, monkeypatch):
    """Somebody with a verified address; the read model that finds it is asked in test_contacts."""
    gigi = await us.human("new")

    async def found(_visit, typed):
        return gigi if typed == "new@example.com" else None

    monkeypatch.setattr("personae.http.login.newcomer.user_by_contact", found)
    return gigi


@pytest.mark.parametrize("said", [True, False, None, "no"])
async def test_an_address_links_only_if_it_was_verified(us, person, elsewhere, gigi, said):
    """ZA-55."""
    elsewhere.user = SAID | {"email_verified": said}
    idp = await us.idp(
        issuer=elsewhere.issuer, client_id="us", auto_linking=AutoLinking.EMAIL, **OPTIONS
    )
    page = await person.come(elsewhere, idp)
    assert signed_in(page) == (said is True)
    assert await holder(us, idp) == (gigi if said is True else None)


async def turn_off(us, idp, how):
    if how == "policy":
        policy = LoginPolicy(allow_username_password=True, allow_register=True)
        await us.send(ChangePolicy(instance_id=INSTANCE, policy=policy))
    else:
        await us.send(WithdrawIdp(instance_id=INSTANCE, idp_id=idp))


@pytest.mark.parametrize("how", ["policy", "list"])
async def test_what_was_turned_off_meanwhile_links_nobody(us, person, elsewhere, idp, how):
    """ZA-32."""
    await us.human("newcomer")
    await set_options(us, idp, auto_linking=AutoLinking.USER_NAME, is_auto_creation=True)
    asked = await person.to_provider(idp)
    await turn_off(us, idp, how)
    assert not signed_in(await person.back(elsewhere, asked))
    assert await holder(us, idp) is None


@pytest.mark.parametrize("how", ["policy", "list"])
async def test_what_was_turned_off_meanwhile_lets_nobody_in(us, person, elsewhere, idp, how):
    """ZA-32, for who is linked already."""
    await us.human(links=(IdpLink(idp, "ext"),))
    asked = await person.to_provider(idp)
    await turn_off(us, idp, how)
    assert not signed_in(await person.back(elsewhere, asked))
    stored = await us.services.world.log.after(INSTANCE, 0, 1000)
    assert not any(each.stream.type == "session" for each in stored)


async def test_a_page_of_the_way_back_is_no_way_around_the_policy(
    us, person, elsewhere, idp, clock
):
    life = int(timedelta(hours=1).total_seconds() * 10**9)
    policy = replace(POLICY, external_login_check_lifetime=life)
    await us.send(ChangePolicy(instance_id=INSTANCE, policy=policy))
    await us.human(links=(IdpLink(idp, "ext"),))
    asked = await person.to_provider(idp)
    elsewhere.nonce = asked["nonce"]
    got = await us.answer(state=asked["state"], code="c")
    where = f"{got.to}?{urlencode(got.said)}".removeprefix(us.stack.issuer)
    assert signed_in(await person.get(where))
    clock.pass_(hours=1)
    assert not signed_in(await person.get(where))


async def test_what_is_said_now_is_taken_over_if_that_is_wanted(us, person, elsewhere, idp):
    gigi = await us.human(links=(IdpLink(idp, "ext"),))
    await person.come(elsewhere, idp)
    assert (await user(us, gigi)).human.profile.first_name == "Gigi"
    await set_options(us, idp, is_auto_update=True)
    await person.come(elsewhere, idp)
    now = (await user(us, gigi)).human
    assert (now.profile.first_name, now.email.value) == ("New", "gigi@example.com")


async def test_a_client_may_send_people_straight_to_a_provider(us, person, elsewhere, idp):
    app = await us.stack.app()
    asked = {"scope": f"openid urn:zitadel:iam:org:idp:id:{idp}"}
    at = await us.stack.authorize(app, **asked)
    page = await person.get(at.location)
    assert str(page.url).startswith(f"{elsewhere.issuer}/authorize?")
    await us.human(links=(IdpLink(idp, "ext"),))
    query = urlencode({"state": parameters(str(page.url))["state"], "code": "c"})
    elsewhere.nonce = parameters(str(page.url))["nonce"]
    async with person.session.get(
        f"{us.stack.issuer}/idps/callback?{query}", allow_redirects=False
    ) as got:
        done = got.headers["Location"]
    async with person.session.get(done, allow_redirects=False) as got:
        onward = REFRESH.search(await got.text())[1]
    assert onward.startswith("/oauth/v2/authorize/callback?id=")


@pytest.mark.parametrize("everywhere", [True, False])
async def test_a_second_factor_is_forced_only_if_it_is_for_all(
    us, person, elsewhere, idp, everywhere
):
    policy = replace(POLICY, force_mfa=everywhere, force_mfa_local_only=True)
    await us.send(ChangePolicy(instance_id=INSTANCE, policy=policy))
    await us.human(links=(IdpLink(idp, "ext"),))
    assert signed_in(await person.come(elsewhere, idp)) != everywhere


async def test_who_cancels_there_may_sign_in_another_way(person, elsewhere, idp):
    asked = await person.to_provider(idp)
    page = await person.back(elsewhere, asked, code="", error="access_denied")
    assert page.title.startswith("Problem: The sign-in elsewhere came to nothing")
    assert "/ui/login/loginname" in page.text


@pytest.mark.skipif(slapd.found()[0] is None, reason="needs slapd: sh tests/need_slapd.sh")
async def test_somebody_signs_in_with_the_password_of_a_directory(us, person, tmp_path):
    with slapd.directory(tmp_path) as port:
        servers = (f"ldap://127.0.0.1:{port}",)
        idp = await us.idp(
            IdpKind.LDAP, secret=slapd.PASSWORD, servers=servers, **SETTINGS, **OPTIONS
        )
        gigi = await us.human(links=(IdpLink(idp, "0"),))
        page = await person.get(f"/ui/login/idp?idp={idp}")
        assert page.title.startswith("Sign in with Elsewhere")
        wrong = await person.submit(page, "idp", loginName="gigi", password="wrong")
        assert (wrong.status, wrong.problem != "") == (422, True)
        done = await person.submit(wrong, "idp", loginName="gigi", password="Gigi-Secret-1")
        assert signed_in(done)
        assert await holder(us, idp, "0") == gigi
