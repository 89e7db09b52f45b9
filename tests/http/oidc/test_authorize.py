import pytest
from personae.actors.domain.auth_request.commands import FailAuthRequest
from personae.actors.domain.auth_request.events import CodeChallenge
from personae.actors.domain.kit import Refusal, Stream
from personae.actors.domain.org.commands import DeactivateOrg
from personae.actors.domain.project.commands import DeactivateApp
from personae.actors.domain.project.values import ApplicationType, AuthMethod, GrantType
from personae.actors.domain.user.commands import DeactivateUser

from tests.aggregates.conftest import ADMIN, INSTANCE, ORG
from tests.http.oidc.conftest import CALLBACK, challenge_of, query_of

MUTATIONS = [
    CALLBACK.replace("cb", "CB"), CALLBACK.replace("https", "HTTPS"), CALLBACK + "&x=1",
    CALLBACK + "#f", CALLBACK + "/", CALLBACK.replace("cb", "cb/"), CALLBACK.replace("cb", "cb/.."),
    CALLBACK.replace("cb", "%63b"), CALLBACK.replace("cb", "..;/cb"), CALLBACK.replace("?keep=1", ""),
    CALLBACK.replace("app.example", "app.example."), CALLBACK.replace("app.example", "app.example:443"),
    CALLBACK.replace("app.example", "app.example@evil.example"),
    CALLBACK.replace("app.example", "evil.example"), CALLBACK.replace("app.", "app.evil."),
    CALLBACK.replace("https://", "https://user@"), CALLBACK.replace("https:", "http:"),
    CALLBACK.replace("https://", "//"), CALLBACK.replace("https://", "https:\\\\"),
    CALLBACK.replace("https:", "javascript:"), CALLBACK + "\t", " " + CALLBACK, CALLBACK + "\n",
    "javascript:alert(1)", "data:text/html,x", "/cb?keep=1", "https://app.example", "",
    CALLBACK + "%00", CALLBACK.replace("app", "\u0430pp"),
]  # fmt: skip


@pytest.mark.parametrize("uri", MUTATIONS)
async def test_a_changed_redirect_uri_gets_a_page_and_no_redirect(stack, uri):
    found = await stack.authorize(await stack.app(), redirect_uri=uri)
    assert found.status == 400
    assert not found.location
    assert "script" not in found.text


LOOPBACK = "http://127.0.0.1/cb"


@pytest.mark.parametrize(
    ("uri", "status"),
    [
        (LOOPBACK, 302), ("http://127.0.0.1:51004/cb", 302), ("http://127.0.0.1:51004/cb?", 400),
        ("http://127.0.0.1:51004/cb#", 400), ("http://127.0.0.1:51004/CB", 400),
        ("http://@127.0.0.1:1/cb", 400), ("HTTP://127.0.0.1:1/cb", 400),
        ("http://localhost:1/cb", 400), ("http://127.0.0.1:999999/cb", 400),
        ("http://127.0.0.2:1/cb", 400), ("https://127.0.0.1:1/cb", 400),
    ],
)  # fmt: skip
async def test_only_the_port_of_a_native_loopback_uri_may_differ(stack, uri, status):
    native = {"application_type": ApplicationType.NATIVE, "auth_method_type": AuthMethod.NONE}
    app = await stack.app(redirect_uris=(LOOPBACK,), **native)
    pkce = {"code_challenge": challenge_of("v" * 43), "code_challenge_method": "S256"}
    assert (await stack.authorize(app, redirect_uri=uri, **pkce)).status == status
    web = await stack.app(redirect_uris=(LOOPBACK,))
    assert (await stack.authorize(web, redirect_uri="http://127.0.0.1:51004/cb")).status == 400


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "none"}, "unsupported_response_type"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"request_uri": "urn:x"}, "request_uri_not_supported"),
        ({"registration": "{}"}, "registration_not_supported"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "dance"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"code_challenge": "c" * 43, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "c" * 43}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
        ({"code_challenge_method": "S256"}, "invalid_request"),
    ],
)
async def test_what_is_wrong_is_told_at_the_redirect_uri(stack, params, error):
    found = await stack.authorize(await stack.app(), **params)
    assert found.status == 302
    assert found.location.startswith(CALLBACK + "&")
    told = query_of(found.location)
    assert (told["error"], told["state"], told["iss"]) == (error, "s&t", stack.issuer)
    assert "OIDC-" in told["error_description"]


@pytest.mark.parametrize("name", ["state", "scope", "nonce", "prompt", "code_challenge"])
async def test_repeated_parameters_are_refused(stack, name):
    app = await stack.app()
    params = [
        ("client_id", app.client_id), ("redirect_uri", CALLBACK), ("response_type", "code"),
        ("scope", "openid"), (name, "a"), (name, "b"),
    ]  # fmt: skip
    found = await stack.call("GET", "/oauth/v2/authorize", params=params)
    assert found.error == "invalid_request"


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
async def test_a_repeated_client_or_redirect_uri_is_never_redirected(stack, name):
    app = await stack.app()
    params = {"client_id": app.client_id, "redirect_uri": CALLBACK, "response_type": "code"}
    pairs = [*params.items(), (name, params[name])]
    found = await stack.call("GET", "/oauth/v2/authorize", params=pairs)
    assert (found.status, found.location) == (400, "")


async def test_an_unknown_or_deactivated_client_gets_a_page(stack):
    app = await stack.app()
    found = await stack.authorize(app, client_id="nobody")
    assert (found.status, found.location) == (400, "")
    await stack.send(DeactivateApp(project_id=app.project_id, app_id=app.app_id))
    assert (await stack.authorize(app)).status == 400


async def test_clients_of_a_deactivated_organisation_get_a_page(stack):
    app = await stack.app()
    await stack.send(DeactivateOrg(org_id=ORG))
    assert (await stack.authorize(app)).status == 400


async def test_public_clients_must_send_a_challenge(stack):
    app = await stack.app(auth_method_type=AuthMethod.NONE)
    assert (await stack.authorize(app)).error == "invalid_request"


async def test_a_client_without_the_code_grant_is_unauthorized(stack):
    app = await stack.app(grant_types=(GrantType.REFRESH_TOKEN,))
    assert (await stack.authorize(app)).error == "unauthorized_client"


async def test_a_good_request_is_kept_for_the_sign_in_pages(stack):
    app, challenge = await stack.app(), challenge_of("v" * 43)
    found = await stack.authorize(
        app, prompt="login", login_hint="ada", max_age="60", ui_locales="de en",
        code_challenge=challenge, code_challenge_method="S256",
        scope="openid unknown urn:zitadel:iam:org:project:id:zitadel:aud",
    )  # fmt: skip
    assert found.status == 302
    assert found.location.startswith("/ui/login/login?authRequestID=V2_")
    id_ = query_of(found.location)["authRequestID"]
    kept = (await stack.services.world.state(Stream(INSTANCE, "auth_request", id_))).asked
    assert (kept.prompt, kept.max_age, kept.login_hint) == ((2,), 0, "ada")
    assert kept.scope == ("openid", "urn:zitadel:iam:org:project:id:zitadel:aud")
    assert kept.audience == (app.client_id, app.project_id, "30")
    assert kept.code_challenge == CodeChallenge(challenge)


async def test_a_posted_request_is_answered_with_303(stack):
    found = await stack.authorize(await stack.app(), method="POST")
    assert (found.status, found.location[:16]) == (303, "/ui/login/login?")


async def test_the_callback_answers_only_the_browser_that_signed_in(stack):
    app, browser, other = await stack.app(), await stack.browser(), await stack.browser()
    id_ = query_of((await stack.authorize(app)).location)["authRequestID"]
    before = await stack.callback(id_, browser)
    assert before.location.startswith("/ui/login/login?")
    await stack.link(id_, browser)
    for stranger in (None, other):
        assert (await stack.callback(id_, stranger)).status == 400
    back = await stack.callback(id_, browser)
    told = query_of(back.location)
    assert back.location.startswith(CALLBACK + "&")
    assert (told["keep"], told["state"], told["iss"]) == ("1", "s&t", stack.issuer)


async def test_a_request_that_was_refused_is_told_so(stack):
    id_ = query_of((await stack.authorize(await stack.app())).location)["authRequestID"]
    await stack.send(FailAuthRequest(request_id=id_, reason="access_denied"))
    back = await stack.callback(id_)
    assert (back.error, query_of(back.location)["state"]) == ("access_denied", "s&t")


async def test_an_unknown_request_gets_a_page(stack):
    for id_ in ("V2_1", "x" * 500, "../../x"):
        found = await stack.callback(id_)
        assert (found.status, found.location) == (404, "")


async def test_the_answer_may_come_as_a_form(stack):
    app, browser = await stack.app(), await stack.browser()
    asked = await stack.authorize(app, response_mode="form_post", state='"><x9>')
    id_ = query_of(asked.location)["authRequestID"]
    await stack.link(id_, browser)
    page = await stack.callback(id_, browser)
    assert page.status == 200
    assert 'action="https://app.example/cb?keep=1"' in page.text
    assert 'name="code"' in page.text
    assert "<x9>" not in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


async def test_prompt_none_answers_a_browser_that_is_signed_in(stack, clock):
    app, browser = await stack.app(), await stack.browser()
    found = await stack.authorize(app, prompt="none", headers=browser.cookie)
    assert (await stack.redeem(app, query_of(found.location)["code"])).status == 200
    clock.pass_(seconds=61)
    old = await stack.authorize(app, prompt="none", max_age="60", headers=browser.cookie)
    assert old.error == "login_required"


async def test_prompt_none_with_a_forged_cookie_is_login_required(stack):
    browser = await stack.browser()
    forged = {"Cookie": browser.cookie["Cookie"][:-2] + "xx"}
    found = await stack.authorize(await stack.app(), prompt="none", headers=forged)
    assert found.error == "login_required"


async def test_a_hint_that_is_no_token_of_ours_for_this_client_is_login_required(stack):
    app, browser = await stack.app(), await stack.browser()
    hint = (await stack.sign_in(app, browser))["id_token"]
    same = await stack.authorize(app, prompt="none", id_token_hint=hint, headers=browser.cookie)
    assert "code" in query_of(same.location)
    others = (await stack.sign_in(await stack.app(), browser))["id_token"]
    for bad in ("x.y.z", others):
        for prompt in ("none", "login"):
            found = await stack.authorize(
                app, prompt=prompt, id_token_hint=bad, headers=browser.cookie
            )
            assert (found.error, query_of(found.location)["state"]) == ("login_required", "s&t")


async def test_prompt_login_is_not_answered_with_an_older_sign_in(stack, clock):
    app, browser = await stack.app(), await stack.browser()
    clock.pass_(seconds=1)
    for params in ({"prompt": "login"}, {"max_age": "0"}):
        asked = await stack.authorize(app, **params)
        with pytest.raises(Refusal, match="SessionTooOld"):
            await stack.link(query_of(asked.location)["authRequestID"], browser)
    assert await stack.code(app, await stack.browser(), prompt="login")


async def test_prompt_none_for_a_deactivated_user_is_login_required(stack):
    app, browser = await stack.app(), await stack.browser()
    await stack.send(DeactivateUser(user_id=ADMIN))
    found = await stack.authorize(app, prompt="none", headers=browser.cookie)
    assert found.error == "login_required"


@pytest.mark.parametrize(("kind", "ours"), [("id:", ORG), ("domain:primary:", "acme.localhost")])
async def test_a_scope_for_one_organisation_keeps_others_out(stack, kind, ours):
    """ZA-47."""
    app, browser = await stack.app(), await stack.browser()
    scope = f"openid urn:zitadel:iam:org:{kind}"
    right = await stack.authorize(app, prompt="none", scope=scope + ours, headers=browser.cookie)
    assert "code" in query_of(right.location)
    other = await stack.authorize(app, prompt="none", scope=scope + "9", headers=browser.cookie)
    assert other.error == "login_required"
