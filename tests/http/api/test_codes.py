"""Codes over the API: returned to who may have them, entered once, refused alike."""

import pytest

from tests.http.api.conftest import GUEST, OWNER, USER

CODE = {"return_code": {}}
UNVERIFIED = {
    "human": {
        "profile": {"given_name": "Gigi", "family_name": "Giraffe"},
        "email": {"email": "gigi@example.com", "return_code": {}},
        "phone": {"phone": "+491", "return_code": {}},
    }
}
METHODS = [
    ("SendEmailCode", CODE),
    ("ResendEmailCode", CODE),
    ("ResendPhoneCode", CODE),
    ("PasswordReset", CODE),
    ("CreateInviteCode", CODE),
    ("ResendInviteCode", {}),
    ("CreatePasskeyRegistrationLink", CODE),
    ("VerifyEmail", {"verification_code": "AAAAAA"}),
    ("VerifyPhone", {"verification_code": "AAAAAA"}),
    ("VerifyInviteCode", {"verification_code": "AAAAAA"}),
]


@pytest.fixture
async def gigi(server):
    return (await server.human(**UNVERIFIED))["id"]


async def failures(server, user_id):
    """Enter a wrong code five times; return the distinct answers."""
    asked = {"user_id": user_id, "verification_code": "wrong"}
    return {await server.refused(f"{USER}/VerifyEmail", **asked) for _ in range(5)}


@pytest.mark.parametrize(("method", "fields"), METHODS)
async def test_others_need_permission(server, gigi, method, fields):
    for user in (GUEST, OWNER):
        refused = await server.refused(f"{USER}/{method}", user, user_id=gigi, **fields)
        assert refused == "AUTH-PermissionDenied"


@pytest.mark.parametrize(("method", "fields"), METHODS)
async def test_unknown_users_look_like_others_to_who_has_no_permission(server, method, fields):
    refused = await server.refused(f"{USER}/{method}", GUEST, user_id="404", **fields)
    assert refused == "AUTH-PermissionDenied"
    assert await server.refused(f"{USER}/{method}", user_id="404", **fields) == "USER-NotFound"


@pytest.mark.parametrize("method", ["SendEmailCode", "ResendEmailCode"])
async def test_a_returned_code_verifies_the_address_once(server, gigi, method):
    sent = await server.ok(f"{USER}/{method}", user_id=gigi, **CODE)
    entered = {"user_id": gigi, "verification_code": sent["verificationCode"]}
    assert (await server.ok(f"{USER}/VerifyEmail", **entered))["details"]["changeDate"]
    got = await server.ok(f"{USER}/GetUserByID", user_id=gigi)
    assert got["user"]["human"]["email"]["isVerified"]
    assert await server.refused(f"{USER}/VerifyEmail", **entered) == "USER-CodeInvalid"
    again = await server.refused(f"{USER}/{method}", user_id=gigi, **CODE)
    assert again == "USER-EmailAlreadyVerified"


async def test_a_returned_code_verifies_the_number(server, gigi):
    sent = await server.ok(f"{USER}/ResendPhoneCode", user_id=gigi, **CODE)
    entered = {"user_id": gigi, "verification_code": sent["verificationCode"]}
    await server.ok(f"{USER}/VerifyPhone", **entered)
    got = await server.ok(f"{USER}/GetUserByID", user_id=gigi)
    assert got["user"]["human"]["phone"]["isVerified"]


async def test_no_code_is_returned_for_what_is_verified_already(server):
    """Nothing would be verified by it."""
    contact = {"email": "gigi@example.com"}, {"phone": "+41791234567"}
    verified = {"email": contact[0] | {"is_verified": True}}
    verified |= {"phone": contact[1] | {"is_verified": True}}
    name = UNVERIFIED["human"]["profile"]
    gigi = (await server.human(human={"profile": name, **verified}))["id"]
    for method, fields in zip(("SetEmail", "SetPhone"), contact, strict=True):
        done = await server.ok(f"{USER}/{method}", user_id=gigi, **fields, **CODE)
        assert "verificationCode" not in done
    again = {"email": contact[0] | CODE, "phone": contact[1] | CODE}
    done = await server.ok(f"{USER}/UpdateUser", user_id=gigi, human=again)
    assert done.keys() == {"changeDate"}


TEMPLATES = ["{{.Code}}", "ftp://x.test/{{.Code}}", "https://x.test/{{.Nope}}", "https://x/{{.Code"]


@pytest.mark.parametrize("template", TEMPLATES)
async def test_a_template_that_leads_nowhere_is_refused(server, gigi, template):
    """The message would go out, with a link that is none."""
    link = {"url_template": template}
    orders = [
        ("SetEmail", {"email": "new@example.com", "send_code": link}),
        ("ResendEmailCode", {"send_code": link}),
        ("PasswordReset", {"send_link": link}),
        ("CreateInviteCode", {"send_code": link}),
        ("CreatePasskeyRegistrationLink", {"send_link": link}),
    ]
    for method, fields in orders:
        refused = await server.refused(f"{USER}/{method}", user_id=gigi, **fields)
        assert refused == "MESSAGE-UrlTemplateInvalid", method


async def test_a_replaced_code_is_refused(server, gigi):
    first = await server.ok(f"{USER}/SendEmailCode", user_id=gigi, **CODE)
    await server.ok(f"{USER}/SendEmailCode", user_id=gigi, **CODE)
    entered = {"user_id": gigi, "verification_code": first["verificationCode"]}
    assert await server.refused(f"{USER}/VerifyEmail", **entered) == "USER-CodeInvalid"


async def test_after_five_wrong_entries_the_right_code_is_refused_alike(server, gigi):
    sent = await server.ok(f"{USER}/SendEmailCode", user_id=gigi, **CODE)
    assert await failures(server, gigi) == {"USER-CodeInvalid"}
    entered = {"user_id": gigi, "verification_code": sent["verificationCode"]}
    assert await server.refused(f"{USER}/VerifyEmail", **entered) == "USER-CodeInvalid"


async def test_a_code_to_be_sent_is_not_returned(server, gigi):
    for method in ("SendEmailCode", "ResendPhoneCode", "PasswordReset"):
        assert "verificationCode" not in await server.ok(f"{USER}/{method}", user_id=gigi)


async def test_people_have_their_own_codes_sent_but_never_returned(server, gigi):
    """ZA-49."""
    await server.token_of(gigi)
    for method in ("SendEmailCode", "ResendPhoneCode", "PasswordReset"):
        await server.ok(f"{USER}/{method}", gigi, user_id=gigi)
        refused = await server.refused(f"{USER}/{method}", gigi, user_id=gigi, **CODE)
        assert refused == "AUTH-PermissionDenied"


async def test_a_password_is_set_with_a_code_once(server, gigi):
    sent = await server.ok(f"{USER}/PasswordReset", user_id=gigi, **CODE)
    fields = {
        "user_id": gigi,
        "new_password": {"password": "New-Password-1"},
        "verification_code": sent["verificationCode"],
    }
    await server.ok(f"{USER}/SetPassword", **fields)
    assert await server.refused(f"{USER}/SetPassword", **fields) == "USER-CodeInvalid"
    wrong = fields | {"verification_code": "wrong"}
    assert await server.refused(f"{USER}/SetPassword", **wrong) == "USER-CodeInvalid"


async def test_a_password_is_reset_by_sms_only_with_a_number(server):
    robot = await server.refused(f"{USER}/PasswordReset", user_id=GUEST)
    assert robot == "USER-NotHuman"
    user_id = (await server.human("mail"))["id"]
    by_sms = {"send_link": {"notification_type": 2}}
    refused = await server.refused(f"{USER}/PasswordReset", user_id=user_id, **by_sms)
    assert refused == "USER-PhoneNotSet"
    unknown = {"send_link": {"notification_type": 9}}
    answer = await server.call(f"{USER}/PasswordReset", user_id=user_id, **unknown)
    assert answer["code"] == "invalid_argument"


async def test_an_invitation_is_accepted_once(server, gigi):
    asked = {"send_code": {"application_name": "Shop", "url_template": "https://x"}}
    assert "inviteCode" not in await server.ok(f"{USER}/CreateInviteCode", user_id=gigi, **asked)
    await server.ok(f"{USER}/ResendInviteCode", user_id=gigi)
    made = await server.ok(f"{USER}/CreateInviteCode", user_id=gigi, **CODE)
    entered = {"user_id": gigi, "verification_code": made["inviteCode"]}
    await server.ok(f"{USER}/VerifyInviteCode", **entered)
    assert await server.refused(f"{USER}/VerifyInviteCode", **entered) == "USER-CodeInvalid"
    assert await server.refused(f"{USER}/ResendInviteCode", user_id=gigi) == "USER-CodeNotSent"


async def test_who_has_a_password_is_not_invited(server):
    user_id = (await server.human("known"))["id"]
    refused = await server.refused(f"{USER}/CreateInviteCode", user_id=user_id, **CODE)
    assert refused == "USER-InviteNeedless"


async def test_a_link_for_a_passkey_is_returned_or_sent(server, gigi):
    method = f"{USER}/CreatePasskeyRegistrationLink"
    made = (await server.call(method, user_id=gigi, **CODE))["code"]
    assert made["id"]
    assert len(made["code"]) == 12
    assert "code" not in await server.ok(method, user_id=gigi, send_link={})
