"""Signed in, but without the permission: every method, asked what succeeds for who may.

Before each step of the flows (``flows.py``) two users without any role try the same request: so
what is refused is the person, not the request.
"""

import time

import pytest
from personae.http import wire
from pyotp import TOTP

from tests.aggregates.conftest import INSTANCE, ORG
from tests.authenticator import Authenticator
from tests.http.api import system
from tests.http.api.conftest import OTHER_ORG, ROOT
from tests.http.api.coverage import ENOUGH, NO_ROW
from tests.http.api.flows import FLOWS, OPS, USER
from tests.http.api.test_oidc import DENY, ID, LOGIN, ask, device, login, session  # noqa: F401

STRANGERS = {"neighbour": ORG, "stranger": OTHER_ORG}
"""A user of the organisation that owns what is asked for, and one of another; no roles."""

DENIED, SIGNED_IN = "AUTH-PermissionDenied", "authenticated"
APP, ACTION = "zitadel.application.v2.ApplicationService", "zitadel.action.v2.ActionService"
FEATURE, ORGS = "zitadel.feature.v2.FeatureService", "zitadel.org.v2.OrganizationService"
SESSION, PEOPLE = "zitadel.session.v2.SessionService", "zitadel.user.v2.UserService"
OTHERWISE = {
    # what is not shown is not there
    f"{APP}/GetApplication": "APP-NotFound",
    f"{APP}/GetApplicationKey": "APP-KeyNotFound",
    f"{FEATURE}/GetOrganizationFeatures": "ORG-NotFound",
    f"{FEATURE}/GetUserFeatures": "USER-NotFound",
    f"{SESSION}/GetSession": "SESSION-NotFound",
    f"{PEOPLE}/GetUserByID": "USER-NotFound",
    f"{PEOPLE}/ListAuthenticationFactors": "USER-NotFound",
    f"{PEOPLE}/ListAuthenticationMethodTypes": "USER-NotFound",
    f"{PEOPLE}/ListIDPLinks": "USER-NotFound",
    f"{PEOPLE}/ListPasskeys": "USER-NotFound",
    # the session's token is asked for instead
    f"{SESSION}/SetSession": "SESSION-TokenInvalid",
    f"{SESSION}/DeleteSession": "SESSION-TokenInvalid",
    # lists of what the caller may see
    f"{APP}/ListApplicationKeys": NO_ROW,
    f"{APP}/ListApplications": NO_ROW,
    "zitadel.authorization.v2.AuthorizationService/ListAuthorizations": NO_ROW,
    "zitadel.internal_permission.v2.InternalPermissionService/ListAdministrators": NO_ROW,
    f"{ORGS}/ListOrganizationDomains": NO_ROW,
    f"{ORGS}/ListOrganizationMetadata": NO_ROW,
    f"{ORGS}/ListOrganizations": NO_ROW,
    f"{SESSION}/ListSessions": NO_ROW,
    f"{PEOPLE}/ListKeys": NO_ROW,
    f"{PEOPLE}/ListPersonalAccessTokens": NO_ROW,
    f"{PEOPLE}/ListUserMetadata": NO_ROW,
    f"{PEOPLE}/ListUsers": NO_ROW,
    # nothing of anybody's
    f"{ACTION}/ListExecutionFunctions": ENOUGH,
    f"{ACTION}/ListExecutionMethods": ENOUGH,
    f"{ACTION}/ListExecutionServices": ENOUGH,
    f"{FEATURE}/GetInstanceFeatures": ENOUGH,
    f"{FEATURE}/GetSystemFeatures": ENOUGH,
    f"{SESSION}/CreateSession": ENOUGH,
}
"""Methods that need a token only, by the definition, and do not refuse by the permission inside."""


NOT_HERE = {
    f"{ORGS}/GenerateOrganizationDomainValidation",
    f"{ORGS}/VerifyOrganizationDomain",
    "zitadel.instance.v2.InstanceService/DeleteInstance",
    "zitadel.oidc.v2.OIDCService/AuthorizeOrDenyDeviceAuthorization",
    "zitadel.oidc.v2.OIDCService/GetAuthRequest",
    "zitadel.oidc.v2.OIDCService/GetDeviceAuthorizationRequest",
    f"{PEOPLE}/RetrieveIdentityProviderIntent",
    "zitadel.saml.v2.SAMLService/CreateResponse",
    "zitadel.saml.v2.SAMLService/GetSAMLRequest",
}
"""What a flow asks so that it is refused to who may as well; other tests do not."""


@pytest.fixture
async def tried(server, seen):
    """Make calls as ``say`` of the flows does, after the strangers have tried them."""
    server.services.system_users = system.known("SYSTEM_OWNER")
    server.tokens[OPS] = system.token()
    for user, org_id in STRANGERS.items():
        await server.machine(user, org_id)
    await server.idp("i")
    came_through = {}

    async def say(method, user=ROOT, **fields):
        name = f"zitadel.{method.replace('.', '.v2.', 1)}"
        for stranger in STRANGERS:
            before = await server.services.world.log.head(INSTANCE)
            told = outcome(await server.call(name, stranger, **fields))
            assert told == expected(name), (name, stranger)
            assert told == ENOUGH or before == await server.services.world.log.head(INSTANCE), name
            seen.strangers[name].add(told)
        answer = await server.call(name, user, **fields)
        rows = expected(name) != NO_ROW or outcome(answer) == ENOUGH
        came_through[name] = came_through.get(name) or (not is_refusal(answer) and rows)
        return answer

    yield server, say
    refused = {name for name, through in came_through.items() if not through}
    assert refused <= NOT_HERE


def expected(name):
    if wire.METHODS[name].permission != SIGNED_IN:
        return DENIED
    return OTHERWISE.get(name, DENIED)


def is_refusal(answer):
    return isinstance(answer.get("code"), str)


def outcome(answer):
    if is_refusal(answer):
        return answer["details"][0]["debug"]["id"]
    page = answer.keys() <= {"details", "pagination"} and str(answer)
    return NO_ROW if page and "totalResult" not in page else ENOUGH


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
async def test_who_may_not_is_refused_what_succeeds_for_who_may(tried, flow):
    _, say = tried
    await flow(say, lambda name: name)


async def test_nobody_sets_up_the_factors_of_somebody_else(tried):
    server, say = tried
    gigi = (await server.human())["id"]
    await server.token_of(gigi)
    whose = {"user": gigi, "user_id": gigi}
    app = await say(f"{USER}/RegisterTOTP", **whose)
    code = TOTP(app["secret"]).at(int(time.time()) - 30)
    await say(f"{USER}/VerifyTOTPRegistration", **whose, code=code)
    await say(f"{USER}/RemoveTOTP", **whose)
    for kind, what, named in (("passkey", "Passkey", "passkey"), ("u2f", "U2F", "token")):
        begun = await say(f"{USER}/Register{what}", **whose, domain="example.com")
        made = Authenticator().create(begun["publicKeyCredentialCreationOptions"])
        credential = {f"{kind}_id": begun[f"{kind}Id"], "public_key_credential": made}
        await say(
            f"{USER}/Verify{what}Registration", **whose, **credential, **{f"{named}_name": "K"}
        )


async def test_nobody_answers_the_requests_of_applications(tried, device):  # noqa: F811
    _, say = tried
    await ask(device)
    await say("oidc.OIDCService/GetAuthRequest", LOGIN, auth_request_id=ID)
    proof = {"auth_request_id": ID, "session": await session(device)}
    await say("oidc.OIDCService/CreateCallback", LOGIN, **proof)
    code = {"user_code": "BCDF-GHJK"}
    found = await say("oidc.OIDCService/GetDeviceAuthorizationRequest", LOGIN, **code)
    answer = {"device_authorization_id": found["deviceAuthorizationRequest"]["id"], **DENY}
    await say("oidc.OIDCService/AuthorizeOrDenyDeviceAuthorization", LOGIN, **answer)


def test_every_exception_is_a_method_that_needs_a_token_only():
    assert {wire.METHODS[name].permission for name in OTHERWISE} == {SIGNED_IN}
