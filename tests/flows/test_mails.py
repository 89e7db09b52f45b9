"""A mail that a running server sends, and the page that its link leads to."""

import asyncio
import re
from email import message_from_bytes
from email.policy import default
from html import unescape

import aiohttp
import pytest
from aiosmtpd.smtp import SMTP

from tests.running import RunningServer

pytestmark = pytest.mark.flow


class Mailbox:
    """A mail server in the clear, as on the same machine."""

    def __init__(self):
        self.got = asyncio.Queue()

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 — aiosmtpd's name
        self.got.put_nowait(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
async def mailbox():
    box = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, loop=loop), "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    yield box
    server.close()


@pytest.fixture
async def server(mailbox):
    server = RunningServer(
        PERSONAE_SMTP__HOST="127.0.0.1",
        PERSONAE_SMTP__PORT=str(mailbox.port),
        PERSONAE_SMTP__SECURITY="none",
        PERSONAE_SMTP__SENDER="id@acme.test",
    )
    try:
        yield await asyncio.to_thread(server.start)
    finally:
        await asyncio.to_thread(server.remove)


async def test_a_new_user_gets_a_mail_whose_link_confirms_the_address(server, mailbox):
    bearer = {"Authorization": f"Bearer {server.pat}"}
    async with aiohttp.ClientSession(
        server.url, cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Accept": "text/html"}
    ) as http:
        human = {
            "profile": {"givenName": "Grace", "familyName": "Hopper", "preferredLanguage": "de"},
            "email": {"email": "grace@navy.test", "sendCode": {}},
        }
        async with http.post("/v2/users/human", json=human, headers=bearer) as answer:
            user_id = (await answer.json())["userId"]
        async with asyncio.timeout(10):
            mail = await mailbox.got.get()
        assert mail["To"] == "grace@navy.test"
        assert mail["Subject"] == "Bestätigen Sie Ihre E-Mail-Adresse"
        link = re.search(r"http://localhost\S+", mail.get_body(("plain",)).get_content())[0]
        async with http.get(link) as answer:
            page = await answer.text()
        fields = re.findall(r'name="(token|code)" [^>]*?value="([^"]*)"', page)
        data = {name: unescape(value) for name, value in fields}
        token = re.search(
            r'action="/ui/login/verify".*?name="token" value="([^"]*)"', page, re.DOTALL
        )
        data["token"] = unescape(token[1])
        async with http.post("/ui/login/verify", data=data) as answer:
            assert answer.status == 200, await answer.text()
        async with http.get(f"/v2/users/{user_id}", headers=bearer) as answer:
            found = await answer.json()
        assert found["user"]["human"]["email"]["isVerified"] is True
        async with http.get("/debug/metrics") as answer:
            counted = re.search(
                r"personae_messages_total\{.*?result=\"sent\".*?\} (\S+)", await answer.text()
            )
        assert float(counted[1]) == 1
    log = server.log.read_text()
    assert data["code"] not in log
    assert "grace@navy.test" not in log
