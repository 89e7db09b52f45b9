"""Keys that clients publish themselves (RFC 7591, 2): fetched, remembered, replaced, bounded."""

import asyncio
import json

import pytest
from aiohttp import web
from joserfc.jwk import ECKey, OctKey, RSAKey
from personae.actors.domain.project.values import AuthMethod
from personae.actors.workers.outbound import Outbound

from tests.http.oidc.assertions import ASSERTION, seconds, signed
from tests.http.oidc.conftest import query_of, serving
from tests.http.oidc.test_request_object import ask, request_of
from tests.http.oidc.test_resources import settings

REVOKE = "/oauth/v2/revoke"


class Publisher:
    """An address with a key set; counts who asks, and answers what it is told to."""

    def __init__(self):
        self.keys, self.asked, self.answer = {}, 0, None

    def new(self, name):
        self.keys[name] = ECKey.generate_key("P-256")
        return self

    def published(self):
        return [{**key.as_dict(private=False), "kid": name} for name, key in self.keys.items()]

    async def show(self, _request):
        self.asked += 1
        await asyncio.sleep(0.01)
        return self.answer or web.json_response({"keys": self.published()})

    def proves(self, stack, app, name):
        pem = self.keys[name].as_pem(private=True).decode()
        about = (app.client_id, stack.issuer, name, pem, seconds(stack))
        return {
            "client_assertion_type": ASSERTION,
            "client_assertion": signed(*about, algorithm="ES256"),
        }


async def moved(_request):
    return web.Response(status=302, headers={"Location": "/keys"})


@pytest.fixture
async def publisher():
    publisher, app = Publisher().new("one"), web.Application()
    app.router.add_get("/keys", publisher.show)
    app.router.add_get("/moved", moved)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    publisher.url = f"http://127.0.0.1:{runner.addresses[0][1]}/keys"
    yield publisher
    await runner.cleanup()


@pytest.fixture
async def stack(dispatch):
    async with serving(dispatch, fetch=Outbound(private=True).get) as stack:
        yield stack


@pytest.fixture
async def app(stack, publisher):
    app = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT)
    await settings(stack, app, jwks_uri=publisher.url)
    return app


async def known(stack, app, publisher, name="one"):
    """Say whether a client is known by a key."""
    found = await stack.post(REVOKE, token="x", **publisher.proves(stack, app, name))
    assert found.status in {200, 401}
    return found.status == 200


async def test_a_client_is_known_by_a_key_that_it_publishes(stack, app, publisher):
    for _ in range(3):
        assert await known(stack, app, publisher)
    assert publisher.asked == 1


async def test_what_it_signed_asks_for_a_sign_in(stack, app, publisher):
    app.key_id, app.key = "one", publisher.keys["one"].as_pem(private=True).decode()
    text = request_of(stack, app, algorithm="ES256")
    begun = await ask(stack, app, text)
    assert "authRequestID" in query_of(begun.location)


async def test_a_new_key_is_found_but_nobody_makes_us_ask_more_than_once_a_minute(
    stack, app, publisher, clock
):
    assert await known(stack, app, publisher)
    publisher.new("two")
    assert not await known(stack, app, publisher, "two")
    assert publisher.asked == 1
    clock.pass_(seconds=60)
    assert await known(stack, app, publisher, "two")
    publisher.new("stranger")
    for _ in range(5):
        assert not await known(stack, app, publisher, "stranger")
    assert publisher.asked == 2


async def test_a_key_that_is_published_no_more_counts_no_more(stack, app, publisher, clock):
    assert await known(stack, app, publisher)
    publisher.new("two")
    gone = publisher.proves(stack, app, "one")
    del publisher.keys["one"]
    clock.pass_(minutes=15)
    again = await stack.post(REVOKE, token="x", **gone)
    assert (again.status, again.error) == (401, "invalid_client")
    assert await known(stack, app, publisher, "two")


async def test_many_who_come_at_once_ask_once(stack, app, publisher):
    answers = await asyncio.gather(*(known(stack, app, publisher) for _ in range(10)))
    assert answers == [True] * 10
    assert publisher.asked == 1


async def test_while_the_address_does_not_answer_what_is_known_counts_for_a_day(
    stack, app, publisher, clock
):
    assert await known(stack, app, publisher)
    publisher.answer = web.Response(status=503)
    clock.pass_(hours=23)
    assert await known(stack, app, publisher)
    clock.pass_(hours=1)
    assert not await known(stack, app, publisher)


BAD = {
    "no JSON": b"{",
    "no set": b"[]",
    "no keys": b"{}",
    "too long": b" " * 70_000,
    "a secret": json.dumps({"keys": [OctKey.import_key("x" * 32).as_dict()]}).encode(),
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
async def test_what_is_no_key_set_proves_nobody(stack, app, publisher, body):
    publisher.answer = web.Response(body=body, content_type="application/json")
    assert not await known(stack, app, publisher)


async def test_a_key_of_no_use_does_not_spoil_the_others(stack, app, publisher):
    keys = [{"kty": "XYZ"}, "text", {"kty": "RSA", "use": "enc"}, *publisher.published()]
    publisher.answer = web.json_response({"keys": keys})
    assert await known(stack, app, publisher)


async def test_of_keys_with_one_id_the_kind_decides(stack, publisher):
    """FAPI 2.0 Security Profile, 5.4.3: the verifier shall consider other attributes."""
    rsa = RSAKey.generate_key(2048)
    twin = {**rsa.as_dict(private=False), "kid": "one"}
    elsewhere = {**ECKey.generate_key("P-256").as_dict(private=False), "kid": "one", "use": "enc"}
    ours = publisher.published()
    pem = rsa.as_pem(private=True).decode()
    for keys in ([elsewhere, twin, *ours], [elsewhere, *ours, twin]):
        publisher.answer = web.json_response({"keys": keys})
        other = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT)
        await settings(stack, other, jwks_uri=f"{publisher.url}?{other.app_id}")
        assert await known(stack, other, publisher)
        text = signed(other.client_id, stack.issuer, "one", pem, seconds(stack))
        form = {"client_assertion_type": ASSERTION, "client_assertion": text}
        assert (await stack.post(REVOKE, token="x", **form)).status == 200


async def test_a_redirect_is_not_followed(stack, app, publisher):
    await settings(stack, app, jwks_uri=publisher.url.replace("/keys", "/moved"))
    assert not await known(stack, app, publisher)
    assert publisher.asked == 0


async def test_nothing_is_fetched_from_our_own_network(dispatch, publisher):
    async with serving(dispatch, fetch=Outbound().get) as stack:
        app = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT)
        await settings(stack, app, jwks_uri=publisher.url)
        assert not await known(stack, app, publisher)
    assert publisher.asked == 0
    assert await Outbound().get("http://example.com/keys", 10) is None


async def test_a_key_that_was_uploaded_counts_without_a_look(stack, publisher):
    app = await stack.app(auth_method_type=AuthMethod.PRIVATE_KEY_JWT)
    await settings(stack, app, jwks_uri=publisher.url)
    text = signed(app.client_id, stack.issuer, app.key_id, app.key, seconds(stack))
    form = {"client_assertion_type": ASSERTION, "client_assertion": text}
    assert (await stack.post(REVOKE, token="x", **form)).status == 200
    assert publisher.asked == 0
