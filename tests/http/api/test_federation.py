"""Sign-ins elsewhere over the API: started, answered, retrieved, and used once."""

import asyncio
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import pytest
from aiohttp import web
from personae.actors.domain.idp.values import IdpKind
from personae.actors.domain.instance.commands import ChangePolicy
from personae.actors.domain.instance.idps import ChangeIdp, RemoveIdp, WithdrawIdp
from personae.actors.domain.kit import replace
from personae.actors.domain.policies import LoginPolicy
from personae.actors.domain.user.commands import LockUser
from personae.actors.workers.outbound import Outbound
from personae.http import login
from personae.http.identity.federation.federation import Federation
from personae.http.identity.services import SERVICES

from tests.aggregates.conftest import INSTANCE, ORG
from tests.http.api.conftest import GUEST, ROOT, SESSION, USER

START, RETRIEVE = f"{USER}/StartIdentityProviderIntent", f"{USER}/RetrieveIdentityProviderIntent"
CREATE = f"{SESSION}/CreateSession"
URLS = {"success_url": "https://app.example/ok", "failure_url": "https://app.example/no"}
SAID = {
    "sub": "ext-1",
    "email": "gigi@example.com",
    "email_verified": True,
    "given_name": "Gigi",
    "family_name": "Giraffe",
}


class Elsewhere:
    """A real OAuth server, but for its page: who is sent there is taken to have said yes."""

    def __init__(self):
        self.user, self.redeemed = dict(SAID), []

    async def token(self, request):
        self.redeemed.append(dict(await request.post()))
        return web.json_response({"access_token": "at-1", "token_type": "Bearer"})

    async def userinfo(self, request):
        assert request.headers["Authorization"] == "Bearer at-1"
        return web.json_response(self.user)


@pytest.fixture
async def elsewhere():
    provider, app = Elsewhere(), web.Application()
    app.router.add_post("/token", provider.token)
    app.router.add_get("/user", provider.userinfo)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield provider
    await runner.cleanup()


@pytest.fixture
async def us(server, elsewhere):
    """The API, the pages that people come back to, and a provider that may be used."""
    outbound = Outbound(private=True)
    server.services.federation = Federation(outbound.exchange, outbound.addresses)
    await server.send(
        ChangePolicy(instance_id=INSTANCE, policy=LoginPolicy(allow_external_idp=True))
    )
    await server.idp(
        "1",
        authorization_endpoint=f"{elsewhere.url}/authorize",
        token_endpoint=f"{elsewhere.url}/token",
        user_endpoint=f"{elsewhere.url}/user",
        use_pkce=True,
        is_creation_allowed=True,
        is_auto_update=True,
    )
    app = web.Application()
    app[SERVICES] = server.services
    login.add_routes(app)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as http:
        server.pages = http
        yield server
    await runner.cleanup()


async def back(us, **answer):
    """Come back from the provider; returns what our page tells the application."""
    async with us.pages.get("/idps/callback", params=answer, allow_redirects=False) as got:
        return dict(parse_qsl(urlsplit(got.headers["Location"]).query))


async def came(us):
    """Walk to the provider and back; returns id and token as the application gets them."""
    started = await us.ok(START, idp_id="1", urls=URLS)
    asked = dict(parse_qsl(urlsplit(started["authUrl"]).query))
    said = await back(us, state=asked["state"], code="c")
    return {"idp_intent_id": said["id"], "idp_intent_token": said["token"]}


async def linked(us, name="gigi"):
    user = (await us.human(name))["id"]
    link = {"idp_id": "1", "user_id": "ext-1", "user_name": "Gigi elsewhere"}
    await us.ok(f"{USER}/AddIDPLink", user_id=user, idp_link=link)
    return user


def checks(user, intent):
    return {"checks": {"user": {"user_id": user}, "idp_intent": intent}}


async def test_somebody_new_is_described_and_may_be_created(us):
    for number in range(4):  # on every wire
        intent = await came(us)
        got = await us.ok(RETRIEVE, **intent)
        information = got["idpInformation"]
        assert information["rawInformation"] == SAID
        assert information["oauth"] == {"accessToken": "at-1"}
        assert (information["idpId"], information["userId"]) == ("1", "ext-1")
        created = got["createUser"]
        assert created["organizationId"] == ORG
        assert created["human"]["email"] == {"email": "gigi@example.com", "isVerified": True}
        assert created["human"]["idpLinks"] == [
            {"idpId": "1", "userId": "ext-1", "userName": "gigi@example.com"}
        ]
        assert "userId" not in got
        if not number:
            proposed = got["createUser"]
    made = (await us.ok(f"{USER}/CreateUser", **proposed))["id"]
    intent = await came(us)
    assert (await us.ok(RETRIEVE, **intent))["userId"] == made
    session = await us.ok(CREATE, **checks(made, intent))
    got = await us.ok(f"{SESSION}/GetSession", session_id=session["sessionId"])
    assert got["session"]["factors"]["intent"]["verifiedAt"]


async def test_a_linked_user_is_told_and_what_has_changed(us):
    user = await linked(us)
    got = await us.ok(RETRIEVE, **await came(us))
    assert (got["userId"], got["updateUser"]["userId"]) == (user, user)
    assert got["updateUser"]["human"]["profile"]["givenName"] == "Gigi"
    assert "createUser" not in got


async def test_an_unverified_address_is_to_be_verified_here(us, elsewhere):
    """ZA-55."""
    for said in ({"email_verified": False}, {"email_verified": None}, {"email_verified": "no"}):
        elsewhere.user = SAID | said
        got = await us.ok(RETRIEVE, **await came(us))
        assert "isVerified" not in got["createUser"]["human"]["email"]


async def test_an_intent_counts_once_also_in_parallel(us):
    """ZA-25: one of 50 wins."""
    user = await linked(us)
    intent = await came(us)
    answers = await asyncio.gather(*(us.call(CREATE, **checks(user, intent)) for _ in range(50)))
    won = [each for each in answers if "code" not in each]
    lost = {each["details"][0]["debug"]["id"] for each in answers if "code" in each}
    assert (len(won), lost) == (1, {"IDPINTENT-Consumed"})
    assert await us.refused(RETRIEVE, **intent) == "IDPINTENT-Consumed"
    assert await us.refused(CREATE, **checks(user, intent)) == "IDPINTENT-Consumed"


async def test_an_intent_counts_for_an_hour(us, monkeypatch):
    user = await linked(us)
    intent = await came(us)
    world = us.services.world
    now = world.now
    monkeypatch.setattr(world, "now", lambda: now() + timedelta(minutes=61))
    assert await us.refused(RETRIEVE, **intent) == "IDPINTENT-Expired"
    assert await us.refused(CREATE, **checks(user, intent)) == "IDPINTENT-Expired"


async def test_no_bit_of_a_token_may_be_another(us):
    """ZA-60."""
    user = await linked(us)
    intent = await came(us)
    token = intent["idp_intent_token"]
    assert len(token) <= 200
    for at in range(0, len(token), 3):
        other = "A" if token[at] != "A" else "B"
        changed = intent | {"idp_intent_token": token[:at] + other + token[at + 1 :]}
        assert await us.refused(RETRIEVE, **changed) == "IDPINTENT-TokenInvalid"
        assert await us.refused(CREATE, **checks(user, changed)) == "IDPINTENT-TokenInvalid"
    another = await came(us)
    mixed = intent | {"idp_intent_token": another["idp_intent_token"]}
    assert await us.refused(RETRIEVE, **mixed) == "IDPINTENT-TokenInvalid"
    assert await us.ok(RETRIEVE, **intent)


async def test_an_intent_proves_only_who_is_linked(us):
    user, other = await linked(us), (await us.human("other"))["id"]
    intent = await came(us)
    assert await us.refused(CREATE, **checks(other, intent)) == "IDPINTENT-OtherUser"
    assert await us.refused(CREATE, checks={"idp_intent": intent}) == "SESSION-UserNotChecked"
    fields = {"user_id": user, "idp_id": "1", "linked_user_id": "ext-1"}
    await us.ok(f"{USER}/RemoveIDPLink", **fields)
    assert await us.refused(CREATE, **checks(user, intent)) == "IDPINTENT-OtherUser"


async def test_who_is_locked_does_not_come_in_that_way(us):
    user = await linked(us)
    intent = await came(us)
    await us.send(LockUser(user_id=user))
    assert await us.refused(CREATE, **checks(user, intent)) == "USER-NotActive"


TURNED_OFF = {
    "the policy lets nobody come": ChangePolicy(instance_id=INSTANCE, policy=LoginPolicy()),
    "it is not offered": WithdrawIdp(instance_id=INSTANCE, idp_id="1"),
    "it is gone": RemoveIdp(instance_id=INSTANCE, idp_id="1"),
}


@pytest.mark.parametrize("order", TURNED_OFF.values(), ids=TURNED_OFF)
async def test_what_was_turned_off_meanwhile_lets_nobody_in(us, order):
    """ZA-32."""
    user = await linked(us)
    intent = await came(us)
    await us.send(order)
    assert await us.refused(CREATE, **checks(user, intent)) == "IDPINTENT-NotAllowed"


async def test_a_provider_that_is_gone_answers_nothing(us, elsewhere):
    started = await us.ok(START, idp_id="1", urls=URLS)
    asked = dict(parse_qsl(urlsplit(started["authUrl"]).query))
    await us.send(RemoveIdp(instance_id=INSTANCE, idp_id="1"))
    params = {"state": asked["state"], "code": "c"}
    async with us.pages.get("/idps/callback", params=params) as got:
        assert (got.status, "IDP-NotFound" in await got.text()) == (404, True)
    assert not elsewhere.redeemed


@pytest.mark.parametrize("creation", [True, False])
async def test_nobody_is_proposed_where_creation_is_not_allowed(us, creation):
    state = await us.services.dispatch.state(INSTANCE, "instance", INSTANCE)
    idp = replace(state.idps["1"], is_creation_allowed=creation)
    await us.send(ChangeIdp(instance_id=INSTANCE, idp_id="1", idp=idp))
    got = await us.ok(RETRIEVE, **await came(us))
    assert ("createUser" in got) == creation


async def test_a_sign_in_is_started_by_those_who_open_sessions_for_others(us):
    """Who starts one is told who comes back: a person lured there would sign in for the thief."""
    await us.human("thief")
    refused = await us.refused(START, GUEST, idp_id="1", urls=URLS)
    assert refused == "AUTH-PermissionDenied"
    intent = await came(us)
    assert await us.refused(RETRIEVE, GUEST, **intent) == "AUTH-PermissionDenied"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//evil.test", "/relative", "http://app.example/", "data:x"]
)
async def test_the_browser_is_sent_to_safe_addresses_only(us, url):
    """ZA-56."""
    for name in URLS:
        refused = await us.refused(START, idp_id="1", urls=URLS | {name: url})
        assert refused == "IDPINTENT-UrlInvalid"


async def test_each_way_has_its_own_kind_of_provider(us):
    ldap = {"username": "gigi", "password": "x"}
    assert await us.refused(START, idp_id="1", ldap=ldap) == "IDP-OtherWay"
    assert await us.refused(START, idp_id="404", urls=URLS) == "IDP-NotFound"
    assert (await us.call(START, idp_id="1"))["code"] == "invalid_argument"
    await us.idp("2", kind=IdpKind.LDAP, servers=("ldap://127.0.0.1:1",))
    assert await us.refused(START, idp_id="2", urls=URLS) == "IDP-OtherWay"
    assert await us.refused(START, idp_id="2", ldap=ldap) == "IDP-Unreachable"


async def test_the_older_package_does_the_same(us):
    beta = "zitadel.user.v2beta.UserService"
    started = await us.ok(f"{beta}/StartIdentityProviderIntent", ROOT, idp_id="1", urls=URLS)
    asked = dict(parse_qsl(urlsplit(started["authUrl"]).query))
    said = await back(us, state=asked["state"], code="c")
    intent = {"idp_intent_id": said["id"], "idp_intent_token": said["token"]}
    got = await us.ok(f"{beta}/RetrieveIdentityProviderIntent", **intent)
    assert got["idpInformation"]["userId"] == "ext-1"
    user = await linked(us)
    again = await us.ok(
        "zitadel.session.v2beta.SessionService/CreateSession", **checks(user, intent)
    )
    assert again["sessionId"]


async def test_nothing_secret_is_in_the_log(us):
    intent = await came(us)
    events = await us.services.world.log.after(INSTANCE, 0, 1000)
    told = str([each.event for each in events])
    assert "at-1" not in told
    assert intent["idp_intent_token"] not in told
