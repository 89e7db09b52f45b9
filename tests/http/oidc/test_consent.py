"""Applications that ask people first: the page, what it remembers, and how it is taken back."""

from html import unescape
from urllib.parse import urlencode

import pytest
from personae.actors.domain.auth_request.refusals import CONSENT_NEEDED
from personae.actors.domain.kit import Refusal
from personae.actors.domain.project.values import GrantType
from personae.actors.domain.user.commands import WithdrawConsent

from tests.aggregates.conftest import ADMIN
from tests.http.login.conftest import NAME, Browser, redirects  # noqa: F401 — a fixture
from tests.http.oidc.conftest import BOTH, query_of

SCOPE = "openid email offline_access"


@pytest.fixture
async def browser(whole):
    browser = Browser(whole)
    yield browser
    await browser.session.close()


@pytest.fixture
async def asking(whole, redirects):  # noqa: F811
    """An application that asks for consent, and listens."""
    app = await whole.app(redirect_uris=(redirects[0],))
    app.uri, app.seen = redirects
    return await whole.settings(app, ask_consent=True)


def authorize(app, **params):
    wanted = {"client_id": app.client_id, "redirect_uri": app.uri, "response_type": "code",
              "scope": SCOPE, "state": "s", **params}  # fmt: skip
    return f"/oauth/v2/authorize?{urlencode(wanted)}"


async def tokens(stack, app):
    code = query_of(app.seen.pop())["code"]
    return (await stack.redeem(app, code, redirect_uri=app.uri)).json


async def allowed(stack, browser, app, **params):
    page = await browser.sign_in(authorize(app, **params))
    await browser.submit(page, "consent", answer="allow")
    return await tokens(stack, app)


async def test_the_page_says_in_words_what_the_application_gets(browser, asking):
    page = await browser.sign_in(authorize(asking))
    assert page.title.startswith("Allow access")
    said = unescape(page.text)
    assert f"Allow {asking.client_id} to use your account?" in said
    for words in ("Know that it is you", "See your e-mail address", "Keep this access when"):
        assert words in said
    assert NAME in said
    assert "<script" not in page.text.split("<main")[1]  # nothing on it needs one
    german = await browser.get(page.url, headers={"Accept-Language": "de"})
    assert "Ihre E-Mail-Adresse sehen" in german.text


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ("urn:zitadel:iam:org:project:id:zitadel:aud", "everything else that you may manage here"),
        ("urn:zitadel:iam:user:metadata", "additional information"),
        ("urn:zitadel:iam:user:resourceowner", "which organization you belong to"),
        ("urn:zitadel:iam:org:projects:roles", "which roles you have"),
    ],
)
async def test_reserved_scopes_have_words_too(browser, asking, scope, words):
    page = await browser.sign_in(authorize(asking, scope=f"openid {scope}"))
    assert words in unescape(page.text)
    assert "urn:zitadel" not in page.text.split("<main")[1].split("<form")[0]


async def test_who_allows_it_goes_back_with_a_code_and_is_not_asked_again(whole, browser, asking):
    found = await allowed(whole, browser, asking)
    assert (await whole.userinfo(found["access_token"])).json["sub"] == ADMIN
    page = await browser.get(authorize(asking))
    assert "welcome" in page.text
    page = await browser.get(authorize(asking, scope="openid"))
    assert "welcome" in page.text


async def test_more_than_was_allowed_is_asked_for(whole, browser, asking):
    await allowed(whole, browser, asking, scope="openid email")
    page = await browser.get(authorize(asking, scope="openid phone"))
    assert "See your phone number" in page.text
    await browser.submit(page, "consent", answer="allow")
    page = await browser.get(authorize(asking, scope="openid email phone"))
    assert "welcome" in page.text
    page = await browser.get(authorize(asking, scope="openid email offline_access"))
    assert page.title.startswith("Allow access")  # OIDC Core, 11: before a refresh token, too


@pytest.mark.parametrize("answer", ["deny", "", "anything"])
async def test_who_does_not_allow_it_goes_back_with_an_error(browser, asking, answer):
    page = await browser.sign_in(authorize(asking))
    await browser.submit(page, "consent", answer=answer)
    assert query_of(asking.seen[-1])["error"] == "access_denied"
    assert "code" not in query_of(asking.seen[-1])
    page = await browser.get(authorize(asking))
    assert page.title.startswith("Allow access")


async def test_prompt_none_is_told_that_consent_is_missing(whole, browser, asking):
    await browser.get(authorize(asking, prompt="none"))
    assert query_of(asking.seen[-1])["error"] == "login_required"
    await browser.sign_in()
    await browser.get(authorize(asking, prompt="none"))
    assert query_of(asking.seen[-1])["error"] == "consent_required"
    page = await browser.get(authorize(asking))
    await browser.submit(page, "consent", answer="allow")
    await browser.get(authorize(asking, prompt="none"))
    assert "code" in query_of(asking.seen[-1])


async def test_prompt_consent_asks_every_time_whatever_the_application_is(whole, browser, asking):
    await whole.settings(asking, ask_consent=False)
    await browser.sign_in()
    for _ in range(2):
        page = await browser.get(authorize(asking, prompt="consent"))
        assert page.title.startswith("Allow access")
        await browser.submit(page, "consent", answer="allow")
        assert "code" in query_of(asking.seen[-1])


async def test_other_applications_do_not_ask(whole, browser, asking):
    await whole.settings(asking, ask_consent=False)
    page = await browser.sign_in(authorize(asking))
    assert "welcome" in page.text


async def test_taken_back_on_the_page_its_tokens_end_and_it_asks_again(whole, browser, asking):
    found = await allowed(whole, browser, asking)
    page = await browser.get("/ui/login/success")
    assert "Applications you allowed" in page.text
    page = await browser.get("/ui/login/consents")
    assert asking.client_id in page.text
    page = await browser.submit(page, "consents", client=asking.client_id)
    assert "You have not allowed any application" in page.text
    assert (await whole.userinfo(found["access_token"])).status == 401
    assert (await whole.refresh(asking, found["refresh_token"])).error == "invalid_grant"
    page = await browser.get(authorize(asking))
    assert page.title.startswith("Allow access")


async def test_taken_back_before_the_code_is_redeemed_there_is_nothing_to_have(
    whole, browser, asking
):
    page = await browser.sign_in(authorize(asking))
    await browser.submit(page, "consent", answer="allow")
    await whole.send(WithdrawConsent(user_id=ADMIN, client_id=asking.client_id))
    code = query_of(asking.seen.pop())["code"]
    found = await whole.redeem(asking, code, redirect_uri=asking.uri)
    token = found.json.get("access_token", "")
    assert (await whole.userinfo(token)).status == 401


async def test_no_session_is_linked_without_consent_by_anybody(whole, asking):
    asked = await whole.authorize(asking, redirect_uri=asking.uri)
    request_id = query_of(asked.location)["authRequestID"]
    with pytest.raises(Refusal) as refused:
        await whole.link(request_id, await whole.browser())
    assert refused.value.reason is CONSENT_NEEDED


async def test_the_answer_counts_for_the_request_and_browser_it_was_asked_in(
    whole, browser, asking
):
    page = await browser.sign_in(authorize(asking))
    action, hidden = page.form("consent")
    other = await browser.get(authorize(asking))
    moved = action.replace(
        page.url.split("authRequestID=")[1], other.url.split("authRequestID=")[1]
    )
    await browser.post(moved, data={**hidden, "answer": "allow"})
    assert asking.seen == []
    stranger = Browser(whole)
    found = await stranger.post(action, data={**hidden, "answer": "allow"})
    assert found.status == 403
    found = await stranger.get(page.url)
    assert found.title.startswith("Sign in")
    await stranger.session.close()


async def test_a_device_is_allowed_with_the_same_words_and_remembered(whole, browser, asking):
    app = await whole.app(grant_types=(*BOTH, GrantType.DEVICE_CODE))
    await whole.settings(app, ask_consent=True)
    begun = (await whole.post("/oauth/v2/device_authorization", app.basic, scope=SCOPE)).json
    page = await browser.sign_in()
    page = await browser.get("/ui/login/device")
    page = await browser.submit(page, "device", userCode=begun["user_code"])
    assert "See your e-mail address" in page.text
    await browser.submit(page, "device/allow", answer="allow")
    found = await whole.token(
        "urn:ietf:params:oauth:grant-type:device_code", app.basic,
        device_code=begun["device_code"],
    )  # fmt: skip
    assert (await whole.userinfo(found.json["access_token"])).status == 200
    await whole.send(WithdrawConsent(user_id=ADMIN, client_id=app.client_id))
    assert (await whole.userinfo(found.json["access_token"])).status == 401


async def test_what_is_asked_in_detail_is_shown_each_time(browser, whole, redirects):  # noqa: F811
    """RFC 9396, 12: also by applications that never ask otherwise."""
    app = await whole.app(redirect_uris=(redirects[0],))
    app.uri, app.seen = redirects
    await whole.settings(app, authorization_types=("payment",))
    asked = '[{"type": "payment", "amount": {"EUR": "12.50"}, "actions": ["<b>pay</b>", "see"]}]'
    page = await browser.sign_in(authorize(app, authorization_details=asked))
    for _ in range(2):
        assert "amount: EUR: 12.50" in page.text
        assert "actions: &lt;b&gt;pay&lt;/b&gt;, see" in page.text
        await browser.submit(page, "consent", answer="allow")
        assert (await tokens(whole, app))["authorization_details"][0]["type"] == "payment"
        page = await browser.get(authorize(app, authorization_details=asked))
    await browser.submit(page, "consent", answer="deny")
    assert query_of(app.seen.pop())["error"] == "access_denied"
