"""Second factors, passkeys and what the login policy says of them, on the pages."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from personae.actors.domain.instance.provider import Channel, Provider, ProviderKind
from personae.actors.domain.instance.providers import AddProvider
from personae.actors.domain.kit import Stream
from personae.actors.domain.lifetimes import nanoseconds
from personae.actors.domain.policies import LockoutPolicy, LoginPolicy, PasswordAgePolicy
from personae.actors.domain.policy_family import event_of, values_of
from personae.actors.domain.user import factor_commands as c
from personae.actors.domain.user.code_commands import LinkPasskeyRegistration
from personae.actors.domain.user.factors import Channel as Sent
from personae.store.crypto import Area
from personae.store.log import Commit, Part
from pyotp import TOTP

from tests.aggregates.conftest import ADMIN, INSTANCE
from tests.authenticator import Authenticator
from tests.http.login.conftest import NAME

ON = {"allow_username_password": True}
HOUR = nanoseconds(timedelta(hours=1))
DONE = "You are signed in"


async def allow(site, second=(1, 2, 3, 4), multi=(1,), **login):
    """Write a login policy with its lists."""
    added = [event_of("instance", LoginPolicy, "added")(**values_of(LoginPolicy(**ON | login)))]
    for field, numbers in (("second_factors", second), ("multi_factors", multi)):
        made = event_of("instance", LoginPolicy, f"{field}.added")
        added += [made(mfa_type=number) for number in numbers]
    stream = Stream(INSTANCE, "instance", INSTANCE)
    version = (await site.world.aggregate(stream)).version
    part = Part(stream, version, INSTANCE, tuple(added))
    await site.world.log.append(
        Commit(instance_id=INSTANCE, parts=(part,), creator="test", at=site.clock())
    )


async def app_of(site):
    """Give the administrator an authenticator app."""
    secret = (await site.send(c.RegisterTotp(user_id=ADMIN))).secrets["secret"]
    app = TOTP(secret)
    await site.send(c.VerifyTotp(user_id=ADMIN, code=app.at(site.clock())))
    site.clock.pass_(minutes=1)
    return app


async def key_of(site, *, passkey):
    key = Authenticator(origin=site.url, verifies=passkey)
    order = c.RegisterAuthenticator(
        user_id=ADMIN, token_id="k1", passkey=passkey, rp_id="localhost"
    )
    options = json.loads((await site.send(order)).secrets["options"])
    answer = key.create({"publicKey": options})
    await site.send(
        c.VerifyAuthenticator(
            user_id=ADMIN, token_id="k1", passkey=passkey, credential=json.dumps(answer)
        )
    )
    return key


def options_of(page):
    found = re.search(r'data-options="([^"]*)"', page.text)
    return {"publicKey": json.loads(unescape(found[1]))}


async def session_of(site):
    ids = {
        e.stream.id
        for e in await site.world.log.after(INSTANCE, 0, 9999)
        if e.stream.type == "session"
    }
    return await site.state("session", max(ids))


async def test_who_has_an_app_enters_its_code_after_the_password(site, browser, redirects):
    await allow(site)
    app = await app_of(site)
    page = await browser.sign_in(await site.ask(redirect=redirects[0]))
    assert page.title.startswith("Enter the code of your app")
    page = await browser.submit(page, "mfa", code="000000", do="check")
    assert "This code is not right" in page.problem
    page = await browser.submit(page, "mfa", code=app.at(site.clock()), do="check")
    assert page.title == "Shop"
    assert (await session_of(site)).auth_methods == ("pwd", "otp", "mfa")
    assert (await site.state("auth_request", "V2_1")).session_id


@pytest.mark.parametrize("path", ["/success", "/password/change", "/mfa/set", "/userselection"])
async def test_there_is_no_way_around_the_second_factor(site, browser, path):
    await allow(site)
    await app_of(site)
    await browser.sign_in()
    session = re.search(r"session=(\d+)", (await browser.get("/ui/login/login")).url)[1]
    page = await browser.get(f"/ui/login{path}?session={session}")
    if path == "/userselection":
        assert "Second factor needed" in page.text
        action, hidden = page.form("userselection")
        page = await browser.post(action, data=[*hidden.items(), ("choose", session)])
    assert page.title.startswith("Enter the code of your app")


async def test_a_code_counts_as_long_as_the_policy_says(site, browser):
    await allow(site, second_factor_check_lifetime=HOUR)
    app = await app_of(site)
    page = await browser.sign_in()
    page = await browser.submit(page, "mfa", code=app.at(site.clock()), do="check")
    assert page.title.startswith(DONE)
    assert (await browser.get("/ui/login/login")).title.startswith(DONE)
    site.clock.pass_(hours=1)
    assert (await browser.get("/ui/login/login")).title.startswith("Enter the code of your app")


async def test_a_factor_that_the_policy_does_not_take_is_not_asked_for(site, browser):
    await allow(site, second=(2,))
    await app_of(site)
    assert (await browser.sign_in()).title.startswith(DONE)


async def test_wrong_codes_lock_like_wrong_passwords(site, browser):
    await allow(site)
    await app_of(site)
    await site.policy(LockoutPolicy(max_otp_attempts=2))
    page = await browser.sign_in()
    for _ in range(3):
        page = await browser.submit(page, "mfa", code="000000", do="check")
    assert not (await site.state("user", ADMIN)).may_sign_in


async def test_a_code_is_sent_by_mail_and_counts_once(site, browser):
    await allow(site)
    await site.send(c.AddOtp(user_id=ADMIN, channel=Sent.EMAIL))
    page = await browser.sign_in()
    assert page.title.startswith("Confirm with a code by e-mail")
    page = await browser.submit(page, "mfa", do="send")
    assert "Codes cannot be sent" in page.problem
    mail = Provider(kind=ProviderKind.SMTP, endpoint="mail.test:25", sender="a@b.test")
    await site.send(
        AddProvider(
            instance_id=INSTANCE,
            provider_id="1",
            channel=Channel.EMAIL,
            provider=mail,
            activate=True,
        )
    )
    page = await browser.submit(await browser.get("/ui/login/login"), "mfa", do="send")
    assert "A code is on its way" in page.text
    sealed = (await session_of(site)).sent["otp_email"].code
    code = site.world.keyring.open(Area.USER, sealed, INSTANCE).decode()
    page = await browser.submit(page, "mfa", code=f" {code} ", do="check")
    assert page.title.startswith(DONE)


async def test_a_recovery_code_stands_in_for_a_lost_app(site, browser):
    await allow(site)
    await app_of(site)
    made = await site.send(c.GenerateRecoveryCodes(user_id=ADMIN, count=2))
    code = made.secrets["codes"].split()[0]
    page = await browser.sign_in()
    link = unescape(re.search(r'href="([^"]*factor=recovery_code)"', page.text)[1])
    page = await browser.get(link)
    page = await browser.submit(page, "mfa", code=code.lower(), do="check")
    assert page.title.startswith(DONE)
    assert len((await site.state("user", ADMIN)).human.recovery_codes) == 1


async def test_a_security_key_is_the_second_factor(site, browser):
    await allow(site)
    key = await key_of(site, passkey=False)
    page = await browser.submit(await browser.sign_in(), "mfa", do="start")
    other = Authenticator(origin=site.url, verifies=False)
    answer = json.dumps(other.get(options_of(page)))
    page = await browser.submit(page, "mfa", do="answer", credential=answer)
    assert "The key did not answer as expected" in page.problem
    page = await browser.submit(page, "mfa", do="start")
    answer = json.dumps(key.get(options_of(page)))
    page = await browser.submit(page, "mfa", do="answer", credential=answer)
    assert page.title.startswith(DONE)


async def test_a_passkey_signs_in_without_a_password(site, browser):
    await allow(site, passwordless_type=1)
    key = await key_of(site, passkey=True)
    page = await browser.get("/ui/login/loginname")
    page = await browser.submit(page, "loginname", loginName=NAME)
    link = unescape(re.search(r'href="(/ui/login/passkey[^"]*)"', page.text)[1])
    page = await browser.submit(await browser.get(link), "passkey", do="start")
    assert (await browser.get("/ui/login/success")).title.startswith("Sign in")  # nothing is held
    answer = json.dumps(key.get(options_of(page)))
    page = await browser.submit(page, "passkey", do="answer", credential=answer)
    assert page.title.startswith(DONE)
    assert (await session_of(site)).auth_methods == ("user", "mfa")
    assert (await browser.get("/ui/login/login")).title.startswith(DONE)


async def test_where_passwords_are_off_the_passkey_comes_first(site, browser):
    await allow(site, passwordless_type=1, allow_username_password=False)
    await key_of(site, passkey=True)
    page = await browser.get("/ui/login/loginname")
    page = await browser.submit(page, "loginname", loginName=NAME)
    assert page.title.startswith("Sign in with a passkey")
    assert "your password" not in page.text


async def test_where_passkeys_are_off_none_is_offered(site, browser):
    await allow(site, multi=())
    await key_of(site, passkey=True)
    page = await browser.get("/ui/login/loginname")
    page = await browser.submit(page, "loginname", loginName=NAME)
    assert "/ui/login/passkey" not in page.text


@pytest.mark.parametrize("flag", ["force_mfa", "force_mfa_local_only"])
async def test_where_a_factor_is_demanded_it_is_set_up_first(site, browser, flag):
    await allow(site, **{flag: True})
    page = await browser.sign_in()
    assert "Your organization asks for a second factor" in page.text
    assert 'name="skip"' not in page.text
    await browser.submit(page, "mfa/set", skip="yes")
    assert (await browser.get("/ui/login/login")).url.split("?")[0].endswith("/mfa/set")
    page = await browser.submit(page, "mfa/set", choose="totp")
    secret = re.search(r'class="secret-text">([^<]*)<', page.text)[1]
    assert "<svg" in page.text
    page = await browser.submit(page, "mfa/finish", code="000000")
    assert "This code is not right" in page.problem
    assert secret in page.text
    page = await browser.submit(page, "mfa/finish", code=TOTP(secret).at(site.clock()))
    assert page.title.startswith(DONE)


async def offer(site, browser):
    """The page with what may be set up, reached from the account's own page."""
    await allow(site, mfa_init_skip_lifetime=HOUR)
    page = await browser.sign_in()
    assert page.title.startswith(DONE)
    return await browser.get(offered(page))


def offered(page):
    found = re.search(r'href="(/ui/login/mfa/set[^"]*)"', page.text)
    return unescape(found[1]) if found else ""


async def test_a_factor_is_offered_and_can_be_put_off_for_a_time(site, browser):
    page = await browser.submit(await offer(site, browser), "mfa/set", skip="yes")
    assert (page.title.startswith(DONE), offered(page)) == (True, "")
    site.clock.pass_(hours=1)
    assert offered(await browser.get("/ui/login/success"))


async def test_an_offer_does_not_stand_before_the_application(site, browser, redirects):
    await allow(site, mfa_init_skip_lifetime=HOUR)
    page = await browser.sign_in(await site.ask(redirect=redirects[0]))
    assert page.title == "Shop"


async def test_a_security_key_is_set_up(site, browser):
    page = await browser.submit(await offer(site, browser), "mfa/set", choose="web_auth_n")
    key = Authenticator(origin=site.url, verifies=False)
    answer = json.dumps(key.create(options_of(page)))
    page = await browser.submit(page, "mfa/finish", pairs=[("name", "My key")], credential=answer)
    assert page.title.startswith(DONE)
    (known,) = (await site.state("user", ADMIN)).human.u2f.values()
    assert (known.name, known.verified) == ("My key", True)


async def test_codes_by_mail_are_switched_on_and_asked_for_at_once(site, browser):
    page = await browser.submit(await offer(site, browser), "mfa/set", choose="otp_email")
    assert page.title.startswith("Confirm with a code by e-mail")


async def test_a_passkey_is_added_by_the_link_of_a_mail(site, browser):
    await allow(site, passwordless_type=1)
    order = LinkPasskeyRegistration(user_id=ADMIN, code_id="7", return_code=True)
    code = (await site.send(order)).secrets["code"]
    wrong = await browser.get(f"/ui/login/passkey/add?user={ADMIN}")
    assert (
        "This code is not right" in (await browser.submit(wrong, "passkey/add", do="start")).problem
    )
    page = await browser.get(f"/ui/login/passkey/add?user={ADMIN}&codeId=7&code={code}")
    page = await browser.submit(page, "passkey/add", do="start")
    key = Authenticator(origin=site.url)
    answer = json.dumps(key.create(options_of(page)))
    page = await browser.submit(page, "passkey/add", do="answer", credential=answer)
    assert page.title.startswith("Your passkey is ready")


async def test_an_old_password_must_be_changed(site, browser):
    await allow(site)
    assert (await browser.sign_in()).title.startswith(DONE)
    await site.policy(PasswordAgePolicy(max_age_days=30, expire_warn_days=5))
    site.clock.pass_(days=24)
    assert "must be changed" not in (await browser.get("/ui/login/success")).text
    site.clock.pass_(days=1)
    assert "must be changed: 5<" in (await browser.get("/ui/login/success")).text
    site.clock.pass_(days=5)
    page = await browser.get("/ui/login/login")
    assert page.title.startswith("Change your password")
    fields = {"current": "Correct-Horse-1", "new": "Other-Horse-2", "again": "Other-Horse-2"}
    page = await browser.submit(page, "password/change", **fields)
    assert page.title.startswith(DONE)
    site.clock.pass_(days=29)
    assert (await browser.get("/ui/login/login")).title.startswith(DONE)


async def test_only_the_server_says_that_a_factor_was_set_up(site):
    from personae.actors.domain.kit import Caller
    from personae.actors.domain.session.commands import AddSession, Checks, SetSession
    from personae.actors.domain.session.values import Factor

    await site.send(
        AddSession(session_id="s", instance_id=INSTANCE, token_id="t", checks=Checks(user_id=ADMIN))
    )
    order = SetSession(session_id="s", token_id="t2", presented="t", set_up=(Factor.TOTP,))
    with pytest.raises(Exception, match="AUTH-PermissionDenied"):
        await site.dispatch.send(order, Caller(instance_id=INSTANCE, user_id=ADMIN))


@pytest.mark.parametrize("asked", [{"max_age": 0}, {"max_age": 0, "prompt": (2,)}, {"max_age": 3}])
async def test_a_sign_in_that_must_be_new_has_time_for_its_second_factor(
    site, browser, redirects, asked
):
    """What a client accepts is counted back from when it asked, not from the second page."""
    await allow(site)
    app = await app_of(site)
    page = await browser.sign_in(await site.ask(redirect=redirects[0], **asked))
    assert page.title.startswith("Enter the code of your app")
    site.clock.pass_(minutes=1)
    await browser.submit(page, "mfa", code=app.at(site.clock()), do="check")
    assert redirects[1] == ["/callback?code=c-V2_1"]


def dead_ends(page):
    """Return the parts of a page that its links name and that are not there."""
    there = set(re.findall(r' id="([^"]*)"', page.text))
    return set(re.findall(r'href="#([^"]*)"', page.text)) - there


async def test_a_problem_with_a_key_or_a_mail_leads_to_its_button(site, browser):
    await allow(site)
    await key_of(site, passkey=False)
    await site.send(c.AddOtp(user_id=ADMIN, channel=Sent.EMAIL))
    asked = await browser.submit(await browser.sign_in(), "mfa", do="start")
    page = await browser.submit(asked, "mfa", credential="{}", do="answer")
    assert page.problem.startswith("The key did not answer")
    assert dead_ends(page) == set()
    other = unescape(re.search(r'href="([^"]*factor=otp_email[^"]*)"', page.text)[1])
    page = await browser.submit(await browser.get(other), "mfa", do="send")
    assert page.status == 422  # nothing is there to send it with
    assert dead_ends(page) == set()
    assert 'role="status"' not in page.text  # nor is it said to be sent
