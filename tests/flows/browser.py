"""A real browser for tests: Debian's Chromium, driven by playwright."""

import contextlib
import shutil

import pytest

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextlib.asynccontextmanager
async def chromium(**context):
    """Yield a page of a new browser; skip the test where there is none."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            page = await (await browser.new_context(**context)).new_page()
            page.set_default_timeout(30_000)
            yield page
        finally:
            await browser.close()
