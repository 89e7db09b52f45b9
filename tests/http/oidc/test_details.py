"""Rich authorization requests (RFC 9396)."""

import json

import pytest
from personae.actors.domain.auth_request.refusals import CONSENT_NEEDED
from personae.actors.domain.kit import Refusal
from personae.actors.domain.project.values import GrantType, TokenType
from personae.http.oidc.provider import DetailsType, Profiles

from tests.http.oidc.conftest import BOTH, CALLBACK, query_of, serving
from tests.http.oidc.test_request_object import request_of
from tests.http.oidc.test_resources import _walked, claims, settings

PAY, READ = "payment_initiation", "account_information"
ON = Profiles(
    details={
        PAY: DetailsType(frozenset({"instructedAmount"}), frozenset({"creditorName"})),
        READ: DetailsType(),
    }
)
PAYMENT = {
    "type": PAY,
    "instructedAmount": {"currency": "EUR", "amount": "123.50"},
    "creditorName": "Merchant",
    "actions": ["initiate", "status"],
}
ACCOUNTS = {"type": READ, "locations": ["https://bank.example/accounts"], "identifier": "1"}
MANY = {"grant_types": (*BOTH, GrantType.DEVICE_CODE), "access_token_type": TokenType.JWT}


@pytest.fixture
async def stack(dispatch):
    async with serving(dispatch, profiles=ON) as stack:
        yield stack


@pytest.fixture
async def app(stack):
    app = await stack.app(**MANY)
    await settings(stack, app, authorization_types=(PAY, READ))
    return app


def refused(answer, status=400):
    return (answer.status, answer.error) == (status, "invalid_authorization_details")


async def test_details_come_back_in_the_answer_the_token_and_introspection(stack, app):
    asked = json.dumps([PAYMENT, ACCOUNTS])
    found = await stack.sign_in(app, authorization_details=asked)
    assert found["authorization_details"] == [PAYMENT, ACCOUNTS]
    assert claims(found["access_token"])["authorization_details"] == [PAYMENT, ACCOUNTS]
    api = await stack.api(app.project_id)
    about = await stack.introspect(api, found["access_token"])
    assert about["authorization_details"] == [PAYMENT, ACCOUNTS]
    plain = await stack.sign_in(app)
    assert "authorization_details" not in plain
    assert "authorization_details" not in claims(plain["access_token"])


async def test_a_client_asks_for_less_and_never_for_more(stack, app):
    code = await stack.code(app, authorization_details=json.dumps([PAYMENT, ACCOUNTS]))
    less = json.dumps([ACCOUNTS])
    found = (await stack.redeem(app, code, authorization_details=less)).json
    assert found["authorization_details"] == [ACCOUNTS]
    found = (await stack.refresh(app, found["refresh_token"])).json
    assert found["authorization_details"] == [PAYMENT, ACCOUNTS]
    more = json.dumps([{**ACCOUNTS, "identifier": "2"}])
    assert refused(await stack.refresh(app, found["refresh_token"], authorization_details=more))
    assert (await stack.refresh(app, found["refresh_token"])).status == 200
    plain = await stack.code(app)
    assert refused(await stack.redeem(app, plain, authorization_details=less))


BAD = {
    "no JSON": "{",
    "no list": json.dumps(PAYMENT),
    "nothing": "[]",
    "no objects": '["text"]',
    "no type": "[{}]",
    "type of no text": '[{"type": 7}]',
    "unknown type": '[{"type": "other"}]',
    "lacks a member": json.dumps([{"type": PAY}]),
    "unknown member": json.dumps([{**ACCOUNTS, "extra": 1}]),
    "actions no list": json.dumps([{**ACCOUNTS, "actions": "read"}]),
    "actions of numbers": json.dumps([{**ACCOUNTS, "actions": [1]}]),
    "relative location": json.dumps([{**ACCOUNTS, "locations": ["/accounts"]}]),
    "identifier no text": json.dumps([{**ACCOUNTS, "identifier": 1}]),
    "too many": json.dumps([{**ACCOUNTS, "identifier": str(n)} for n in range(21)]),
    "too long": json.dumps([{**ACCOUNTS, "identifier": "x" * 4_100}]),
    "NUL": json.dumps([{**ACCOUNTS, "identifier": "a\0b"}]),
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
async def test_details_that_nobody_declared_are_refused_everywhere(stack, app, text):
    assert refused(await stack.authorize(app, authorization_details=text), 302)
    form = {"redirect_uri": CALLBACK, "response_type": "code", "scope": "openid"}
    for path, more in (("/oauth/v2/par", form), ("/oauth/v2/device_authorization", {})):
        answer = await stack.post(path, app.basic, **more, authorization_details=text)
        assert refused(answer), path


async def test_a_type_that_is_not_the_clients_is_refused(stack, app):
    await settings(stack, app, authorization_types=(READ,))
    asked = json.dumps([PAYMENT])
    assert refused(await stack.authorize(app, authorization_details=asked), 302)
    machine = await stack.machine()
    form = {"client_id": machine.name, "client_secret": machine.secret}
    answer = await stack.token("client_credentials", **form, authorization_details=asked)
    assert refused(answer)


async def test_pushed_and_signed_requests_have_details(stack, app):
    app = await stack.with_key(app)
    form = {"redirect_uri": CALLBACK, "response_type": "code", "scope": "openid"}
    asked = json.dumps([PAYMENT])
    pushed = await stack.post("/oauth/v2/par", app.basic, **form, authorization_details=asked)
    browser = await stack.browser()
    named = {"client_id": app.client_id, "request_uri": pushed.json["request_uri"]}
    token = await _walked(stack, app, browser, **named)
    assert claims(token)["authorization_details"] == [PAYMENT]
    text = request_of(stack, app, authorization_details=[ACCOUNTS])
    token = await _walked(stack, app, browser, client_id=app.client_id, request=text)
    assert claims(token)["authorization_details"] == [ACCOUNTS]


async def test_no_session_is_linked_without_consent_to_the_details_by_anybody(stack, app):
    """The domain says so, whatever the sign-in pages think (section 12)."""
    begun = await stack.authorize(app, authorization_details=json.dumps([PAYMENT, ACCOUNTS]))
    request_id, browser = query_of(begun.location)["authRequestID"], await stack.browser()
    other = json.dumps({**PAYMENT, "creditorName": "Somebody else"}, sort_keys=True)
    for agreed in ((), (other,)):
        with pytest.raises(Refusal) as refused:
            await stack.link(request_id, browser, agreed)
        assert refused.value.reason is CONSENT_NEEDED
    await stack.link(request_id, browser)
    assert "code" in query_of((await stack.callback(request_id, browser)).location)


async def test_nobody_is_asked_by_prompt_none(stack, app):
    browser = await stack.browser()
    asked = {"prompt": "none", "authorization_details": json.dumps([PAYMENT])}
    answer = await stack.authorize(app, headers=browser.cookie, **asked)
    assert (answer.status, answer.error) == (302, "consent_required")
    assert (await stack.authorize(app, headers=browser.cookie, prompt="none")).error is None


async def test_only_declared_types_are_announced(stack, dispatch):
    async def announced(stack):
        found = await stack.call("GET", "/.well-known/openid-configuration")
        return found.json.get("authorization_details_types_supported")

    assert await announced(stack) == [PAY, READ]
    async with serving(dispatch) as off:
        assert await announced(off) is None
