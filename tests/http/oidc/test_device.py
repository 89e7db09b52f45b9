import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from personae.actors.domain.device_auth.commands import ApproveDeviceAuth, DenyDeviceAuth
from personae.actors.domain.device_auth.state import USER_CODES
from personae.actors.domain.device_auth.user_code import plain
from personae.actors.domain.kit import Caller
from personae.actors.domain.project.values import AuthMethod, GrantType
from personae.actors.domain.session.commands import TerminateSession

from tests.aggregates.conftest import ADMIN, INSTANCE
from tests.http.oidc.proofs import new_key, proof

DEVICE, TOKEN = "/oauth/v2/device_authorization", "/oauth/v2/token"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
BOTH = (GrantType.DEVICE_CODE, GrantType.REFRESH_TOKEN)


@pytest.fixture
async def tv(stack):
    return await stack.app(
        auth_method_type=AuthMethod.NONE, grant_types=BOTH, response_types=(), redirect_uris=()
    )


async def begin(stack, app, **form):
    wanted = {"scope": "openid profile offline_access", **form}
    return await stack.post(DEVICE, client_id=app.client_id, **wanted)


async def poll(stack, app, begun, headers=None):
    form = {"client_id": app.client_id, "device_code": begun.json["device_code"]}
    return await stack.token(GRANT, headers, **form)


async def answer(stack, begun, browser, *, allow=True):
    code = plain(begun.json["user_code"])
    device_id = await stack.services.world.log.holder(INSTANCE, USER_CODES, code)
    held = browser.held
    order = (
        ApproveDeviceAuth(device_id=device_id, session_id=held.session_id, presented=held.token_id)
        if allow
        else DenyDeviceAuth(device_id=device_id)
    )
    await stack.services.send(order, Caller(instance_id=INSTANCE))


async def test_a_device_is_signed_in_from_another_one(stack, tv, clock):
    browser, begun = await stack.browser(), await begin(stack, tv)
    assert (begun.status, begun.headers["Cache-Control"]) == (200, "no-store")
    about = begun.json
    assert (about["expires_in"], about["interval"]) == (300, 5)
    assert about["verification_uri"] == f"{stack.issuer}/ui/login/device"
    assert about["verification_uri_complete"].endswith(f"?user_code={about['user_code']}")
    assert (await poll(stack, tv, begun)).error == "authorization_pending"
    await answer(stack, begun, browser)
    clock.pass_(seconds=5)
    url = stack.issuer + TOKEN
    async with AsyncOAuth2Client(tv.client_id, token_endpoint_auth_method="none") as client:
        tokens = await client.fetch_token(url, grant_type=GRANT, device_code=about["device_code"])
        assert tokens["scope"] == "openid profile offline_access"
        assert (await client.get(f"{stack.issuer}/oidc/v1/userinfo")).json()["sub"] == ADMIN
        renewed = await client.refresh_token(url)
        assert renewed["access_token"] != tokens["access_token"]
    clock.pass_(seconds=5)
    assert (await poll(stack, tv, begun)).error == "invalid_grant"


async def test_who_asks_too_often_waits_longer_each_time(stack, tv, clock):
    begun = await begin(stack, tv)
    for seconds, error in ((0, "authorization_pending"), (4, "slow_down"), (9, "slow_down"),
                           (15, "authorization_pending"), (14, "slow_down")):  # fmt: skip
        clock.pass_(seconds=seconds)
        found = await poll(stack, tv, begun)
        assert (found.status, found.error) == (400, error)


async def test_a_denied_and_a_late_device_get_nothing(stack, tv, clock):
    browser = await stack.browser()
    denied, late, allowed = [await begin(stack, tv) for _ in range(3)]
    await answer(stack, denied, browser, allow=False)
    await answer(stack, allowed, browser)
    assert (await poll(stack, tv, denied)).error == "access_denied"
    clock.pass_(seconds=300)
    for begun in (late, allowed):
        assert (await poll(stack, tv, begun)).error == "expired_token"


async def test_a_device_whose_person_signed_out_gets_nothing(stack, tv):
    browser, begun = await stack.browser(), await begin(stack, tv)
    await answer(stack, begun, browser)
    await stack.send(TerminateSession(session_id=browser.held.session_id))
    assert (await poll(stack, tv, begun)).error == "invalid_grant"


async def test_a_device_code_is_good_to_its_client_only_and_in_one_spelling(stack, tv):
    other = await stack.app(auth_method_type=AuthMethod.NONE, grant_types=BOTH)
    begun = await begin(stack, tv)
    assert (await poll(stack, other, begun)).error == "invalid_grant"
    begun.json["device_code"] += "A"
    assert (await poll(stack, tv, begun)).error == "invalid_grant"
    begun.json["device_code"] = begun.json["user_code"]
    assert (await poll(stack, tv, begun)).error == "invalid_grant"


async def test_the_grant_must_be_registered(stack, tv):
    app = await stack.app(auth_method_type=AuthMethod.NONE)
    assert (await begin(stack, app)).error == "unauthorized_client"
    assert (await poll(stack, app, await begin(stack, tv))).error == "unauthorized_client"
    assert (await begin(stack, tv, scope="nonsense")).error == "invalid_scope"
    assert (await stack.post(DEVICE, client_id="nobody")).error == "invalid_client"


async def test_device_tokens_may_be_bound_to_a_key(stack, tv):
    browser, begun, key = await stack.browser(), await begin(stack, tv), new_key()
    await answer(stack, begun, browser)
    found = await poll(stack, tv, begun, {"DPoP": proof(stack, key, TOKEN)})
    assert found.json["token_type"] == "DPoP"


async def test_parameters_of_devices_are_read_like_those_of_tokens(stack, tv):
    """RFC 8628, 3.1 and 3.4: unknown and empty ones are ignored, repeated and missing ones refused."""
    begun = await begin(stack, tv, unheard_of="1", resource="")
    assert begun.status == 200
    pairs = [("client_id", tv.client_id), ("scope", "openid"), ("scope", "profile")]
    found = await stack.call("POST", DEVICE, data=pairs)
    assert (found.status, found.error) == (400, "invalid_request")
    pairs = [("grant_type", GRANT), ("client_id", tv.client_id)]
    for codes in ([begun.json["device_code"]] * 2, [""], []):
        found = await stack.call("POST", TOKEN, data=[*pairs, *(("device_code", c) for c in codes)])
        assert (found.status, found.error) == (400, "invalid_request")
    for path, form in ((DEVICE, {}), (TOKEN, {"grant_type": GRANT, **begun.json})):
        nobody = await stack.call("POST", path, data={"scope": "openid", **form})
        assert (nobody.status, nobody.error) == (401, "invalid_client")


async def test_a_device_with_a_secret_shows_it_at_both_endpoints(stack):
    """RFC 8628, 3.1 and 3.4: "the client MUST authenticate"."""
    app = await stack.app(grant_types=BOTH, response_types=(), redirect_uris=())
    assert (await begin(stack, app)).error == "invalid_client"
    begun = await stack.post(DEVICE, app.basic, scope="openid")
    await answer(stack, begun, await stack.browser())
    assert (await poll(stack, app, begun)).error == "invalid_client"
    code = begun.json["device_code"]
    assert (await stack.token(GRANT, app.basic, device_code=code)).status == 200
