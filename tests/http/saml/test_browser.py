"""A real Chromium signs in at a service provider: pages, cookies and policies as browsers hold them."""

import pytest
from aiohttp import web

from tests.aggregates.conftest import PASSWORD
from tests.flows.browser import chromium
from tests.http.saml import sp

pytestmark = pytest.mark.browser


@pytest.fixture
async def shop():
    """A service provider on an origin of its own that leads people on after it took an answer."""
    taken = []

    async def acs(request):
        taken.append(dict(await request.post()))
        raise web.HTTPFound(f"http://localhost:{port}/welcome")

    async def welcome(_request):
        return web.Response(text="<title>Shop</title>welcome", content_type="text/html")

    app = web.Application()
    app.router.add_post("/acs", acs)
    app.router.add_get("/welcome", welcome)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/acs", taken
    await runner.cleanup()


@pytest.mark.parametrize("scripts", [True, False])
async def test_people_come_to_the_service_provider(idp, shop, scripts):
    acs, taken = shop
    await idp.app(sp.metadata(acs=((sp.POST, acs),)))
    begin = f"{idp.url}/saml/v2/SSO?{sp.redirect_query(idp.request(), 'r')}"
    async with chromium(java_script_enabled=scripts, color_scheme="dark") as page:
        await page.goto(begin)
        await page.fill("input[name=loginName]", "admin@acme.localhost")
        await page.keyboard.press("Enter")
        await page.fill("input[type=password]", PASSWORD)
        await page.keyboard.press("Enter")
        if not scripts:
            await page.wait_for_selector("h1")
            assert await page.title() == "Signing you in"
            await page.keyboard.press("Tab")
            await page.keyboard.press("Enter")
        await page.wait_for_url("**/welcome")
        assert await page.title() == "Shop"
    assert len(taken) == 1
    assert taken[0]["RelayState"] == "r"
    assert taken[0]["SAMLResponse"]
