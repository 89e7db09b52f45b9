"""Authorization requests answered over the API, and what waits for later capabilities."""

from urllib.parse import parse_qs, urlsplit

import pytest
from personae.actors.domain.auth_request.commands import AddAuthRequest, ExchangeCode
from personae.actors.domain.auth_request.events import AuthRequestAdded
from personae.actors.domain.device_auth.commands import AddDeviceAuth
from personae.actors.domain.instance.commands import AddInstanceMember
from personae.actors.domain.project.commands import AddOIDCApp, DeactivateApp, NewOIDCClient
from personae.actors.domain.project.values import AuthMethod, GrantType, ResponseType
from personae.http.identity.opaque import TokenKind

from tests.aggregates.conftest import INSTANCE, PASSWORD, PROJECT
from tests.http.api.conftest import GUEST, OWNER, ROOT, SESSION

SERVICE = "zitadel.oidc.v2.OIDCService"
GET, ANSWER = f"{SERVICE}/GetAuthRequest", f"{SERVICE}/CreateCallback"
LOGIN, CB, ID = "login-client", "https://shop.test/cb?keep=1", "V2_1"
CHECKS = {
    "user": {"login_name": "admin@acme.localhost"},
    "password": {"password": PASSWORD},
}


async def ask(server, **asked):
    given = {"client_id": "c1", "redirect_uri": CB, "state": "s", "issuer": "http://i.test"}
    order = AuthRequestAdded(**given | asked)
    await server.send(AddAuthRequest(request_id=ID, instance_id=INSTANCE, asked=order))


@pytest.fixture
async def login(server):
    """The API with a client that has asked, and a user for sign-in pages elsewhere."""
    await server.machine(LOGIN)
    roles = ("IAM_LOGIN_CLIENT",)
    await server.send(AddInstanceMember(instance_id=INSTANCE, user_id=LOGIN, roles=roles))
    client = NewOIDCClient(
        redirect_uris=(CB,),
        response_types=(ResponseType.CODE,),
        grant_types=(GrantType.AUTHORIZATION_CODE,),
        auth_method_type=AuthMethod.NONE,
    )
    await server.send(
        AddOIDCApp(project_id=PROJECT, app_id="a1", client_id="c1", name="Shop", client=client)
    )
    return server


async def session(server):
    made = await server.ok(f"{SESSION}/CreateSession", LOGIN, checks=CHECKS)
    return {"session_id": made["sessionId"], "session_token": made["sessionToken"]}


def query_of(url):
    assert url.startswith(f"{CB}&")
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def test_a_request_is_shown_to_the_login_client(login):
    await ask(login, scope=("openid",), prompt=(2,), max_age=60, login_hint="gigi")
    first = await login.ok(GET, LOGIN, auth_request_id=ID)
    assert first == await login.ok(GET, LOGIN, auth_request_id=ID)
    got = first["authRequest"]
    assert got.pop("creationDate")
    assert got == {
        "id": ID,
        "clientId": "c1",
        "scope": ["openid"],
        "redirectUri": CB,
        "prompt": ["PROMPT_LOGIN"],
        "maxAge": "60s",
        "loginHint": "gigi",
    }


async def test_a_session_answers_with_a_code_that_can_be_exchanged(login):
    await ask(login)
    answer = await login.ok(ANSWER, LOGIN, auth_request_id=ID, session=await session(login))
    query = query_of(answer["callbackUrl"])
    assert (query["keep"], query["state"], query["iss"]) == ("1", "s", "http://i.test")
    [request_id] = login.services.tokens.open(TokenKind.CODE, INSTANCE, query["code"])
    order = ExchangeCode(
        request_id=request_id,
        client_id="c1",
        issuer="http://i.test",
        redirect_uri=CB,
        code_verifier="",
        oidc_session_id="f1",
        access_token_id="at",
        refresh_token_id="",
    )
    assert (await login.send(order)).events


async def test_an_error_answers_in_the_words_of_oauth(login):
    await ask(login)
    error = {"error": "ERROR_REASON_ACCESS_DENIED", "error_description": "not today"}
    answer = await login.ok(ANSWER, LOGIN, auth_request_id=ID, error=error)
    query = query_of(answer["callbackUrl"])
    assert (query["error"], query["error_description"]) == ("access_denied", "not today")
    again = {"auth_request_id": ID, "error": error}
    assert await login.refused(ANSWER, LOGIN, **again) == "AUTHREQUEST-AlreadyHandled"


@pytest.mark.parametrize("user", [GUEST, OWNER, ROOT])
async def test_nobody_else_sees_or_answers_requests(login, user):
    await ask(login)
    assert await login.refused(GET, user, auth_request_id=ID) == "AUTH-PermissionDenied"
    with_session = {"auth_request_id": ID, "session": await session(login)}
    assert await login.refused(ANSWER, user, **with_session) == "AUTH-PermissionDenied"


async def test_a_session_counts_only_with_its_newest_token(login):
    await ask(login)
    old = await session(login)
    other = await session(login)
    set_ = {**old, "checks": {"password": {"password": PASSWORD}}}
    await login.ok(f"{SESSION}/SetSession", LOGIN, **set_)
    swapped = old | {"session_token": other["session_token"]}
    for shown in (old, swapped, old | {"session_token": "made-up"}):
        answer = {"auth_request_id": ID, "session": shown}
        assert await login.refused(ANSWER, LOGIN, **answer) == "SESSION-TokenInvalid"


async def test_an_answer_is_needed_and_a_request_and_a_client(login):
    assert await login.refused(GET, LOGIN, auth_request_id="404") == "AUTHREQUEST-NotFound"
    assert await login.refused(ANSWER, LOGIN, auth_request_id="404") == "AUTHREQUEST-NotFound"
    await ask(login)
    assert await login.refused(ANSWER, LOGIN, auth_request_id=ID) == "REQUEST-InvalidField"
    unsaid = {"auth_request_id": ID, "error": {}}
    assert await login.refused(ANSWER, LOGIN, **unsaid) == "REQUEST-InvalidField"
    await login.send(DeactivateApp(project_id=PROJECT, app_id="a1"))
    assert await login.refused(ANSWER, LOGIN, **unsaid) == "APP-NotFound"


async def test_people_are_sent_to_registered_addresses_only(login):
    await ask(login, redirect_uri="https://evil.test")
    error = {"auth_request_id": ID, "error": {"error": 3}}
    assert await login.refused(ANSWER, LOGIN, **error) == "APP-NotFound"


async def test_an_answer_by_form_is_no_url(login):
    await ask(login, response_mode=3)
    error = {"auth_request_id": ID, "error": {"error": 3}}
    assert await login.refused(ANSWER, LOGIN, **error) == "OIDC-FormPostUnsupported"


async def test_tokens_in_a_redirect_are_given_by_our_own_pages_only(login):
    await ask(login, response_type=2)
    error = {"auth_request_id": ID, "error": {"error": 3}}
    assert await login.refused(ANSWER, LOGIN, **error) == "OIDC-ImplicitUnsupported"


DEVICE = f"{SERVICE}/GetDeviceAuthorizationRequest"
DECIDE = f"{SERVICE}/AuthorizeOrDenyDeviceAuthorization"
DENY = {"deny": {}}


@pytest.fixture
async def device(login):
    """The API with two devices that wait."""
    for device_id, code in (("d1", "BCDFGHJK"), ("d2", "BCDFGHJL")):
        order = AddDeviceAuth(
            device_id=device_id,
            instance_id=INSTANCE,
            client_id="c1",
            user_code=code,
            scope=("openid",),
            audience=(),
        )
        await login.send(order)
    return login


async def test_a_device_is_shown_by_the_code_it_shows_and_allowed_with_a_session(device):
    asked = await device.ok(DEVICE, LOGIN, user_code="bcdf-ghjk")
    assert asked == await device.ok(DEVICE, LOGIN, user_code="BCDF-GHJK")
    assert asked["deviceAuthorizationRequest"] == {
        "id": "d1",
        "clientId": "c1",
        "scope": ["openid"],
        "appName": "Shop",
        "projectName": "ZITADEL",
    }
    proof = await session(device)
    forged = proof | {"session_token": "no"}
    refused = await device.refused(DECIDE, LOGIN, device_authorization_id="d1", session=forged)
    assert refused == "SESSION-TokenInvalid"
    await device.ok(DECIDE, LOGIN, device_authorization_id="d1", session=proof)
    state = await device.services.dispatch.state(INSTANCE, "device_auth", "d1")
    assert state.session_id == proof["session_id"]
    again = await device.refused(DECIDE, LOGIN, device_authorization_id="d1", **DENY)
    assert again == "DEVICEAUTH-AlreadyHandled"
    assert await device.refused(DEVICE, LOGIN, user_code="BCDF-GHJK") == "DEVICEAUTH-NotFound"


async def test_a_device_is_denied_only_by_those_who_answer_for_people(device):
    denied = "AUTH-PermissionDenied"
    assert await device.refused(DEVICE, GUEST, user_code="BCDF-GHJK") == denied
    assert await device.refused(DECIDE, GUEST, device_authorization_id="d1", **DENY) == denied
    nothing = await device.refused(DECIDE, LOGIN, device_authorization_id="d1")
    assert nothing == "REQUEST-InvalidField"
    for device_id in ("d1", "d2"):
        assert await device.ok(DECIDE, LOGIN, device_authorization_id=device_id, **DENY) == {}
    unknown = await device.refused(DECIDE, LOGIN, device_authorization_id="404", **DENY)
    assert unknown == "DEVICEAUTH-NotFound"
    assert await device.refused(DEVICE, LOGIN, user_code="AAAA-AAAA") == "DEVICEAUTH-NotFound"


@pytest.mark.parametrize(
    ("method", "fields", "why"),
    [
        ("zitadel.idp.v2.IdentityProviderService/GetIDPByID", {"id": "1"}, "IDP-NotFound"),
    ],
)  # fmt: skip
async def test_what_waits_for_later_says_precisely_what_is_missing(server, method, fields, why):
    assert await server.refused(method, **fields) == why
    assert await server.refused(method, None, **fields) == "AUTH-Unauthenticated"


async def test_identity_providers_are_for_those_who_may_see_them(server):
    method = "zitadel.idp.v2.IdentityProviderService/GetIDPByID"
    assert await server.refused(method, GUEST, id="1") == "AUTH-PermissionDenied"
    assert await server.refused(method, OWNER, id="1") == "IDP-NotFound"
