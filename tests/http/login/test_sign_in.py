from tests.aggregates.conftest import ADMIN
from tests.http.login.conftest import NAME


async def test_a_right_password_signs_in(browser, site):
    page = await browser.sign_in()
    assert (page.status, page.title) == (200, "You are signed in · ACME")
    assert "Ada Admin" in page.text
    assert NAME in page.text
    assert await site.count("session") == 1
    assert ADMIN
