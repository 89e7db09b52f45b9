"""What holds at every endpoint, whatever it is asked: redirects, caching, origins, the issuer."""

import hmac
import re
from types import SimpleNamespace

import pytest
from personae.actors.domain.project.values import AuthMethod, GrantType, ResponseType, TokenType
from personae.http.oidc import paths
from personae.http.oidc.routes import FOR_BROWSERS, FOR_PROGRAMS, FOR_REGISTRATION, FOR_SERVERS

from tests.aggregates.conftest import INSTANCE
from tests.http.oidc.assertions import seconds, signed
from tests.http.oidc.conftest import AFTER, CALLBACK, basic, query_of
from tests.http.oidc.test_registration import LEAST, initial_token, manage, register, registering
from tests.steps import steps

EVIL = (
    "https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example/",
    "https:evil.example", "javascript:alert(1)", "data:text/html,x", f"{CALLBACK}@evil.example",
    f"https://evil.example/#{CALLBACK}", f"{AFTER}.evil.example", " https://evil.example/",
    "/%09/evil.example", "https://app.example\\@evil.example/",
)  # fmt: skip
BROWSER_PATHS = sorted({path for _, path, _ in FOR_BROWSERS})
URI_PARAMETERS = (
    "redirect_uri", "post_logout_redirect_uri", "state", "request_uri", "initiate_login_uri",
    "target_link_uri", "return_to", "next", "iss", "id",
)  # fmt: skip


def leaves(location):
    """Say whether a browser that follows this goes to another site."""
    plain = re.sub(r"[\t\r\n]", "", location).replace("\\", "/").strip()
    return bool(plain) and (not plain.startswith("/") or plain.startswith("//"))


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", BROWSER_PATHS)
async def test_no_path_redirects_to_what_is_not_registered(stack, path, method):
    app, browser = await stack.app(), await stack.browser()
    hint = (await stack.sign_in(app, browser))["id_token"]
    others = ({}, {"client_id": app.client_id}, {"client_id": app.client_id, "id_token_hint": hint})
    for uri in EVIL:
        for name in URI_PARAMETERS:
            for more in others:
                form = {"response_type": "code", "scope": "openid", **more, name: uri}
                where = {"params": form} if method == "GET" else {"data": form}
                found = await stack.call(method, path, headers=browser.cookie, **where)
                assert not leaves(found.location), (name, uri, found.location)
                assert "evil.example" not in found.headers.get("Refresh", "")


async def test_a_registered_uri_is_left_for_with_its_state_untouched(stack):
    """The twin of the above: the test would see a redirect."""
    app, state = await stack.app(), "https://evil.example/?a=b&c=d#e"
    found = await stack.authorize(app, scope="nonsense", state=state)
    assert leaves(found.location)
    assert query_of(found.location)["state"] == state
    out = {"client_id": app.client_id, "post_logout_redirect_uri": AFTER, "state": state}
    gone = await stack.call("GET", paths.END_SESSION, params=out)
    assert gone.location.startswith(f"{AFTER}?state=https%3A")


async def test_an_error_leaves_for_the_client_only_when_client_and_uri_are_known(stack):
    app = await stack.app()
    bad = {"scope": "nonsense", "response_type": "nonsense", "prompt": "none login"}
    assert (await stack.authorize(app, **bad)).location.startswith(CALLBACK)
    for changes in (
        {"client_id": "nobody"}, {"client_id": None}, {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/"}, {"client_id": f"{app.client_id}\n"},
    ):  # fmt: skip
        for method in ("GET", "POST"):
            found = await stack.authorize(app, method=method, **bad, **changes)
            assert (found.status, found.location) == (400, "")


async def test_a_redirect_sends_no_referrer(stack):
    """RFC 9700, 4.2.4: an address with a code in it is nobody else's business."""
    app, browser = await stack.app(), await stack.browser()
    begun = await stack.authorize(app)
    request_id = query_of(begun.location)["authRequestID"]
    await stack.link(request_id, browser)
    for found in (begun, await stack.callback(request_id, browser)):
        assert found.headers["Referrer-Policy"] == "no-referrer"
        assert found.status == 302


async def test_neither_an_error_nor_an_answer_may_be_framed(stack):
    """RFC 9700, 4.16: pages of the authorization endpoint itself."""
    app, browser = await stack.app(), await stack.browser()
    begun = await stack.authorize(app, response_mode="form_post")
    request_id = query_of(begun.location)["authRequestID"]
    await stack.link(request_id, browser)
    html = {"Accept": "text/html"}
    wrong = await stack.authorize(app, redirect_uri="https://evil.example/", headers=html)
    for found in (wrong, await stack.callback(request_id, browser)):
        assert found.headers["Content-Type"].startswith("text/html")
        assert "frame-ancestors 'none'" in found.headers["Content-Security-Policy"]
        assert found.headers["X-Frame-Options"] == "DENY"


FORWARDED = (
    {"X-Forwarded-Host": "evil.example"}, {"Forwarded": "host=evil.example;proto=https"},
    {"X-Forwarded-Proto": "https"}, {"X-Original-Host": "evil.example"},
    {"X-Forwarded-Port": "443"}, {"X-Forwarded-Prefix": "/evil"}, {"X-Forwarded-Server": "evil"},
    {"X-Rewrite-URL": "https://evil.example/"}, {"X-Host": "evil.example"},
    {"Origin": "https://evil.example"}, {"Referer": "https://evil.example/"},
)  # fmt: skip


@pytest.mark.parametrize("headers", FORWARDED, ids=lambda headers: next(iter(headers)))
async def test_the_issuer_is_never_taken_from_a_header_that_anybody_may_send(stack, headers):
    about = await stack.call("GET", paths.DISCOVERY, headers=headers)
    assert about.json["issuer"] == stack.issuer
    assert "evil" not in about.text
    app = await stack.app()
    found = await stack.authorize(app, scope="nonsense", headers=headers)
    assert query_of(found.location)["iss"] == stack.issuer


async def test_a_host_that_is_not_registered_is_nobodys_issuer(stack):
    for host in ("evil.example", "localhost.evil.example", "localhost@evil.example", "LOCALHOST."):
        found = await stack.call("GET", paths.DISCOVERY, headers={"Host": host})
        assert found.status in {400, 404}
        assert "issuer" not in found.text


# Caching (RFC 6749, 5.1) and other origins (RFC 9700, 2.6).


@pytest.fixture
async def every(dispatch):
    """A provider with every endpoint that there is: clients register themselves, too."""
    async with registering(dispatch) as stack:
        yield stack


async def answers_about_tokens(stack):
    """Yield an answer of every endpoint that programs call, good and bad, by name."""
    app, bot = await stack.app(grant_types=tuple(GrantType)), await stack.machine()
    secret = {"client_id": bot.name, "client_secret": bot.secret}
    tokens = (first := await stack.redeem(app, await stack.code(app))).json
    token, refresh = tokens["access_token"], tokens["refresh_token"]
    yield "token", await stack.token("client_credentials", **secret)
    yield "token refused", await stack.token("client_credentials", basic(bot.name, "x" * 64))
    yield "token unsupported", await stack.token("password", basic(bot.name, bot.secret))
    yield "token for a code", first
    yield "refresh", await stack.refresh(app, refresh, scope="openid")
    yield "refresh refused", await stack.refresh(app, "x")
    yield "userinfo", await stack.userinfo(token)
    bearer = {"Authorization": f"Bearer {token}"}
    yield "userinfo posted", await stack.post(paths.USERINFO, bearer)
    yield "userinfo refused", await stack.userinfo("x")
    yield "introspection", await stack.post(paths.INTROSPECT, app.basic, token=token)
    yield "introspection refused", await stack.post(paths.INTROSPECT, token=token)
    form = {"response_type": "code", "redirect_uri": CALLBACK, "scope": "openid"}
    yield "push", await stack.post(paths.PUSH, app.basic, **form)
    yield "push refused", await stack.post(paths.PUSH, **form)
    yield "device", await stack.post(paths.DEVICE, app.basic, scope="openid")
    yield "device refused", await stack.post(paths.DEVICE, scope="openid")
    yield "revocation", await stack.post(paths.REVOKE, app.basic, token="x")
    yield "revocation refused", await stack.post(paths.REVOKE, token="x")


async def answers_to_browsers(stack):
    """Yield an answer of every endpoint that browsers are sent to, good and bad, by name."""
    answered = tuple(ResponseType)
    app = await stack.app(grant_types=tuple(GrantType), response_types=answered)
    browser = await stack.browser()
    for method in ("GET", "POST"):
        yield f"authorize by {method}", await stack.authorize(app, method=method)
    yield "authorize refused", await stack.authorize(app, scope="nonsense")
    yield "authorize silently", await stack.authorize(app, prompt="none", headers=browser.cookie)
    implicit = {"response_type": "id_token token"}
    for changes in ({}, {"response_mode": "form_post"}, implicit, {"response_type": "id_token"}):
        request_id = query_of((await stack.authorize(app, **changes)).location)["authRequestID"]
        await stack.link(request_id, browser)
        found = await stack.callback(request_id, browser)
        assert ("access_token" in found.location) is (changes is implicit)
        yield f"callback {changes}", found
    for method in ("GET", "POST"):
        yield "end of session", await stack.call(method, paths.END_SESSION, **NO_FORM)
    yield "ended", await stack.call("GET", paths.SESSION_ENDED)


NO_FORM = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}


async def answers_about_registrations(stack):
    """Yield an answer of every endpoint of registration, good and bad, by name."""
    token = (await initial_token(stack)).text
    found = await register(stack, token)
    client = found.json
    assert client["client_secret"]
    assert client["registration_access_token"]
    yield "registration", found
    yield "registration refused", await register(stack, "x")
    yield "bad metadata", await register(stack, token, redirect_uris=["x"])
    yield "shown", await manage(stack, "GET", client)
    yield "shown to another", await manage(stack, "GET", client, token)
    wanted = {"json": {**LEAST, "client_id": client["client_id"]}}
    yield "update refused", await manage(stack, "PUT", client, json={})
    yield "update", (updated := await manage(stack, "PUT", client, **wanted))
    yield "end refused", await manage(stack, "DELETE", client)
    yield "end", await manage(stack, "DELETE", updated.json)


ANSWERS = {
    answers_about_tokens: (*FOR_PROGRAMS, *FOR_SERVERS),
    answers_to_browsers: FOR_BROWSERS,
    answers_about_registrations: FOR_REGISTRATION,
}
FOR_EVERYBODY = {paths.DISCOVERY, paths.METADATA, paths.KEYS, paths.CHECK_SESSION}
"""What everybody is told alike may be kept: there is no secret in it."""


@pytest.mark.parametrize("answers", ANSWERS)
async def test_no_answer_about_tokens_is_kept_by_anybody(every, answers):
    asked = set()
    async for name, found in answers(every):
        assert found.headers["Cache-Control"] == "no-store", name
        if "json" in found.headers.get("Content-Type", ""):
            assert found.headers["Pragma"] == "no-cache", name
        assert ("refused" in name) <= (found.status >= 300), name
        asked.add(
            (
                found.asked[0],
                paths.REGISTRATION if "register/" in found.asked[1] else found.asked[1],
            )
        )
    routes = {(method, path) for method, path, _ in ANSWERS[answers]}
    assert asked == {each for each in routes if each[1] not in FOR_EVERYBODY}


async def test_other_origins_read_what_browser_clients_need_and_nothing_else(every):
    origin = {"Origin": "https://spa.example", "Access-Control-Request-Method": "POST"}
    shared = {(method, path) for method, path, _ in FOR_PROGRAMS}
    for method, path, _ in (*FOR_PROGRAMS, *FOR_SERVERS, *FOR_BROWSERS, *FOR_REGISTRATION):
        where = path.format(client_id="x")
        asked = await every.call("OPTIONS", where, headers=origin)
        found = await every.call(method, where, headers=origin)
        assert found.status not in {404, 405} or path == paths.CHECK_SESSION, path
        assert (asked.status == 204) is ((method, path) in shared), path
        for answer in (asked, found):
            allowed = answer.headers.get("Access-Control-Allow-Origin")
            assert allowed == ("*" if (method, path) in shared else None), path
            assert "Access-Control-Allow-Credentials" not in answer.headers
    assert {path for _, path, _ in FOR_SERVERS} == {paths.INTROSPECT}


async def test_what_another_origin_registers_it_cannot_read(every):
    """A good answer, with secrets in it, is no more shared than a refusal."""
    async for name, found in answers_about_registrations(every):
        assert "Access-Control-Allow-Origin" not in found.headers, name


# What is kept, and who takes a token.


async def test_no_token_and_no_secret_is_kept_as_it_is(stack, capsys):
    """RFC 6749, 10.3 and 10.4; RFC 9700, 4.9.3: neither in the log of events nor in log lines."""
    app = await stack.app(grant_types=tuple(GrantType))
    jwts, bot = await stack.app(access_token_type=TokenType.JWT), await stack.machine()
    texts = {app.secret, jwts.secret, bot.secret}
    for each in (app, jwts):
        code = await stack.code(each)
        first = (await stack.redeem(each, code)).json
        again = (await stack.refresh(each, first["refresh_token"])).json
        tokens = [found[f"{kind}_token"] for found in (first, again) for kind in ("access", "id")]
        texts |= {code, first["refresh_token"], again["refresh_token"], *tokens}
        await stack.userinfo(again["access_token"])
        await stack.post(paths.REVOKE, each.basic, token=again["refresh_token"])
        await stack.refresh(each, first["refresh_token"])
    machine = await stack.token("client_credentials", basic(bot.name, bot.secret))
    device = await stack.post(paths.DEVICE, app.basic, scope="openid")
    form = {"response_type": "code", "redirect_uri": CALLBACK, "scope": "openid"}
    pushed = await stack.post(paths.PUSH, app.basic, **form)
    texts |= {machine.json["access_token"], device.json["device_code"], pushed.json["request_uri"]}
    assert (len(texts), min(map(len, texts)) > 40) == (20, True)
    events = await stack.services.world.log.after(INSTANCE, 0, 10_000)
    kept = "\n".join(repr(each) for each in events)
    out, err = capsys.readouterr()
    for text in texts:
        # What tells two tokens of a kind apart is at their end.
        assert text[-40:] not in kept
        assert text[-40:] not in out + err
    assert app.client_id in kept


async def test_our_apis_take_only_tokens_that_are_meant_for_them(stack):
    """RFC 9700, 2.3: "the resource server MUST refuse to serve the respective request"."""
    app, ours = await stack.app(), "urn:zitadel:iam:org:project:id:zitadel:aud"
    meant = await stack.sign_in(app, scope=f"openid {ours}")
    other = await stack.sign_in(app, scope="openid profile email")
    assert [await stack.calls(each["access_token"]) for each in (meant, other)] == [True, False]
    assert await stack.calls(meant["id_token"]) is False


# What is compared in constant time.


async def test_secrets_and_verifiers_are_compared_in_constant_time(stack, verifier, monkeypatch):
    seen, compare = [], hmac.compare_digest
    app = await stack.app()
    code = await stack.code(app, verifier=verifier)
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: seen.append((a, b)) or compare(a, b))
    await stack.refresh(app, "x")
    assert len(seen) == 1
    await stack.redeem(app, code, code_verifier=verifier)
    assert len(seen) == 3
    assert all(len(a) == len(b) for a, b in seen)


async def test_a_wrong_client_is_refused_in_the_same_words_whatever_is_wrong(stack):
    """Nobody learns which client ids exist from an answer (RFC 6749, 5.2)."""
    app, gone = await stack.app(), SimpleNamespace(client_id="nobody")
    told = [
        (await stack.token("refresh_token", basic(each.client_id, "x" * 64), refresh_token="x"))
        for each in (app, gone)
    ]
    assert told[0].json == told[1].json
    assert {each.status for each in told} == {401}


# Paths that would take tokens or secrets where logs see them.


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", paths.TOKEN, 405), ("GET", paths.INTROSPECT, 405), ("GET", paths.REVOKE, 405),
        ("GET", paths.PUSH, 405), ("GET", paths.DEVICE, 405), ("PUT", paths.TOKEN, 405),
        ("POST", paths.KEYS, 405), ("POST", paths.DISCOVERY, 405),
    ],
)  # fmt: skip
async def test_only_the_methods_of_the_specifications_are_taken(stack, method, path, status):
    assert (await stack.call(method, path)).status == status


SCOPES = {
    "20,000 words": "a " * 20_000,
    "60 KiB of scopes": "urn:zitadel:iam:org:id:12 " * 2_400,
    "64 KiB in one": "a" * 65_000,
    "more than there are": "openid " + " ".join(f"urn:zitadel:iam:org:id:{n}" for n in range(200)),
}


@pytest.mark.parametrize("scope", SCOPES.values(), ids=SCOPES)
async def test_a_scope_without_end_costs_nothing(stack, scope):
    """OA-09: refused before anything is looked up or kept."""
    app = await stack.app(grant_types=list(GrantType))
    bot, token = await stack.machine(), await stack.sign_in(app)
    exchange = {"subject_token": token["access_token"], "scope": scope}
    exchange["subject_token_type"] = "urn:ietf:params:oauth:token-type:access_token"
    head = await stack.services.world.log.head(INSTANCE)
    with steps() as spent:
        found = [
            await stack.authorize(app, method="POST", scope=scope),
            await stack.post(
                paths.PUSH, app.basic, response_type="code", redirect_uri=CALLBACK, scope=scope
            ),
            await stack.post(paths.DEVICE, app.basic, scope=scope),
            await stack.token("client_credentials", basic(bot.name, bot.secret), scope=scope),
            await stack.refresh(app, token["refresh_token"], scope=scope),
            await stack.token(
                "urn:ietf:params:oauth:grant-type:token-exchange", app.basic, **exchange
            ),
        ]
    assert spent.calls / len(found) < 10_000 + 3 * len(scope)
    assert [each.status for each in found if each.status not in {303, 400}] == []
    # A request that is no good at all is told on a page, which has no code.
    assert {each.error for each in found[1:]} <= {"invalid_scope", "invalid_request"}
    assert found[0].error in {"invalid_scope", "invalid_request", None}
    assert await stack.services.world.log.head(INSTANCE) == head


async def test_unknown_and_empty_parameters_are_ignored(stack, verifier):
    """RFC 6749, 3.1 and 3.2; OIDC Core, 15.1: display, claims_locales and acr_values do no harm."""
    app = await stack.app(auth_method_type=AuthMethod.NONE)
    extra = {
        "display": "page", "claims_locales": "de", "acr_values": "urn:x", "unheard_of": "1",
        "claims": '{"userinfo":{"email":null}}', "login_hint": "", "max_age": "", "prompt": "",
    }  # fmt: skip
    code = await stack.code(app, verifier=verifier, **extra)
    found = await stack.redeem(app, code, code_verifier=verifier, unheard_of="1", scope="")
    assert found.status == 200


MANY = [f"https://rp-{number}.example.com" for number in range(10_000)]


async def test_ten_thousand_audiences_cost_little(stack):
    """FX-15: in what a machine has signed, and as parameters of an exchange."""
    bot = await stack.machine_key(await stack.machine())
    text = signed(bot.id, [*MANY, stack.issuer], bot.key_id, bot.key, seconds(stack))
    app = await stack.app(grant_types=list(GrantType))
    exchange = {"subject_token": (await stack.sign_in(app))["access_token"], "audience": MANY}
    exchange["subject_token_type"] = "urn:ietf:params:oauth:token-type:access_token"
    grant = "urn:ietf:params:oauth:grant-type"
    with steps() as spent:
        found = [
            await stack.token(f"{grant}:jwt-bearer", assertion=text),
            await stack.token(f"{grant}:token-exchange", app.basic, **exchange),
        ]
    assert {each.status for each in found} == {400}
    assert spent.calls < 100 * len(MANY)
