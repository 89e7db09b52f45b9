"""Where a browser is sent to sign in, to sign out and to allow a device."""

import pytest
from personae.actors.domain.feature.commands import ResetFeatures, SetFeatures
from personae.actors.domain.feature.events import Level, LoginV2
from personae.actors.domain.kit import SYSTEM, Caller
from personae.actors.domain.project.values import GrantType, LoginVersion, ResponseType
from personae.http.oidc.provider import DetailsType, Profiles

from tests.aggregates.conftest import INSTANCE, ORG
from tests.http.oidc.conftest import AFTER, query_of, serving

OWNERS = {Level.SYSTEM: SYSTEM, Level.INSTANCE: INSTANCE, Level.ORG: ORG}
BASE = "https://app.example/ui"
EVERY = (GrantType.AUTHORIZATION_CODE, GrantType.IMPLICIT, GrantType.DEVICE_CODE)
END = "/oidc/v1/end_session"
OURS = "/ui/login/login?authRequestID=V2_"


async def sent_to(stack, app=None, **asked):
    return (await stack.authorize(app or await stack.app(), **asked)).headers["Location"]


async def feature(stack, level, **login):
    owner = OWNERS[level]
    order = SetFeatures(owner_id=owner, level=level, values={"login_v2": LoginV2(**login)})
    await stack.services.send(order, Caller.of_system(SYSTEM if owner == SYSTEM else INSTANCE))


async def test_people_sign_in_at_our_pages_unless_others_are_named(stack):
    assert (await sent_to(stack)).startswith(OURS)
    await feature(stack, Level.SYSTEM, required=True, base_uri="https://all.example")
    assert (await sent_to(stack)).startswith("https://all.example/login?authRequest=V2_")
    base = "https://id.example/ui/v2/login/"
    await feature(stack, Level.INSTANCE, required=True, base_uri=base)
    assert (await sent_to(stack)).startswith(f"{base}login?authRequest=V2_")
    await feature(stack, Level.INSTANCE, required=False, base_uri=base)
    assert (await sent_to(stack)).startswith(OURS)
    reset = ResetFeatures(owner_id=INSTANCE, level=Level.INSTANCE)
    await stack.services.send(reset, Caller.of_system(INSTANCE))
    assert (await sent_to(stack)).startswith("https://all.example/")


async def test_the_organisation_asked_for_says_where_its_people_sign_in(stack):
    scope = f"openid urn:zitadel:iam:org:id:{ORG}"
    await feature(stack, Level.INSTANCE, required=True, base_uri="https://all.example")
    await feature(stack, Level.ORG, required=False)
    assert (await sent_to(stack, scope=scope)).startswith(OURS)
    assert (await sent_to(stack)).startswith("https://all.example/")
    await feature(stack, Level.ORG, required=True, base_uri="https://org.example")
    assert (await sent_to(stack, scope=scope)).startswith("https://org.example/login?authRequest=")


async def test_an_application_chooses_the_pages(stack):
    base = "https://app.example/ui/"
    own = await stack.app(login_version=LoginVersion.V2, login_base_uri=base)
    other = await stack.app(login_version=LoginVersion.V2)
    ours = await stack.app(login_version=LoginVersion.V1)
    assert (await sent_to(stack, own)).startswith(f"{base}login?authRequest=V2_")
    assert (await sent_to(stack, other)).startswith(OURS)  # nobody says where
    await feature(stack, Level.INSTANCE, required=False, base_uri="https://all.example")
    assert (await sent_to(stack, other)).startswith("https://all.example/login?")
    assert (await sent_to(stack, ours)).startswith(OURS)
    await feature(stack, Level.INSTANCE, required=True, base_uri="https://all.example")
    assert (await sent_to(stack, own)).startswith(f"{base}login?")
    assert (await sent_to(stack, ours)).startswith("https://all.example/login?")


@pytest.fixture
async def stack(dispatch):
    profiles = Profiles(details={"payment": DetailsType(frozenset({"amount"}))})
    async with serving(dispatch, profiles=profiles) as stack:
        yield stack


@pytest.fixture
async def app(stack):
    """An application whose people sign in elsewhere."""
    types = (ResponseType.CODE, ResponseType.ID_TOKEN, ResponseType.ID_TOKEN_TOKEN)
    app = await stack.app(
        login_version=LoginVersion.V2, login_base_uri=BASE, response_types=types, grant_types=EVERY
    )
    return await stack.settings(app, authorization_types=("payment",))


PAYMENT = '[{"type": "payment", "amount": 1}]'


@pytest.mark.parametrize(
    ("asked", "ours"),
    [
        ({}, False),
        ({"response_mode": "fragment"}, False),
        ({"response_mode": "form_post"}, True),
        ({"response_type": "id_token"}, True),
        ({"response_type": "id_token token"}, True),
        ({"authorization_details": PAYMENT}, True),
    ],
)
async def test_what_the_api_cannot_answer_stays_at_our_pages(stack, app, asked, ours):
    found = await sent_to(stack, app, scope="openid", **asked)
    assert found.startswith(OURS if ours else f"{BASE}/login?authRequest=V2_")


@pytest.mark.parametrize("signed_in", [True, False])
async def test_without_a_hint_pages_elsewhere_ask_whether_to_sign_out(stack, app, signed_in):
    """They know who is signed in there; our cookie says nothing of it."""
    headers = (await stack.browser()).cookie if signed_in else None
    params = {"client_id": app.client_id, "post_logout_redirect_uri": AFTER, "state": "s"}
    found = await stack.call("GET", END, params=params, headers=headers)
    assert found.location.startswith(f"{BASE}/logout?")
    assert query_of(found.location) == params
    # From there the browser comes back with the same query.
    back = await stack.call("GET", f"{END}/done", params=params)
    assert back.location == f"{AFTER}?state=s"


async def test_where_no_application_is_named_the_feature_says_who_asks(stack):
    assert (await stack.call("GET", END)).location == "/ui/login/logout/done"
    await feature(stack, Level.INSTANCE, required=True, base_uri="https://all.example")
    for params in ({}, {"client_id": "nobody"}):
        found = await stack.call("GET", END, params=params)
        assert found.location.startswith("https://all.example/logout")
    ours = await stack.app(login_version=LoginVersion.V1)
    found = await stack.call("GET", END, params={"client_id": ours.client_id})
    assert found.location.startswith("https://all.example/logout?")


async def test_an_address_that_is_not_registered_is_no_more_followed_from_elsewhere(stack, app):
    params = {"client_id": app.client_id, "post_logout_redirect_uri": "https://evil.example/"}
    for path in (END, f"{END}/done"):
        found = await stack.call("GET", path, params=params)
        assert (found.status, found.location) == (400, "")


async def test_a_hint_ends_its_session_without_a_question_elsewhere_too(stack):
    tokens = await stack.sign_in(await stack.app())
    await feature(stack, Level.INSTANCE, required=True, base_uri=BASE)
    params = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": AFTER}
    found = await stack.call("GET", END, params=params)
    assert (found.status, found.location) == (302, AFTER)
    assert (await stack.userinfo(tokens["access_token"])).status == 401


async def test_a_device_is_allowed_where_people_sign_in(stack, app):
    begun = (await stack.post("/oauth/v2/device_authorization", app.basic, scope="openid")).json
    assert begun["verification_uri"] == f"{BASE}/device"
    complete = f"{BASE}/device?user_code={begun['user_code']}"
    assert begun["verification_uri_complete"] == complete
    form = {"scope": "openid", "authorization_details": PAYMENT}
    begun = (await stack.post("/oauth/v2/device_authorization", app.basic, **form)).json
    assert begun["verification_uri"] == f"{stack.issuer}/ui/login/device"


async def test_the_organisation_asked_for_says_where_its_people_allow_a_device(stack):
    app = await stack.app(grant_types=EVERY)
    await feature(stack, Level.ORG, required=True, base_uri="https://org.example")
    scope = f"openid urn:zitadel:iam:org:id:{ORG}"
    ours = f"{stack.issuer}/ui/login/device"
    for asked, where in ((scope, "https://org.example/device"), ("openid", ours)):
        begun = await stack.post("/oauth/v2/device_authorization", app.basic, scope=asked)
        assert begun.json["verification_uri"] == where
