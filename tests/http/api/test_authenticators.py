"""Passkeys and security keys over the API, with an authenticator made of software."""

from datetime import timedelta

import pytest

from tests.authenticator import Authenticator
from tests.http.api.conftest import GUEST, OWNER, SESSION, USER

DOMAIN = "example.com"
CREATE, SET, GET = (f"{SESSION}/{name}" for name in ("CreateSession", "SetSession", "GetSession"))
REQUIRED = "USER_VERIFICATION_REQUIREMENT_REQUIRED"
DISCOURAGED = "USER_VERIFICATION_REQUIREMENT_DISCOURAGED"
KINDS = [
    ("RegisterPasskey", "VerifyPasskeyRegistration", "RemovePasskey", "passkey"),
    ("RegisterU2F", "VerifyU2FRegistration", "RemoveU2F", "u2f"),
]


@pytest.fixture
async def gigi(server):
    user_id = (await server.human())["id"]
    await server.token_of(user_id)
    return user_id


async def registered(server, user_id, key=None, *, passkey=True, domain=DOMAIN, **more):
    """Register an authenticator by the user itself; return it and its id."""
    key = key or Authenticator()
    register, verify, _, kind = KINDS[0 if passkey else 1]
    begun = await server.ok(f"{USER}/{register}", user_id, user_id=user_id, domain=domain, **more)
    credential = key.create(begun["publicKeyCredentialCreationOptions"])
    fields = {f"{kind}_id": begun[f"{kind}Id"], "public_key_credential": credential}
    name = {"passkey_name" if passkey else "token_name": "Mine"}
    await server.ok(f"{USER}/{verify}", user_id, user_id=user_id, **fields, **name)
    return key, begun[f"{kind}Id"]


def asked(requirement=REQUIRED, domain=DOMAIN):
    return {"web_auth_n": {"domain": domain, "user_verification_requirement": requirement}}


async def begun(server, user_id, challenges):
    """Open a session that challenges its user; return it with the browser's options."""
    checks = {"user": {"user_id": user_id}}
    made = await server.ok(CREATE, checks=checks, challenges=challenges)
    return made["sessionId"], made["challenges"]["webAuthN"]["publicKeyCredentialRequestOptions"]


def answer(credential):
    return {"checks": {"web_auth_n": {"credential_assertion_data": credential}}}


async def test_a_passkey_signs_in(server, gigi):
    key, _ = await registered(server, gigi)
    session_id, options = await begun(server, gigi, asked())
    await server.ok(SET, session_id=session_id, **answer(key.get(options)))
    factor = (await server.ok(GET, session_id=session_id))["session"]["factors"]["webAuthN"]
    assert factor["verifiedAt"]
    assert factor["userVerified"]
    session = await server.services.dispatch.state("1", "session", session_id)
    assert session.auth_methods == ("user", "mfa")


async def test_a_security_key_is_one_factor(server, gigi):
    key, _ = await registered(server, gigi, Authenticator(verifies=False), passkey=False)
    session_id, options = await begun(server, gigi, asked(DISCOURAGED))
    await server.ok(SET, session_id=session_id, **answer(key.get(options)))
    session = await server.services.dispatch.state("1", "session", session_id)
    assert session.auth_methods == ("user",)
    refused = await server.refused(SET, session_id=session_id, challenges=asked(REQUIRED))
    assert refused == "SESSION-FactorUnavailable"


async def test_an_answer_counts_once(server, gigi):
    """AV-16."""
    key, _ = await registered(server, gigi)
    session_id, options = await begun(server, gigi, asked())
    credential = key.get(options)
    await server.ok(SET, session_id=session_id, **answer(credential))
    refused = await server.refused(SET, session_id=session_id, **answer(credential))
    assert refused == "SESSION-NotChallenged"


async def test_an_answer_to_another_session_is_refused(server, gigi):
    key, _ = await registered(server, gigi)
    _, options = await begun(server, gigi, asked())
    other, _ = await begun(server, gigi, asked())
    refused = await server.refused(SET, session_id=other, **answer(key.get(options)))
    assert refused == "USER-CredentialInvalid"


async def test_a_copied_authenticator_is_refused(server, gigi):
    """Its count is behind the original's (WebAuthn 3, 6.1.1)."""
    key, _ = await registered(server, gigi)
    copy = Authenticator(key=key.key, id=key.id)
    for each, expected in ((key, None), (copy, "USER-CredentialInvalid")):
        session_id, options = await begun(server, gigi, asked())
        got = await server.call(SET, session_id=session_id, **answer(each.get(options)))
        found = got["details"][0]["debug"]["id"] if "code" in got else None
        assert found == expected


WRONG = [
    {"origin": "https://evil.test"},
    {"origin": "https://notexample.com"},
    {"origin": "http://login.example.com"},
    {"verifies": False},
]


@pytest.mark.parametrize("change", WRONG)
async def test_an_answer_from_elsewhere_or_without_a_person_is_refused(server, gigi, change):
    key, _ = await registered(server, gigi)
    forged = Authenticator(key=key.key, id=key.id, count=7, **change)
    session_id, options = await begun(server, gigi, asked())
    refused = await server.refused(SET, session_id=session_id, **answer(forged.get(options)))
    assert refused == "USER-CredentialInvalid"


async def test_another_key_or_nonsense_is_refused(server, gigi):
    key, _ = await registered(server, gigi)
    session_id, options = await begun(server, gigi, asked())
    stranger = Authenticator(id=key.id).get(options)
    for credential in (stranger, Authenticator().get(options), {"id": "x"}, {"id": 1}):
        refused = await server.refused(SET, session_id=session_id, **answer(credential))
        assert refused == "USER-CredentialInvalid"


@pytest.mark.parametrize("change", WRONG)
async def test_a_registration_from_elsewhere_is_refused(server, gigi, change):
    made = await server.ok(f"{USER}/RegisterPasskey", gigi, user_id=gigi, domain=DOMAIN)
    credential = Authenticator(**change).create(made["publicKeyCredentialCreationOptions"])
    fields = {"passkey_id": made["passkeyId"], "passkey_name": "X"}
    refused = await server.refused(
        f"{USER}/VerifyPasskeyRegistration",
        gigi,
        user_id=gigi,
        public_key_credential=credential,
        **fields,
    )
    assert refused == "USER-CredentialInvalid"


@pytest.mark.parametrize("passkey", [True, False])
async def test_an_authenticator_is_listed_and_removed(server, gigi, passkey):
    _, token_id = await registered(server, gigi, passkey=passkey)
    remove, kind = KINDS[0 if passkey else 1][2:]
    listed = await server.ok(f"{USER}/ListPasskeys", user_id=gigi)
    ready = {"id": token_id, "state": "AUTH_FACTOR_STATE_READY", "name": "Mine"}
    assert listed.get("result", []) == ([ready] if passkey else [])
    fields = {"user_id": gigi, f"{kind}_id": token_id}
    await server.ok(f"{USER}/{remove}", **fields)
    assert await server.refused(f"{USER}/{remove}", **fields) == "USER-AuthenticatorNotFound"


async def test_a_known_authenticator_is_not_registered_again(server, gigi):
    key, _ = await registered(server, gigi)
    made = await server.ok(f"{USER}/RegisterU2F", gigi, user_id=gigi, domain=DOMAIN)
    excluded = made["publicKeyCredentialCreationOptions"]["publicKey"]["excludeCredentials"]
    assert [each["id"] for each in excluded] == [
        key.create(made["publicKeyCredentialCreationOptions"])["id"]
    ]


async def test_our_own_domain_is_meant_when_none_is_named(server, gigi):
    made = await server.ok(f"{USER}/RegisterU2F", gigi, user_id=gigi)
    options = made["publicKeyCredentialCreationOptions"]["publicKey"]
    assert options["rp"]["id"] == "127.0.0.1"


async def test_a_passkey_is_registered_with_a_code_once(server, gigi):
    link = f"{USER}/CreatePasskeyRegistrationLink"
    code = (await server.call(link, user_id=gigi, return_code={}))["code"]
    wrong = {"user_id": gigi, "domain": DOMAIN, "code": code | {"code": "wrong"}}
    assert await server.refused(f"{USER}/RegisterPasskey", gigi, **wrong) == "USER-CodeInvalid"
    await registered(server, gigi, code=code)
    used = {"user_id": gigi, "domain": DOMAIN, "code": code}
    assert await server.refused(f"{USER}/RegisterPasskey", gigi, **used) == "USER-CodeInvalid"


async def test_a_code_alone_does_not_open_users_of_other_organisations(server, gigi):
    """ZA-61."""
    link = f"{USER}/CreatePasskeyRegistrationLink"
    code = (await server.call(link, user_id=gigi, return_code={}))["code"]
    fields = {"user_id": gigi, "domain": DOMAIN, "code": code}
    refused = await server.refused(f"{USER}/RegisterPasskey", OWNER, **fields)
    assert refused == "AUTH-PermissionDenied"


NAMED = {"public_key_credential": {"id": "x"}}
METHODS = [
    ("RegisterPasskey", {}),
    ("RegisterU2F", {}),
    ("VerifyPasskeyRegistration", NAMED | {"passkey_id": "1", "passkey_name": "X"}),
    ("VerifyU2FRegistration", NAMED | {"u2f_id": "1", "token_name": "X"}),
    ("RemovePasskey", {"passkey_id": "1"}),
    ("RemoveU2F", {"u2f_id": "1"}),
]


@pytest.mark.parametrize(("method", "fields"), METHODS)
async def test_others_need_permission(server, gigi, method, fields):
    for user in (GUEST, OWNER):
        refused = await server.refused(f"{USER}/{method}", user, user_id=gigi, **fields)
        assert refused == "AUTH-PermissionDenied"
    assert await server.refused(f"{USER}/{method}", user_id=GUEST, **fields) == "USER-NotHuman"


async def test_who_has_no_authenticator_is_not_challenged(server, gigi):
    checks = {"user": {"user_id": gigi}}
    refused = await server.refused(CREATE, checks=checks, challenges=asked())
    assert refused == "SESSION-FactorUnavailable"
    await registered(server, gigi)
    elsewhere = await server.refused(CREATE, checks=checks, challenges=asked(domain="other.test"))
    assert elsewhere == "SESSION-FactorUnavailable"


async def test_an_unknown_kind_of_authenticator_is_refused(server, gigi):
    answer_ = await server.call(f"{USER}/RegisterPasskey", user_id=gigi, authenticator=9)
    assert answer_["code"] == "invalid_argument"


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ({"domain": DOMAIN}, True),
        ({"domain": "other.test"}, False),
        ({"domain": "other.test", "include_without_domain": True}, False),
    ],
)
async def test_what_a_user_signs_in_with_may_depend_on_the_domain(server, gigi, query, there):
    await registered(server, gigi)
    method = f"{USER}/ListAuthenticationMethodTypes"
    listed = await server.ok(method, user_id=gigi, domain_query=query)
    found = "AUTHENTICATION_METHOD_TYPE_PASSKEY" in listed["authMethodTypes"]
    assert found is there


async def test_an_answer_that_comes_too_late_is_refused(server, gigi, monkeypatch):
    key, _ = await registered(server, gigi)
    session_id, options = await begun(server, gigi, asked())
    world, now = server.services.world, server.services.world.now()
    monkeypatch.setattr(world, "now", lambda: now + timedelta(minutes=5, seconds=1))
    refused = await server.refused(SET, session_id=session_id, **answer(key.get(options)))
    assert refused == "SESSION-NotChallenged"
