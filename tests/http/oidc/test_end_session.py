import pytest
from personae.actors.domain.project.commands import RemoveApp

from tests.http.oidc.conftest import AFTER, query_of

PATH = "/oidc/v1/end_session"
DONE = "/ui/login/logout/done"


async def ended(stack, browser, method="GET", **params):
    where = {"params": params} if method == "GET" else {"data": params}
    return await stack.call(method, PATH, headers=browser and browser.cookie, **where)


async def test_a_hint_ends_its_session_and_goes_back_to_the_client(stack):
    app, browser = await stack.app(), await stack.browser()
    tokens = await stack.sign_in(app, browser)
    found = await ended(
        stack,
        browser,
        id_token_hint=tokens["id_token"],
        post_logout_redirect_uri=AFTER,
        state="a b",
    )
    assert (found.status, found.location) == (302, f"{AFTER}?state=a+b")
    assert "personae.agent=" in found.headers["Set-Cookie"]
    assert (await stack.userinfo(tokens["access_token"])).status == 401
    assert (
        await stack.authorize(app, prompt="none", headers=browser.cookie)
    ).error == "login_required"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_expired_hint_will_do_from_any_browser(stack, clock, method):
    browser = await stack.browser()
    tokens = await stack.sign_in(await stack.app(), browser)
    clock.pass_(hours=5)
    found = await ended(stack, None, method, id_token_hint=tokens["id_token"])
    assert (found.status, found.location) == (303 if method == "POST" else 302, DONE)
    app = await stack.app()
    assert (
        await stack.authorize(app, prompt="none", headers=browser.cookie)
    ).error == "login_required"


async def test_only_the_session_of_the_hint_ends(stack):
    app, first, second = await stack.app(), await stack.browser(), await stack.browser()
    tokens = await stack.sign_in(app, first)
    other = await stack.sign_in(app, second)
    await ended(stack, first, id_token_hint=tokens["id_token"])
    assert (await stack.userinfo(other["access_token"])).status == 200


async def test_without_a_hint_the_person_is_asked_first(stack):
    app, browser = await stack.app(), await stack.browser()
    params = {"client_id": app.client_id, "post_logout_redirect_uri": AFTER, "state": "s"}
    found = await ended(stack, browser, **params)
    assert found.location.startswith("/ui/login/logout?")
    assert query_of(found.location) == params
    tokens = await stack.sign_in(app, browser)
    assert (await stack.userinfo(tokens["access_token"])).status == 200


async def test_with_a_hint_of_another_session_the_person_is_asked_first(stack):
    """Section 2: who has found an ID token signs nobody out, and nobody stays by mistake."""
    app, browser, other = await stack.app(), await stack.browser(), await stack.browser()
    hinted, own = await stack.sign_in(app, browser), await stack.sign_in(app, other)
    params = {"post_logout_redirect_uri": AFTER, "state": "s"}
    for method in ("GET", "POST"):
        found = await ended(stack, other, method, id_token_hint=hinted["id_token"], **params)
        assert found.location.startswith("/ui/login/logout?")
        assert query_of(found.location) == {**params, "client_id": app.client_id}
    for tokens in (hinted, own):
        assert (await stack.userinfo(tokens["access_token"])).status == 200
    await ended(stack, browser, id_token_hint=hinted["id_token"])
    again = await ended(stack, browser, id_token_hint=hinted["id_token"], **params)
    assert again.location == f"{AFTER}?state=s"  # nobody is left to be asked


async def test_a_browser_without_sessions_has_nothing_to_confirm(stack):
    app = await stack.app()
    assert (await ended(stack, None)).location == DONE
    params = {"client_id": app.client_id, "post_logout_redirect_uri": AFTER}
    assert (await ended(stack, None, **params)).location == AFTER


@pytest.mark.parametrize(
    "uri", [AFTER + "/", AFTER + "?x", "https://evil.example", "javascript:alert(1)", "//evil"]
)
async def test_a_redirect_that_is_not_registered_gets_a_page(stack, uri):
    browser = await stack.browser()
    app = await stack.app()
    tokens = await stack.sign_in(app, browser)
    for params in ({"id_token_hint": tokens["id_token"]}, {"client_id": app.client_id}, {}):
        found = await ended(stack, browser, post_logout_redirect_uri=uri, **params)
        assert (found.status, found.location) == (400, "")
    assert (await stack.userinfo(tokens["access_token"])).status == 200


async def test_a_hint_of_another_client_ends_nothing(stack):
    app, other, browser = await stack.app(), await stack.app(), await stack.browser()
    tokens = await stack.sign_in(app, browser)
    found = await ended(stack, browser, id_token_hint=tokens["id_token"], client_id=other.client_id)
    assert (found.status, found.location) == (400, "")
    assert (await stack.userinfo(tokens["access_token"])).status == 200


async def test_a_hint_that_is_not_ours_gets_a_page(stack):
    for hint in ("x", "a.b.c"):
        found = await ended(stack, None, id_token_hint=hint)
        assert (found.status, found.location) == (400, "")


async def test_after_the_person_has_confirmed_the_client_is_told(stack):
    app, browser = await stack.app(), await stack.browser()
    params = {"client_id": app.client_id, "post_logout_redirect_uri": AFTER, "state": "s"}
    asked = await ended(stack, browser, **params)
    query = asked.location.partition("?")[2]
    back = await stack.call("GET", f"{PATH}/done?{query}", headers=browser.cookie)
    assert (back.status, back.location) == (302, f"{AFTER}?state=s")
    wrong = query.replace("bye", "evil")
    assert (await stack.call("GET", f"{PATH}/done?{wrong}")).status == 400
    assert (await stack.call("GET", f"{PATH}/done")).location == DONE


async def test_all_that_a_client_says_reaches_the_page_that_asks(stack):
    app, browser = await stack.app(), await stack.browser()
    params = {
        "client_id": app.client_id, "post_logout_redirect_uri": AFTER, "state": "s",
        "logout_hint": "admin@acme.localhost", "ui_locales": "de en",
    }  # fmt: skip
    for method in ("GET", "POST"):
        found = await ended(stack, browser, method, **params)
        assert query_of(found.location) == params


@pytest.mark.parametrize("name", ["id_token_hint", "client_id", "state", "logout_hint"])
async def test_repeated_parameters_get_a_page(stack, name):
    found = await stack.call("GET", f"{PATH}?{name}=a&{name}=b")
    assert (found.status, found.location) == (400, "")


async def test_state_goes_back_only_with_a_registered_address(stack):
    app, browser = await stack.app(), await stack.browser()
    tokens = await stack.sign_in(app, browser)
    found = await ended(stack, browser, id_token_hint=tokens["id_token"], state="s")
    assert found.location == DONE


async def test_a_hint_of_a_removed_client_leads_nowhere(stack):
    app, browser = await stack.app(), await stack.browser()
    tokens = await stack.sign_in(app, browser)
    await stack.send(RemoveApp(project_id=app.project_id, app_id=app.app_id))
    hint = {"id_token_hint": tokens["id_token"]}
    found = await ended(stack, browser, **hint, post_logout_redirect_uri=AFTER)
    assert (found.status, found.location) == (400, "")
