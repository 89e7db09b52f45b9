"""Second factors over the API: set up, proved in sessions, locked by guessing."""

import time

import pytest
from personae.http.identity.guesses import Guesses
from pyotp import TOTP

from tests.aggregates.conftest import INSTANCE, ORG
from tests.http.api.conftest import GUEST, OWNER, SESSION, USER

CREATE, SET, GET = (f"{SESSION}/{name}" for name in ("CreateSession", "SetSession", "GetSession"))
METHODS = [
    ("RegisterTOTP", {}),
    ("VerifyTOTPRegistration", {"code": "123456"}),
    ("RemoveTOTP", {}),
    ("AddOTPSMS", {}),
    ("RemoveOTPSMS", {}),
    ("AddOTPEmail", {}),
    ("RemoveOTPEmail", {}),
    ("GenerateRecoveryCodes", {"count": 3}),
    ("RemoveRecoveryCodes", {}),
    ("AddIDPLink", {"idp_link": {"idp_id": "1", "user_id": "x", "user_name": "x"}}),
    ("RemoveIDPLink", {"idp_id": "1", "linked_user_id": "x"}),
]
LISTS = [
    "ListAuthenticationMethodTypes",
    "ListAuthenticationFactors",
    "ListPasskeys",
    "ListIDPLinks",
]
RETURNED = {"otp_sms": {"return_code": True}}


@pytest.fixture
async def gigi(server):
    user_id = (await server.human())["id"]
    await server.ok(f"{USER}/SetPhone", user_id=user_id, phone="+491", is_verified=True)
    await server.token_of(user_id)
    return user_id


async def opened(server, user_id, **more):
    return (await server.ok(CREATE, checks={"user": {"user_id": user_id}}, **more))["sessionId"]


async def app_of(server, user_id):
    """Set up an authenticator app by the user itself; its codes are those of its clock."""
    made = await server.ok(f"{USER}/RegisterTOTP", user_id, user_id=user_id)
    app = TOTP(made["secret"])
    assert made["uri"].startswith("otpauth://totp/")
    # With the code of the step before: that of now is still to be used.
    code = app.at(int(time.time()) - 30)
    await server.ok(f"{USER}/VerifyTOTPRegistration", user_id, user_id=user_id, code=code)
    return app


async def methods(server, user_id):
    got = await server.ok(f"{USER}/ListAuthenticationMethodTypes", user_id=user_id)
    prefix = "AUTHENTICATION_METHOD_TYPE_"
    return [each.removeprefix(prefix) for each in got["authMethodTypes"]]


def entered(name, code):
    return {"checks": {name: {"code": code}}}


@pytest.mark.parametrize(("method", "fields"), METHODS)
async def test_others_need_permission(server, gigi, method, fields):
    await server.idp("1")
    for user in (GUEST, OWNER):
        refused = await server.refused(f"{USER}/{method}", user, user_id=gigi, **fields)
        assert refused == "AUTH-PermissionDenied"
    assert await server.refused(f"{USER}/{method}", user_id=GUEST, **fields) == "USER-NotHuman"
    assert await server.refused(f"{USER}/{method}", user_id="404", **fields) == "USER-NotFound"


@pytest.mark.parametrize("method", LISTS)
async def test_who_may_not_see_a_user_learns_nothing_of_its_factors(server, gigi, method):
    """ZA-58."""
    for user in (GUEST, OWNER):
        assert await server.refused(f"{USER}/{method}", user, user_id=gigi) == "USER-NotFound"
    assert await server.refused(f"{USER}/{method}", user_id="404") == "USER-NotFound"
    assert await server.refused(f"{USER}/{method}", user_id=GUEST) == "USER-NotHuman"
    await server.ok(f"{USER}/{method}", gigi, user_id=gigi)


async def test_a_code_of_an_app_is_proved_once(server, gigi):
    """AV-12."""
    app = await app_of(server, gigi)
    session_id, code = await opened(server, gigi), app.now()
    await server.ok(SET, session_id=session_id, **entered("totp", code))
    factors = (await server.ok(GET, session_id=session_id))["session"]["factors"]
    assert factors["totp"]["verifiedAt"]
    other = await opened(server, gigi)
    refused = await server.refused(SET, session_id=other, **entered("totp", code))
    assert refused == "USER-CodeInvalid"


async def test_password_and_code_are_two_factors(server, gigi):
    app = await app_of(server, gigi)
    checks = {
        "user": {"user_id": gigi},
        "password": {"password": "Secret-Word-1"},
        "totp": {"code": app.now()},
    }
    made = await server.ok(CREATE, checks=checks)
    session = await server.services.dispatch.state(INSTANCE, "session", made["sessionId"])
    assert session.auth_methods == ("pwd", "otp", "mfa")


async def test_an_app_is_verified_once_and_removed(server, gigi):
    await app_of(server, gigi)
    again = await server.refused(f"{USER}/RegisterTOTP", gigi, user_id=gigi)
    assert again == "USER-FactorExists"
    await server.ok(f"{USER}/RemoveTOTP", gigi, user_id=gigi)
    assert await server.refused(f"{USER}/RemoveTOTP", gigi, user_id=gigi) == "USER-FactorNotSet"


async def test_a_wrong_first_code_does_not_set_an_app_up(server, gigi):
    await server.ok(f"{USER}/RegisterTOTP", gigi, user_id=gigi)
    verify = f"{USER}/VerifyTOTPRegistration"
    assert await server.refused(verify, gigi, user_id=gigi, code="x") == "USER-CodeInvalid"
    assert "TOTP" not in await methods(server, gigi)


@pytest.mark.parametrize(
    ("name", "kind", "asked"),
    [
        ("otp_sms", "OTPSMS", {"return_code": True}),
        ("otp_email", "OTPEmail", {"return_code": {}}),
    ],
)
async def test_a_sent_code_is_proved_once_in_its_own_session(server, gigi, name, kind, asked):
    """AV-12, AV-15."""
    await server.ok(f"{USER}/Add{kind}", gigi, user_id=gigi)
    checks = {"user": {"user_id": gigi}}
    made = await server.ok(CREATE, checks=checks, challenges={name: asked})
    code = made["challenges"]["otpSms" if name == "otp_sms" else "otpEmail"]
    assert len(code) == 8
    other = await opened(server, gigi, challenges={name: asked})
    refused = await server.refused(SET, session_id=other, **entered(name, code))
    assert refused == "USER-CodeInvalid"
    await server.ok(SET, session_id=made["sessionId"], **entered(name, code))
    again = await server.refused(SET, session_id=made["sessionId"], **entered(name, code))
    assert again == "SESSION-NotChallenged"
    await server.ok(f"{USER}/Remove{kind}", gigi, user_id=gigi)
    gone = await server.refused(f"{USER}/Remove{kind}", gigi, user_id=gigi)
    assert gone == "USER-FactorNotSet"


async def test_a_code_to_be_sent_is_not_returned(server, gigi):
    """ZA-63."""
    await server.ok(f"{USER}/AddOTPEmail", gigi, user_id=gigi)
    checks = {"user": {"user_id": gigi}}
    for asked in ({"otp_email": {"send_code": {}}}, {"otp_email": {}}):
        assert "challenges" not in await server.ok(CREATE, checks=checks, challenges=asked)


async def test_nobody_has_the_code_of_an_own_factor_returned(server, gigi):
    """ZA-49, ZA-63."""
    await server.ok(f"{USER}/AddOTPSMS", gigi, user_id=gigi)
    checks = {"user": {"user_id": gigi}}
    for user in (gigi, GUEST):
        refused = await server.refused(CREATE, user, checks=checks, challenges=RETURNED)
        assert refused == "AUTH-PermissionDenied"


async def test_a_factor_that_is_not_set_up_is_not_challenged(server, gigi):
    for user_id in (gigi, GUEST):
        checks = {"user": {"user_id": user_id}}
        for asked in (RETURNED, {"otp_email": {"return_code": {}}}):
            refused = await server.refused(CREATE, checks=checks, challenges=asked)
            assert refused == "SESSION-FactorUnavailable"


async def test_sent_codes_need_a_verified_receiver(server):
    user_id = (await server.human("nophone"))["id"]
    refused = await server.refused(f"{USER}/AddOTPSMS", user_id=user_id)
    assert refused == "USER-ContactUnverified"


async def test_a_recovery_code_is_proved_once(server, gigi):
    """NI-10."""
    make = f"{USER}/GenerateRecoveryCodes"
    codes = (await server.ok(make, gigi, user_id=gigi, count=3))["recoveryCodes"]
    assert len(set(codes)) == 3
    session_id = await opened(server, gigi)
    typed = codes[0].lower().replace("-", " ")
    await server.ok(SET, session_id=session_id, **entered("recovery_code", typed))
    again = await server.refused(SET, session_id=session_id, **entered("recovery_code", codes[0]))
    assert again == "USER-CodeInvalid"
    state = await server.services.dispatch.state(INSTANCE, "user", gigi)
    assert not {code for code in codes if code in str(state)}


async def test_recovery_codes_are_removed(server, gigi):
    await server.ok(f"{USER}/GenerateRecoveryCodes", user_id=gigi, count=1)
    assert "RECOVERY_CODE" in await methods(server, gigi)
    await server.ok(f"{USER}/RemoveRecoveryCodes", user_id=gigi)
    refused = await server.refused(f"{USER}/RemoveRecoveryCodes", user_id=gigi)
    assert refused == "USER-FactorNotSet"


async def test_guessing_through_new_sessions_locks_after_a_hundred(server, gigi):
    """ZA-11, ZA-30: without any policy, through ever new sessions, with codes of two kinds."""
    server.services.guesses = Guesses(most=1000)  # which slow this down, see test_guessing
    await app_of(server, gigi)
    await server.ok(f"{USER}/GenerateRecoveryCodes", user_id=gigi, count=1)
    wrong = [entered("totp", "wrong!")["checks"], entered("recovery_code", "x")["checks"]]
    user = {"user": {"user_id": gigi}}
    answers = [await server.refused(CREATE, checks=user | wrong[n % 2]) for n in range(102)]
    assert answers == ["USER-CodeInvalid"] * 100 + ["USER-NotActive"] * 2


async def test_links_are_added_listed_and_removed(server, gigi):
    await server.idp("1")
    link = {"idpId": "1", "userId": "ext", "userName": "Gigi elsewhere"}
    await server.ok(f"{USER}/AddIDPLink", user_id=gigi, idp_link=link)
    other = (await server.human("other"))["id"]
    taken = await server.refused(f"{USER}/AddIDPLink", user_id=other, idp_link=link)
    assert taken == "USER-IdpLinkTaken"
    listed = await server.ok(f"{USER}/ListIDPLinks", gigi, user_id=gigi)
    assert (listed["result"], listed["details"]["totalResult"]) == ([link], "1")
    fields = {"user_id": gigi, "idp_id": "1", "linked_user_id": "ext"}
    await server.ok(f"{USER}/RemoveIDPLink", gigi, **fields)
    refused = await server.refused(f"{USER}/RemoveIDPLink", gigi, **fields)
    assert refused == "USER-IdpLinkNotFound"
    await server.ok(f"{USER}/AddIDPLink", user_id=other, idp_link=link)


async def test_nobody_links_an_unproved_account_to_oneself(server, gigi):
    """ZA-59."""
    await server.idp("1")
    link = {"idp_id": "1", "user_id": "ext", "user_name": "x"}
    refused = await server.refused(f"{USER}/AddIDPLink", gigi, user_id=gigi, idp_link=link)
    assert refused == "AUTH-PermissionDenied"
    assert (await server.call(f"{USER}/AddIDPLink", user_id=gigi))["code"] == "invalid_argument"


async def test_a_link_needs_a_provider(server, gigi):
    link = {"idp_id": "404", "user_id": "ext", "user_name": "x"}
    assert await server.refused(f"{USER}/AddIDPLink", user_id=gigi, idp_link=link) == "IDP-NotFound"
    human = {
        "profile": {"given_name": "A", "family_name": "B"},
        "email": {"email": "a@b.test", "is_verified": True},
        "idp_links": [link],
    }
    made = {"organization_id": ORG, "username": "new", "human": human}
    assert await server.refused(f"{USER}/CreateUser", **made) == "IDP-NotFound"


async def test_links_are_paged(server, gigi):
    await server.idp("1")
    for n in range(3):
        link = {"idp_id": "1", "user_id": str(n), "user_name": "x"}
        await server.ok(f"{USER}/AddIDPLink", user_id=gigi, idp_link=link)
    query = {"offset": 1, "limit": 1}
    listed = await server.ok(f"{USER}/ListIDPLinks", user_id=gigi, query=query)
    assert [each["userId"] for each in listed["result"]] == ["1"]
    assert listed["details"]["totalResult"] == "3"
    much = await server.call(f"{USER}/ListIDPLinks", user_id=gigi, query={"limit": 9999})
    assert much["code"] == "invalid_argument"


async def test_all_a_user_signs_in_with_is_listed_once_each(server, gigi):
    await app_of(server, gigi)
    await server.ok(f"{USER}/AddOTPSMS", user_id=gigi)
    await server.ok(f"{USER}/AddOTPEmail", user_id=gigi)
    assert await methods(server, gigi) == ["PASSWORD", "TOTP", "OTP_SMS", "OTP_EMAIL"]
    listed = await server.ok(f"{USER}/ListAuthenticationFactors", user_id=gigi)
    ready = {"state": "AUTH_FACTOR_STATE_READY"}
    kinds = [{"otp": {}}, {"otpSms": {}}, {"otpEmail": {}}]
    assert listed["result"] == [ready | kind for kind in kinds]


async def test_factors_are_listed_by_kind_and_state(server, gigi):
    await server.ok(f"{USER}/RegisterTOTP", gigi, user_id=gigi)
    await server.ok(f"{USER}/AddOTPEmail", user_id=gigi)
    begun = await server.ok(f"{USER}/RegisterU2F", gigi, user_id=gigi)
    method, waits = f"{USER}/ListAuthenticationFactors", "AUTH_FACTOR_STATE_NOT_READY"
    by_kind = await server.ok(method, user_id=gigi, auth_factors=["U2F"])
    assert [each["u2f"]["id"] for each in by_kind["result"]] == [begun["u2fId"]]
    by_state = await server.ok(method, user_id=gigi, states=[waits])
    assert [each["state"] for each in by_state["result"]] == [waits, waits]
    both = await server.ok(method, user_id=gigi, states=[waits], auth_factors=["OTP_EMAIL"])
    assert "result" not in both
