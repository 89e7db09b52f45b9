"""The playground of a server as its users start it: it reaches its own port."""

import re

import aiohttp
import pytest

pytestmark = pytest.mark.flow
PATH = "/ui/playground"


async def test_a_server_on_this_machine_has_a_playground_that_asks_the_server_itself(running):
    jar = aiohttp.CookieJar(quote_cookie=False)
    async with aiohttp.ClientSession(running.url, cookie_jar=jar) as http:
        async with http.get(PATH) as answer:
            text = await answer.text()
        token = re.search(r'action="/ui/playground".*?value="([^"]*)"', text, re.DOTALL)[1]
        form = {"token": token, "flow": "credentials", "client_id": "nobody", "secret": "x" * 40}
        async with http.post(PATH, data=form) as answer:
            text = await answer.text()
    assert f"GET {running.url}/.well-known/openid-configuration</code> <strong>200" in text
    assert "invalid_client" in text
    assert "x" * 40 not in text
    assert "x" * 40 not in running.log.read_text()
