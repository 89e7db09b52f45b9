"""The page that explains the API, from the server that answers it."""

import json
import re
from pathlib import Path

import pytest
from personae.http.wire.explorer import POLICY
from playwright.async_api import async_playwright

CHROMIUM = "/usr/bin/chromium"


@pytest.mark.parametrize(("accept", "title"), [("en", "The API"), ("de-CH,de", "Die API")])
async def test_the_page_needs_no_other_host(client, accept, title):
    async with client.http.get("/openapi", headers={"Accept-Language": accept}) as answer:
        page = await answer.text()
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert f"<h1>{title}</h1>" in page
    assert "<code>/v2/users/{user_id}</code> GetUserByID" in page
    assert not re.search(r"(src|href)=\"(https?:)?//", page)
    assert page.count("<details>") == page.count("<form hidden") > 300


@pytest.mark.browser
@pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is missing")
async def test_a_call_is_tried_on_the_page(client, running):
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu"]
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        page = await chromium.new_page(viewport={"width": 360, "height": 640})
        await page.goto(f"{running.url}/openapi")
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not await page.evaluate(wide)
        await page.get_by_label("Access token").fill(running.pat)
        part = page.locator("details").filter(has_text="/v2/users/{user_id} GetUserByID")
        await part.locator("summary").click()
        await part.get_by_label("user_id").fill("404")
        await part.get_by_role("button").click()
        answer = part.locator("output").filter(
            has_text="}"
        )  # before it comes it says that it waits
        status, _, said = (await answer.inner_text()).partition("\n")
        await chromium.close()
    assert (status, json.loads(said)["details"][0]["id"]) == ("404", "USER-NotFound")
