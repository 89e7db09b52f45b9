import pytest
from personae.actors.domain.device_auth.commands import AddDeviceAuth
from personae.actors.domain.device_auth.state import Status

from tests.aggregates.conftest import INSTANCE, PASSWORD
from tests.http.login.conftest import CLIENT, NAME

PAGE = "/ui/login/device"


@pytest.fixture
async def device(site):
    order = AddDeviceAuth(
        device_id="V2_d", instance_id=INSTANCE, client_id=CLIENT, user_code="BCDFGHJK",
        scope=("openid", "profile"), audience=(CLIENT,),
    )  # fmt: skip
    await site.send(order)
    return order


async def typed(browser, code="bcdf ghjk"):
    page = await browser.get(PAGE)
    return await browser.submit(page, "device", userCode=code)


async def status(site):
    return (await site.state("device_auth", "V2_d")).status


async def test_who_types_the_code_signs_in_and_allows_the_device(browser, site, device):
    page = await typed(browser)
    page = await browser.submit(page, "loginname", loginName=NAME)
    page = await browser.submit(page, "password", password="Correct-Horse-1")
    assert "BCDF-GHJK" in page.text
    assert "Shop" in page.title or "Shop" in page.text
    for words in ("Know that it is you", "See your name, language"):
        assert words in page.text
    page = await browser.submit(page, "device/allow", answer="allow")
    assert page.title.startswith("Sign in on a device")
    assert "Your device is signed in" in page.text
    assert await status(site) is Status.APPROVED


async def test_a_signed_in_person_may_deny_it(browser, site, device):
    await browser.sign_in()
    page = await browser.submit(await typed(browser), "device/allow", answer="deny")
    assert "was denied access" in page.text
    assert await status(site) is Status.DENIED


async def test_a_code_in_the_address_is_only_filled_in(browser, site, device):
    await browser.sign_in()
    page = await browser.get(f"{PAGE}?user_code=BCDF-GHJK")
    assert 'value="BCDF-GHJK"' in page.text
    assert await status(site) is Status.INITIATED


async def test_unknown_and_expired_codes_are_refused(browser, site, device):
    await browser.sign_in()
    for code in ("", "BCDF-GHJL", "<b>", "x" * 400):
        assert (await typed(browser, code)).problem.startswith("No device shows this code")
    site.clock.pass_(minutes=5)
    assert (await typed(browser)).problem.startswith("No device shows this code")


async def test_guessing_is_slow(browser, site, device):
    for _ in range(20):
        assert (await typed(browser, "BCDF-GHJL")).status == 422
    page = await typed(browser)
    assert (page.status, page.headers["Retry-After"]) == (429, "60")
    site.clock.pass_(minutes=1)
    assert (await typed(browser)).status == 200


async def test_nobody_answers_for_another_browser(browser, site, device):
    await browser.sign_in()
    page = await typed(browser)
    _, hidden = page.form("device/allow")
    browser.session.cookie_jar.clear()
    found = await browser.post(f"{PAGE}/allow", data={**hidden, "answer": "allow"})
    assert found.status == 403
    assert await status(site) is Status.INITIATED


async def test_a_password_that_is_due_comes_before_the_device(browser, site, device):
    await site.add_user(change_required=True)
    page = await browser.sign_in("/ui/login/loginname?user_code=BCDFGHJK", "grace")
    assert page.title.startswith("Change your password")
    around = page.url.replace("/password/change", "/device/allow")
    page = await browser.get(around)
    assert page.title.startswith("Change your password")
    fields = {"current": PASSWORD, "new": "Other-Horse-2", "again": "Other-Horse-2"}
    page = await browser.submit(page, "password/change", **fields)
    await browser.submit(page, "device/allow", answer="allow")
    assert await status(site) is Status.APPROVED
