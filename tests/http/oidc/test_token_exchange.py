import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from personae.actors.domain.instance.commands import ChangePolicy
from personae.actors.domain.kit import Refusal
from personae.actors.domain.org.commands import AddOrgMember, RemoveOrgMember
from personae.actors.domain.policies import SecurityPolicy
from personae.actors.domain.project.values import AuthMethod, GrantType
from personae.actors.domain.session.commands import TerminateSession
from personae.actors.domain.user.commands import (
    AddHuman,
    DeactivateUser,
    GiveConsent,
    WithdrawConsent,
)
from personae.actors.domain.user.events import UserImpersonated

from tests.aggregates.conftest import ADMIN, INSTANCE, ORG, caller, human
from tests.http.oidc.assertions import seconds, signed
from tests.http.oidc.conftest import basic, serving

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
URN = "urn:ietf:params:oauth:token-type:"
ACCESS, ID, JWT = f"{URN}access_token", f"{URN}id_token", f"{URN}jwt"
USER_ID = "urn:zitadel:params:oauth:token-type:user_id"
OURS = "urn:zitadel:iam:org:project:id:zitadel:aud"
ALL = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.TOKEN_EXCHANGE)


@pytest.fixture
async def desk(dispatch):
    """A provider that lets administrators act as others."""
    policy = SecurityPolicy(enable_impersonation=True)
    await dispatch.send(ChangePolicy(instance_id=INSTANCE, policy=policy), caller())
    async with serving(dispatch) as stack:
        yield stack


async def exchange(stack, app, token, kind=ACCESS, **form):
    wanted = {"subject_token": token, "subject_token_type": kind, **form}
    return await stack.token(GRANT, app.basic, **wanted)


async def claims_of(stack, text):
    keys = KeySet.import_key_set((await stack.call("GET", "/oauth/v2/keys")).json)
    return jwt.decode(text, keys, algorithms=["ES256"]).claims


async def test_a_client_of_the_project_exchanges_a_token_for_a_narrower_one(stack):
    project = await stack.project()
    first, second = await stack.app(project), await stack.app(project, grant_types=ALL)
    browser = await stack.browser()
    tokens = await stack.sign_in(first, browser)
    found = await exchange(
        stack, second, tokens["access_token"], scope="openid", audience=second.client_id
    )
    assert (found.status, found.headers["Cache-Control"]) == (200, "no-store")
    assert (found.json["token_type"], found.json["issued_token_type"]) == ("Bearer", ACCESS)
    assert (found.json["scope"], "refresh_token" in found.json) == ("openid", False)
    seen = await stack.introspect(second, found.json["access_token"])
    assert (seen["sub"], seen["aud"], seen["client_id"]) == (
        ADMIN,
        [second.client_id],
        second.client_id,
    )
    assert "act" not in seen
    await stack.send(TerminateSession(session_id=browser.held.session_id))
    assert (await stack.userinfo(found.json["access_token"])).status == 401


@pytest.mark.parametrize(
    ("wanted", "issued", "kind"),
    [(JWT, JWT, "Bearer"), (ID, ID, "N_A"), (ACCESS, ACCESS, "Bearer")],
)
async def test_the_kind_of_token_is_chosen(stack, wanted, issued, kind):
    app = await stack.app(grant_types=ALL)
    tokens = await stack.sign_in(app)
    for text, subject in ((tokens["access_token"], ACCESS), (tokens["id_token"], ID)):
        found = await exchange(
            stack, app, text, subject, scope="openid", requested_token_type=wanted
        )
        assert (found.json["issued_token_type"], found.json["token_type"]) == (issued, kind)
        assert (found.status, found.headers["Content-Type"]) == (200, "application/json")
        assert (found.json["scope"], found.json["expires_in"]) == ("openid", 3600)
        if wanted != ACCESS:
            assert (await claims_of(stack, found.json["access_token"]))["sub"] == ADMIN
        if wanted == ID:
            assert (await stack.userinfo(found.json["access_token"])).status == 401


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"scope": "openid phone"}, "invalid_scope"),
        ({"audience": "elsewhere"}, "invalid_target"),
        ({"resource": "https://api.example/"}, "invalid_target"),
        ({"resource": "relative"}, "invalid_target"),
        ({"requested_token_type": f"{URN}refresh_token"}, "invalid_request"),
        ({"subject_token_type": f"{URN}refresh_token"}, "invalid_request"),
        ({"subject_token": None}, "invalid_request"),
        ({"subject_token_type": None}, "invalid_request"),
        ({"subject_token_type": ID}, "invalid_request"),
        ({"subject_token": "x"}, "invalid_request"),
        ({"actor_token_type": ACCESS}, "invalid_request"),
        ({"subject_token": ADMIN, "subject_token_type": USER_ID}, "invalid_request"),
    ],
)
async def test_nothing_is_widened_and_nothing_guessed(stack, form, error):
    app = await stack.app(grant_types=ALL)
    tokens = await stack.sign_in(app)
    wanted = {"subject_token": tokens["access_token"], "subject_token_type": ACCESS, **form}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    found = await stack.token(GRANT, app.basic, **wanted)
    assert (found.status, found.error) == (400, error)


@pytest.mark.parametrize("kind", [ACCESS, ID])
@pytest.mark.parametrize("end", ["revoked", "late", "session ended", "user deactivated"])
async def test_a_token_that_lives_no_more_is_exchanged_for_nothing(stack, clock, kind, end):
    """RFC 8693, 2.1: "appropriate validation procedures for the indicated token type"."""
    app, browser = await stack.app(grant_types=ALL), await stack.browser()
    tokens = await stack.sign_in(app, browser)
    text = tokens["access_token" if kind == ACCESS else "id_token"]
    assert (await exchange(stack, app, text, kind, scope="openid")).status == 200
    if end == "revoked":
        await stack.post("/oauth/v2/revoke", app.basic, token=text)
    elif end == "late":
        clock.pass_(minutes=61)
    elif end == "session ended":
        await stack.send(TerminateSession(session_id=browser.held.session_id))
    else:
        await stack.send(DeactivateUser(user_id=ADMIN))
    found = await exchange(stack, app, text, kind, scope="openid")
    # An ID token is not for its client to revoke; it ends with its session.
    is_alive = (kind, end) == (ID, "revoked")
    assert (found.status, found.error) == ((200, None) if is_alive else (400, "invalid_request"))


async def test_a_token_of_another_project_is_not_exchanged(stack):
    """ZA-57."""
    tokens = await stack.sign_in(await stack.app())
    stranger = await stack.app(grant_types=ALL)
    for kind, text in ((ACCESS, tokens["access_token"]), (ID, tokens["id_token"])):
        assert (await exchange(stack, stranger, text, kind)).error == "invalid_grant"


async def test_no_client_is_a_target_because_it_is_named(stack):
    """OA-02, CVE-2022-1245."""
    app, foreign = await stack.app(grant_types=ALL), await stack.app()
    token = (await stack.sign_in(app))["access_token"]
    for target in (foreign.client_id, foreign.project_id, foreign.app_id):
        found = await exchange(stack, app, token, audience=target)
        assert found.error == "invalid_target"
    assert (await exchange(stack, app, token, audience=app.client_id)).status == 200


async def test_the_grant_is_registered_and_the_client_proved(stack):
    for changes in ({}, {"grant_types": ALL, "auth_method_type": AuthMethod.NONE}):
        app = await stack.app(**changes)
        form = {"subject_token": "x", "subject_token_type": ACCESS}
        who = {} if app.secret else {"client_id": app.client_id}
        found = await stack.token(GRANT, app.basic if app.secret else None, **form, **who)
        assert found.error == "unauthorized_client"


async def support(stack, role, app):
    """Make somebody who may act as others; returns the id and an own token for the client."""
    bot = await stack.machine()
    if role:
        await stack.send(AddOrgMember(org_id=ORG, user_id=bot.id, roles=(role,)))
    scope = f"openid urn:zitadel:iam:org:project:id:{app.project_id}:aud"
    found = await stack.token("client_credentials", basic(bot.name, bot.secret), scope=scope)
    return bot.id, found.json["access_token"]


async def customer(stack, user_id="77"):
    order: AddHuman = human(user_id)
    await stack.send(order)
    return user_id


async def act(stack, app, user_id, actor_token, **form):
    actor = {"actor_token": actor_token, "actor_token_type": ACCESS}
    return await exchange(stack, app, user_id, USER_ID, **actor, **{"scope": "openid", **form})


async def test_support_acts_for_a_customer_and_that_is_told_and_kept(desk):
    app = await desk.app(grant_types=ALL)
    helper, own = await support(desk, "ORG_END_USER_IMPERSONATOR", app)
    user_id = await customer(desk)
    found = await act(desk, app, user_id, own, requested_token_type=JWT)
    claims = await claims_of(desk, found.json["access_token"])
    expected = {"iss": desk.issuer, "sub": helper}
    assert (claims["sub"], claims["act"]) == (user_id, expected)
    assert (await claims_of(desk, found.json["id_token"]))["act"] == expected
    assert (await desk.introspect(app, found.json["access_token"]))["act"] == expected
    log = await desk.services.world.log.after(INSTANCE, 0, 10_000)
    (kept,) = [each for each in log if isinstance(each.event, UserImpersonated)]
    assert (kept.stream.id, kept.creator, kept.event.actor_id) == (user_id, helper, helper)


@pytest.mark.parametrize("given", ["actor_token", "actor_token_type"])
async def test_an_actor_is_shown_together_with_its_type(desk, given):
    """RFC 8693, 2.1: a type is required with an actor, and must not be there without one."""
    app = await desk.app(grant_types=ALL)
    _, own = await support(desk, "ORG_END_USER_IMPERSONATOR", app)
    user_id = await customer(desk)
    assert (await act(desk, app, user_id, own)).status == 200
    half = {given: {"actor_token": own, "actor_token_type": ACCESS}[given]}
    found = await exchange(desk, app, user_id, USER_ID, scope="openid", **half)
    assert (found.status, found.error) == (400, "invalid_request")
    assert "actor_token_type" in found.json["error_description"]


async def test_who_acted_before_is_told_and_decides_nothing(desk):
    """RFC 8693, 4.1: the present actor is outermost, and it alone counts."""
    app = await desk.app(grant_types=ALL)
    first, own = await support(desk, "ORG_END_USER_IMPERSONATOR", app)
    second, theirs = await support(desk, "ORG_END_USER_IMPERSONATOR", app)
    _, nobodys = await support(desk, "", app)
    token = (await act(desk, app, await customer(desk), own)).json["access_token"]
    actor = {"scope": "openid", "actor_token_type": ACCESS}
    refused = await exchange(desk, app, token, actor_token=nobodys, **actor)
    assert (refused.status, refused.error) == (403, "access_denied")
    await desk.send(RemoveOrgMember(org_id=ORG, user_id=first))
    found = await exchange(desk, app, token, actor_token=theirs, **actor)
    before = {"iss": desk.issuer, "sub": first}
    expected = {"iss": desk.issuer, "sub": second, "act": before}
    assert (await claims_of(desk, found.json["id_token"]))["act"] == expected
    assert (await desk.introspect(app, found.json["access_token"]))["act"] == expected


async def test_our_own_apis_refuse_whoever_acts_for_somebody(desk):
    app = await desk.app(grant_types=ALL)
    _, own = await support(desk, "ORG_END_USER_IMPERSONATOR", app)
    found = await act(desk, app, await customer(desk), own, scope=f"openid {OURS}")
    host = desk.issuer.removeprefix("http://")
    headers = {"authorization": f"Bearer {found.json['access_token']}", "host": host}
    with pytest.raises(Refusal, match="AUTH-Unauthenticated"):
        await desk.services.authenticate(INSTANCE, headers, ("GET", "/"))


@pytest.mark.parametrize(
    ("role", "target", "status"),
    [
        ("", "77", 403),
        ("ORG_OWNER_VIEWER", "77", 403),
        ("ORG_END_USER_IMPERSONATOR", "77", 200),
        ("ORG_END_USER_IMPERSONATOR", ADMIN, 403),
        ("ORG_ADMIN_IMPERSONATOR", "77", 200),
        ("ORG_ADMIN_IMPERSONATOR", ADMIN, 200),
    ],
)
async def test_who_may_act_as_whom(desk, role, target, status):
    """ZA-71."""
    app = await desk.app(grant_types=ALL)
    _, own = await support(desk, role, app)
    await customer(desk)
    found = await act(desk, app, target, own)
    assert (found.status, found.error) == (status, None if status == 200 else "access_denied")


async def test_acting_for_others_is_off_unless_the_policy_allows_it(stack):
    app = await stack.app(grant_types=ALL)
    _, own = await support(stack, "ORG_ADMIN_IMPERSONATOR", app)
    found = await act(stack, app, await customer(stack), own)
    assert (found.status, found.error) == (403, "access_denied")


async def test_a_client_vouches_with_its_key_only_together_with_an_actor(desk):
    app = await desk.with_key(await desk.app(grant_types=ALL))
    _, own = await support(desk, "ORG_END_USER_IMPERSONATOR", app)
    user_id = await customer(desk)
    text = signed(app.client_id, desk.issuer, app.key_id, app.key, seconds(desk), sub=user_id)
    assert (await exchange(desk, app, text, JWT)).error == "invalid_request"
    actor = {"actor_token": own, "actor_token_type": ACCESS}
    assert (await exchange(desk, app, text, JWT, **actor)).status == 200
    other = {**actor, "actor_token": "x"}
    assert (await exchange(desk, app, text, JWT, **other)).error == "invalid_request"
    again = await act(desk, app, user_id, own)
    chained = {"actor_token": again.json["access_token"], "actor_token_type": ACCESS}
    assert (await exchange(desk, app, text, JWT, **chained)).status == 403


async def test_a_token_ends_with_who_acts(desk):
    """Deactivated is who acts, not who is acted for: nobody goes on in another's name."""
    app = await desk.app(grant_types=ALL)
    helper, own = await support(desk, "ORG_END_USER_IMPERSONATOR", app)
    user_id = await customer(desk)
    text = (await act(desk, app, user_id, own)).json["access_token"]
    assert (await desk.introspect(app, text))["active"]
    await desk.send(DeactivateUser(user_id=helper))
    assert not (await desk.introspect(app, text))["active"]
    assert (await desk.userinfo(text)).status == 401


async def test_who_gets_no_token_has_not_acted(desk):
    app = await desk.app(grant_types=ALL)
    _, own = await support(desk, "ORG_END_USER_IMPERSONATOR", app)
    form = {"subject_token": await customer(desk), "subject_token_type": USER_ID}
    actor = {"actor_token": own, "actor_token_type": ACCESS}
    proof = {**app.basic, "DPoP": "no proof"}
    found = await desk.token(GRANT, proof, **form, **actor, scope="openid")
    assert (found.status, found.error) == (400, "invalid_dpop_proof")
    log = await desk.services.world.log.after(INSTANCE, 0, 10_000)
    assert not any(isinstance(each.event, UserImpersonated) for each in log)


async def test_an_application_that_asks_for_consent_gets_none_by_an_exchange(desk):
    project = await desk.project()
    first, second = await desk.app(project), await desk.app(project, grant_types=ALL)
    await desk.settings(second, ask_consent=True)
    tokens = await desk.sign_in(first)
    scope = {"scope": "openid email"}
    for kind, text in ((ACCESS, tokens["access_token"]), (ID, tokens["id_token"])):
        found = await exchange(desk, second, text, kind, **scope)
        assert (found.status, found.error) == (400, "consent_required")
    order = GiveConsent(user_id=ADMIN, client_id=second.client_id, scopes=("openid", "email"))
    await desk.send(order)
    found = (await exchange(desk, second, tokens["access_token"], **scope)).json
    assert (await desk.userinfo(found["access_token"])).status == 200
    await desk.send(WithdrawConsent(user_id=ADMIN, client_id=second.client_id))
    assert (await desk.userinfo(found["access_token"])).status == 401
    _, own = await support(desk, "ORG_END_USER_IMPERSONATOR", second)
    acting = (await act(desk, second, await customer(desk), own)).json
    assert (await desk.userinfo(acting["access_token"])).status == 200
