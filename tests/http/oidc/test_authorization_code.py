import asyncio

import pytest
from personae.actors.domain.project.values import AuthMethod, GrantType
from personae.actors.domain.session.commands import TerminateSession

from tests.http.oidc.assertions import ASSERTION, seconds, signed
from tests.http.oidc.conftest import CALLBACK, challenge_of

OTHER = "w" * 43


async def test_a_code_is_worth_tokens_once(stack):
    app = await stack.app()
    code = await stack.code(app)
    first = await stack.redeem(app, code)
    assert first.status == 200
    assert {"access_token", "refresh_token", "id_token"} <= first.json.keys()
    assert (await stack.userinfo(first.json["access_token"])).status == 200
    again = await stack.redeem(app, code)
    assert (again.status, again.error) == (400, "invalid_grant")
    assert "AUTHREQUEST-CodeUsed" in again.json["error_description"]
    assert (await stack.userinfo(first.json["access_token"])).status == 401
    assert (await stack.refresh(app, first.json["refresh_token"])).error == "invalid_grant"


async def test_of_fifty_who_redeem_one_code_one_wins(stack):
    app = await stack.app()
    code = await stack.code(app)
    answers = await asyncio.gather(*(stack.redeem(app, code) for _ in range(50)))
    assert sorted(each.status for each in answers) == [200, *[400] * 49]
    assert {each.error for each in answers} == {None, "invalid_grant"}


async def test_a_code_lives_a_minute(stack, clock):
    app = await stack.app()
    code = await stack.code(app)
    clock.pass_(seconds=61)
    assert (await stack.redeem(app, code)).error == "invalid_grant"


@pytest.mark.parametrize(
    ("challenged", "form"),
    [
        (True, {"code_verifier": OTHER}),
        (True, {}),
        (True, {"code_verifier": "short"}),
        (True, {"code_verifier": "="}),
        (False, {"code_verifier": OTHER}),
    ],
)
async def test_without_the_right_verifier_there_are_no_tokens(stack, verifier, challenged, form):
    app = await stack.app()
    code = await stack.code(app, verifier=verifier if challenged else "")
    assert (await stack.redeem(app, code, **form)).error == "invalid_grant"


async def test_the_challenge_itself_is_no_verifier(stack, verifier):
    app = await stack.app(auth_method_type=AuthMethod.NONE)
    code = await stack.code(app, verifier=verifier)
    wrong = await stack.redeem(app, code, code_verifier=challenge_of(verifier))
    assert wrong.error == "invalid_grant"
    assert (await stack.redeem(app, code, code_verifier=verifier)).status == 200


async def test_another_client_gets_nothing_and_ends_the_code(stack, verifier):
    app, thief = await stack.app(), await stack.app(auth_method_type=AuthMethod.NONE)
    code = await stack.code(app, verifier=verifier)
    stolen = await stack.redeem(thief, code, code_verifier=verifier)
    assert stolen.error == "invalid_grant"
    assert (await stack.redeem(app, code, code_verifier=verifier)).error == "invalid_grant"


async def test_a_verifier_where_no_challenge_was_sent_is_refused(stack, verifier):
    """RFC 9700, 4.8.2: a challenge that somebody dropped on the way would not be missed else."""
    app = await stack.app()
    code = await stack.code(app)
    found = await stack.redeem(app, code, code_verifier=verifier)
    assert (found.status, found.error) == (400, "invalid_grant")


KINDS = (AuthMethod.NONE, AuthMethod.BASIC, AuthMethod.PRIVATE_KEY_JWT)


def proves(stack, app):
    """What a client shows of itself: headers and form."""
    if app.key:
        text = signed(app.client_id, stack.issuer, app.key_id, app.key, seconds(stack))
        return None, {"client_assertion_type": ASSERTION, "client_assertion": text}
    return (app.basic, {}) if app.secret else (None, {"client_id": app.client_id})


@pytest.mark.parametrize("thief", KINDS, ids=lambda kind: f"stolen by {kind.name}")
@pytest.mark.parametrize("owner", KINDS, ids=lambda kind: kind.name)
async def test_a_stolen_code_or_refresh_token_is_worth_nothing_to_anybody(
    stack, verifier, owner, thief
):
    """ZA-54, CVE-2026-55672: not for another client, however it proves itself, and then no more."""
    own, other = await stack.app(auth_method_type=owner), await stack.app(auth_method_type=thief)
    form = {"redirect_uri": CALLBACK, "code_verifier": verifier}

    async def use(app, grant, **more):
        headers, shown = proves(stack, app)
        return await stack.token(grant, headers, **shown, **more)

    code = await stack.code(own, verifier=verifier)
    for app in (other, own):
        found = await use(app, "authorization_code", code=code, **form)
        assert found.error == "invalid_grant"
    code = await stack.code(own, verifier=verifier)
    tokens = (await use(own, "authorization_code", code=code, **form)).json
    for app in (other, own):
        found = await use(app, "refresh_token", refresh_token=tokens["refresh_token"])
        assert found.error == "invalid_grant"
    assert (await stack.userinfo(tokens["access_token"])).status == 401


async def test_the_redirect_uri_must_be_the_same(stack):
    second = "https://app.example/other"
    app = await stack.app(redirect_uris=(CALLBACK, second))
    code = await stack.code(app)
    assert (await stack.redeem(app, code, redirect_uri=second)).error == "invalid_grant"
    missing = await stack.token("authorization_code", app.basic, code=code)
    assert missing.error == "invalid_request"


async def test_a_code_dies_with_its_session(stack):
    app, browser = await stack.app(), await stack.browser()
    code = await stack.code(app, browser)
    await stack.send(TerminateSession(session_id=browser.held.session_id))
    assert (await stack.redeem(app, code)).error == "invalid_grant"


async def test_no_token_is_taken_for_a_code(stack):
    app = await stack.app()
    tokens = await stack.sign_in(app)
    for text in (*tokens.values(), "x", "V2_1", "\N{SNOWMAN}"):
        assert (await stack.redeem(app, str(text))).error == "invalid_grant"


async def test_no_refresh_token_without_the_scope_or_the_grant(stack):
    plain = await stack.sign_in(await stack.app(), scope="openid")
    assert "refresh_token" not in plain
    app = await stack.app(grant_types=(GrantType.AUTHORIZATION_CODE,))
    tokens = await stack.sign_in(app)
    assert "refresh_token" not in tokens
    assert tokens["scope"] == "openid profile email"


async def test_without_openid_there_is_no_id_token(stack):
    assert "id_token" not in await stack.sign_in(await stack.app(), scope="profile")


@pytest.mark.parametrize(
    "form",
    ["grant_type=password&username=a&password=b", "grant_type=", "", "grant_type=implicit"],
)
async def test_other_grants_are_refused(stack, form):
    found = await stack.call(
        "POST", "/oauth/v2/token", data=form,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    wanted = "unsupported_grant_type" if form.partition("=")[2] else "invalid_request"
    assert (found.status, found.error) == (400, wanted)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("grant_type=client_credentials&client_id=a&client_id=a", "x-www-form-urlencoded"),
        ('{"grant_type":"client_credentials"}', "json"),
        ("a=" + "x" * 70_000, "x-www-form-urlencoded"),
        ("&".join(f"p{n}=1" for n in range(100)), "x-www-form-urlencoded"),
        ("grant_type=%ff", "x-www-form-urlencoded"),
        ("grant_type=a%00", "x-www-form-urlencoded"),
        ("grant_type=é", "x-www-form-urlencoded"),
    ],
)
async def test_a_form_that_is_not_plain_is_refused(stack, body, kind):
    headers = {"Content-Type": f"application/{kind}"}
    found = await stack.call("POST", "/oauth/v2/token", data=body.encode(), headers=headers)
    assert (found.status, found.error) == (400, "invalid_request")


async def test_answers_are_counted(stack):
    app = await stack.app()
    code = await stack.code(app)
    await stack.redeem(app, code)
    await stack.redeem(app, code)
    await stack.token("x" * 50)
    assert stack.services.counters.tokens == [
        ("authorization_code", "success"),
        ("authorization_code", "invalid_grant"),
        ("unknown", "unsupported_grant_type"),
    ]
