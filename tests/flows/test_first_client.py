"""The whole way: a browser signs in at an independent OpenID Connect client."""

import importlib.util

import aiohttp
import pytest
from aiohttp import web

from tests.flows.browser import chromium
from tests.running import ADMIN, PASSWORD, ROOT

pytestmark = [pytest.mark.flow, pytest.mark.browser]


def example(name):
    """Import an example of the README."""
    spec = importlib.util.spec_from_file_location(name, ROOT / f"docs/examples/{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def app(running):
    """A web application registered through the API: client id and secret."""
    return example("register_client").register(running.url, running.pat, name="flow")


@pytest.fixture
async def site(running, app):
    """The example, serving."""
    module = example("first_client")
    site = module.Site(running.url, *app)
    runner = web.AppRunner(site.app())
    await runner.setup()
    await web.TCPSite(runner, "localhost", module.PORT).start()
    yield site
    await runner.cleanup()


async def introspect(running, app, token):
    basic = {"Authorization": aiohttp.encode_basic_auth(*app)}
    async with (
        aiohttp.ClientSession(running.url) as http,
        http.post("/oauth/v2/introspect", data={"token": token}, headers=basic) as answer,
    ):
        return await answer.json()


async def test_a_browser_signs_in_refreshes_and_signs_out_at_an_independent_client(
    running, site, app
):
    async with chromium() as page:
        await page.goto("http://localhost:9999/")
        await page.get_by_label("name").first.fill(ADMIN)
        await page.keyboard.press("Enter")
        await page.locator("input[type=password]").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("http://localhost:9999/")
        assert f'"preferred_username": "{ADMIN}"' in await page.content()

        first = dict(site.tokens)
        assert (await introspect(running, app, first["access_token"]))["active"] is True
        await page.goto("http://localhost:9999/refresh")
        assert f'"preferred_username": "{ADMIN}"' in await page.content()
        assert site.tokens["refresh_token"] != first["refresh_token"]

        last = site.tokens["access_token"]
        await page.goto("http://localhost:9999/sign-out")
        await page.wait_for_url("http://localhost:9999/bye*")
        assert (await introspect(running, app, last)) == {"active": False}
