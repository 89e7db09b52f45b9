"""The playground, as a browser without JavaScript uses it."""

import re
from html import unescape

import pytest
from personae.actors.domain.project.values import AuthMethod, GrantType, TokenType
from personae.http import login
from personae.http.login import playground

from tests.aggregates.conftest import ADMIN, clock, dispatch, passwords, world  # noqa: F401
from tests.http.oidc.conftest import query_of, serving
from tests.http.oidc.test_device import answer

PATH, CALLBACK = playground.PATH, playground.CALLBACK
EVERY = (
    GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.DEVICE_CODE,
    GrantType.TOKEN_EXCHANGE,
)  # fmt: skip


class Page:
    """A page with the cookies of its browser."""

    def __init__(self, stack, found, cookies):
        self.stack, self.found, self.text = stack, found, unescape(found.text)
        self.cookies = cookies
        for name, value in re.findall(
            r"^([\w.]+)=([^;]*)", "\n".join(set_cookies(found)), re.MULTILINE
        ):
            self.cookies[name] = value

    @property
    def headers(self):
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}

    async def get(self, path):
        found = await self.stack.call("GET", path, headers=self.headers)
        return Page(self.stack, found, self.cookies)

    async def run(self, flow, **form):
        """Fill the form in and send it."""
        tokens = re.findall(
            r'action="/ui/playground".*?name="token" value="([^"]*)"', self.text, re.DOTALL
        )
        form = {
            "token": tokens[0],
            "flow": flow,
            "method": "auto",
            "scope": "openid profile",
            **form,
        }
        found = await self.stack.call("POST", PATH, data=form, headers=self.headers)
        return Page(self.stack, found, self.cookies)


def set_cookies(found):
    return found.headers.getall("Set-Cookie", [])


@pytest.fixture
async def stack(dispatch):  # noqa: F811
    port = []
    add = lambda app: login.add_routes(app, own_port=lambda: f"http://127.0.0.1:{port[0]}")  # noqa: E731
    async with serving(dispatch, more=add) as stack:
        port.append(stack.server.port)
        yield stack


async def opened(stack):
    found = await stack.call("GET", PATH)
    assert found.status == 200
    return Page(stack, found, {})


async def app_of(stack, **changes):
    wanted = {"redirect_uris": (stack.issuer + CALLBACK,), "grant_types": EVERY, **changes}
    return await stack.app(**wanted)


@pytest.mark.parametrize("method", [AuthMethod.NONE, AuthMethod.BASIC])
async def test_a_code_flow_leads_to_sign_in_and_back_to_each_claims_reason(stack, method):
    app = await app_of(stack, auth_method_type=method, access_token_type=TokenType.JWT)
    page = await opened(stack)
    begun = await page.run("code", client_id=app.client_id, secret=app.secret)
    assert begun.found.location.startswith(f"{stack.issuer}/oauth/v2/authorize?")
    assert query_of(begun.found.location)["code_challenge_method"] == "S256"
    assert app.secret == "" or app.secret not in str(set_cookies(begun.found))
    browser = await stack.browser()
    asked = await stack.call("GET", begun.found.location.removeprefix(stack.issuer))
    request_id = query_of(asked.location)["authRequestID"]
    await stack.link(request_id, browser)
    back = (await stack.callback(request_id, browser)).location
    done = await begun.get(back.removeprefix(stack.issuer))
    for said in ("Access token", "ID token", "Claims of userinfo", ADMIN, "verified",
                 "What the client sent with its request", "Because the scope profile"):  # fmt: skip
        assert said in done.text
    assert ("Answer of introspection" in done.text) is (method is AuthMethod.BASIC)
    assert query_of(back)["code"] not in done.text
    assert not app.secret or app.secret not in done.text
    again = await done.get(back.removeprefix(stack.issuer))
    assert "began no flow here" in again.text


async def test_an_answer_that_another_browser_asked_for_is_not_taken(stack):
    app = await app_of(stack, auth_method_type=AuthMethod.NONE)
    begun = await (await opened(stack)).run("code", client_id=app.client_id)
    stranger = await opened(stack)
    stranger.cookies["personae.playground"] = begun.cookies["personae.playground"]
    found = await stranger.get(f"{CALLBACK}?code=x&state=y")
    assert "began no flow here" in found.text


async def test_an_answer_to_another_question_is_not_redeemed(stack):
    app = await app_of(stack, auth_method_type=AuthMethod.NONE)
    begun = await (await opened(stack)).run("code", client_id=app.client_id)
    found = await begun.get(f"{CALLBACK}?code=x&state=y&iss={stack.issuer}")
    assert "state not as expected" in found.text
    assert "Exchange the code" not in found.text


async def test_a_device_shows_its_code_and_gets_tokens_when_asked_again(stack, clock):  # noqa: F811
    app = await app_of(stack, auth_method_type=AuthMethod.NONE)
    begun = await (await opened(stack)).run("device", client_id=app.client_id)
    code = re.search(r"Type the code (\S+) at", begun.text)[1]
    waiting = await begun.run("device", client_id=app.client_id)
    assert "authorization_pending" in waiting.text

    class Begun:
        json = {"user_code": code}  # noqa: RUF012

    await answer(stack, Begun, await stack.browser())
    clock.pass_(seconds=10)
    done = await waiting.run("device", client_id=app.client_id)
    assert ADMIN in done.text
    assert "Claims of userinfo" in done.text


async def test_a_machine_gets_tokens_and_its_secret_is_not_shown_again(stack):
    bot = await stack.machine()
    done = await (await opened(stack)).run("credentials", client_id=bot.name, secret=bot.secret)
    assert f"<code>{bot.id}</code>" in done.text
    assert bot.secret not in done.text
    assert "The one from before is kept" in done.text
    again = await done.run("credentials", client_id=bot.name)
    assert f"<code>{bot.id}</code>" in again.text


async def test_the_token_that_came_last_is_exchanged(stack):
    app = await app_of(stack)
    token = await own_token(stack, app)
    page = await opened(stack)
    who = {"client_id": app.client_id, "secret": app.secret, "scope": "openid"}
    done = await page.run("exchange", subject=token, **who)
    assert "Exchange the token" in done.text
    assert "Answer of introspection" in done.text
    assert token not in done.text
    again = await done.run("exchange", client_id=app.client_id, scope="openid")
    assert "Answer of introspection" in again.text
    wider = await again.run("exchange", client_id=app.client_id, scope="openid phone")
    assert "invalid_scope" in wider.text


async def own_token(stack, app):
    uri = stack.issuer + CALLBACK
    code = await stack.code(app, redirect_uri=uri)
    return (await stack.redeem(app, code, redirect_uri=uri)).json["access_token"]


@pytest.mark.parametrize(
    "form",
    [
        {"client_id": ""},
        {"flow": "nonsense"},
        {"method": "nonsense"},
        {"method": "private_key_jwt"},
    ],
)
async def test_a_form_that_says_too_little_is_asked_again(stack, form):
    page = await opened(stack)
    flow = form.pop("flow", "credentials")
    found = await page.run(flow, **{"client_id": "x", **form})
    assert found.found.status == 422
    assert "Name the client" in found.text


async def test_a_form_of_another_site_is_refused(stack):
    found = await stack.call("POST", PATH, data={"flow": "credentials", "client_id": "x"})
    assert found.status >= 400
    assert "invalid_client" not in found.text


async def test_what_was_typed_is_never_markup(stack):
    page = await opened(stack)
    found = await page.run("credentials", client_id='"><script>x</script>', secret="y" * 40)
    assert "<script>x" not in found.found.text
    assert "invalid_client" in found.text


async def test_the_page_is_german_where_that_is_asked(stack):
    found = await stack.call("GET", PATH, headers={"Accept-Language": "de"})
    assert "Spielwiese" in found.text
    assert "script-src 'nonce-" in found.headers["Content-Security-Policy"]
    assert found.headers["Cache-Control"] == "no-store"


async def test_there_is_no_playground_unless_it_is_switched_on(dispatch):  # noqa: F811
    async with serving(dispatch, more=login.add_routes) as plain:
        for path in (PATH, CALLBACK):
            assert (await plain.call("GET", path)).status == 404
