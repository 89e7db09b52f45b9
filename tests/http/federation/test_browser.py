"""The whole way in a real Chromium: an application, our pages, another Personae, and back."""

import pytest
from personae.actors.domain.project.values import AuthMethod
from personae.actors.domain.user.factors import IdpLink

from tests.aggregates.conftest import ADMIN, PASSWORD
from tests.http.login.conftest import NAME, redirects  # noqa: F401 — a fixture
from tests.http.login.test_browser import open_page, pytestmark  # noqa: F401 — a fixture, a mark


@pytest.fixture
async def idp(us, theirs):
    app = await theirs.app(
        redirect_uris=(us.back,), post_logout_redirect_uris=(), dev_mode=True,
        auth_method_type=AuthMethod.BASIC,
    )  # fmt: skip
    idp_id = await us.idp(
        issuer=theirs.issuer, client_id=app.client_id, secret=app.secret, use_pkce=True,
        scopes=("openid", "email"),
    )  # fmt: skip
    await us.human(links=(IdpLink(idp_id, ADMIN),))
    return idp_id


@pytest.mark.usefixtures("idp")
@pytest.mark.parametrize("scripts", [True, False])
async def test_somebody_comes_to_an_application_through_another_personae(
    us,
    open_page,  # noqa: F811
    redirects,  # noqa: F811
    scripts,
):
    address, seen = redirects
    app = await us.stack.app(redirect_uris=(address,), dev_mode=True)
    asked = await us.stack.authorize(app, redirect_uri=address)
    async with open_page(java_script_enabled=scripts) as page:
        await page.goto(us.stack.issuer + asked.location.removeprefix(us.stack.issuer))
        await page.get_by_role("link", name="Sign in with Elsewhere").click()
        await page.get_by_label("Login name").fill(NAME)
        await page.get_by_role("button", name="Continue").click()
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        # The form above was theirs: its policy lets it lead to us, but not to our applications.
        await page.wait_for_url(f"{address}?**")
    assert "code=" in seen[0]
