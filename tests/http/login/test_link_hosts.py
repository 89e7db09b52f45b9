"""ZA-06, ZA-26, ZA-29, ZA-33, ZA-34: links in mails lead to this site, whatever headers say."""

import pytest
from personae.actors.domain.policies import LoginPolicy

from tests.aggregates.conftest import ADMIN, PASSWORD
from tests.http.login.conftest import NAME
from tests.http.login.test_mailed import forgot
from tests.http.login.test_register import OPEN, register, registered

EVIL = "evil.test"
HEADERS = [
    {"X-Forwarded-Host": EVIL},
    {"X-Forwarded-Host": f"{EVIL}, localhost"},
    {"X-Forwarded-Server": EVIL},
    {"X-Original-Host": EVIL},
    {"X-Host": EVIL},
    {"Forwarded": f"host={EVIL};proto=https"},
    {"Forwarded": f'for=127.0.0.1;host="{EVIL}:81";proto=http'},
    {"X-Forwarded-Proto": "gopher", "X-Forwarded-Port": "81", "X-Forwarded-Scheme": "ftp"},
    {"X-Forwarded-Prefix": "/evil", "X-Original-URL": "/evil", "X-Rewrite-URL": "/evil"},
    {"x-zitadel-instance-host": EVIL, "x-zitadel-public-host": EVIL, "x-zitadel-forward-host": EVIL},
    {"Origin": f"https://{EVIL}", "Referer": f"https://{EVIL}/"},
]  # fmt: skip


@pytest.mark.parametrize("headers", HEADERS, ids=lambda each: next(iter(each.items()))[1])
async def test_links_lead_here_whatever_headers_say(site, browser, headers):
    await site.policy(OPEN)
    home = f"{site.url.rpartition(':')[0]}:0/ui/login/"
    browser.session.headers.update(headers)
    await forgot(browser, NAME)
    pending = (await site.state("user", ADMIN)).human.codes["password"]
    assert pending.url_template.startswith(f"{home}password/set?")
    await register(browser)
    (made,) = await registered(site)
    email = (await site.world.state(made.stream)).human.codes["email"]
    assert email.url_template.startswith(f"{home}verify?")


@pytest.mark.parametrize(
    "host", [EVIL, f"localhost.{EVIL}", f"localhost@{EVIL}", f"{EVIL}#localhost"]
)
async def test_no_mail_is_sent_for_a_host_that_is_not_ours(site, browser, host):
    await site.policy(LoginPolicy(allow_username_password=True))
    page = await browser.get("/ui/login/loginname")
    page = await browser.submit(page, "loginname", loginName=NAME)
    link = page.text.split('href="/ui/login/password/reset')[1].split('"')[0]
    page = await browser.get("/ui/login/password/reset" + link.replace("&amp;", "&"))
    browser.session.headers["Host"] = host
    assert (await browser.submit(page, "password/reset", password=PASSWORD)).status in {400, 404}
    assert (await site.state("user", ADMIN)).human.codes == {}
