from dataclasses import dataclass, field

import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import KeySet
from personae.actors.domain.kit import Stream
from personae.actors.domain.session.commands import TerminateSession
from personae.actors.domain.session_logout.decide import PAUSES
from personae.actors.workers.back_channel import EVENT, BackChannelLogout
from personae.actors.workers.outbound import Outbound

from tests.aggregates.conftest import ADMIN, INSTANCE


@dataclass
class Receiver:
    """A client's server; ``status`` is what it answers."""

    url: str = ""
    status: int = 200
    got: list = field(default_factory=list)

    async def take(self, request):
        assert (request.method, request.path_qs) == ("POST", "/bye?keep=1")
        self.got.append((await request.post())["logout_token"])
        return web.Response(status=self.status, headers={"Location": self.url + "elsewhere"})


@pytest.fixture
async def receiver():
    receiver, app = Receiver(), web.Application()
    app.router.add_post("/{any:.*}", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/bye?keep=1"
    yield receiver
    await runner.cleanup()


def worker(stack, *, private=True):
    async def sign(instance_id, claims, typ):
        return (await stack.services.keys.of(instance_id)).signer.sign(claims, typ)

    return BackChannelLogout(stack.services.dispatch, None, sign, Outbound(private=private))


async def signed_out(stack, receiver):
    app = await stack.app(back_channel_logout_uri=receiver.url)
    browser = await stack.browser()
    await stack.sign_in(app, browser)
    await stack.send(TerminateSession(session_id=browser.held.session_id))
    return app, browser.held.session_id


async def waiting(stack, session_id):
    stream = Stream(INSTANCE, "session_logout", session_id)
    return (await stack.services.world.state(stream)).waiting


async def test_a_client_is_told_with_a_token_that_says_who_and_which_session(stack, receiver):
    app, session_id = await signed_out(stack, receiver)
    await worker(stack).tell(INSTANCE, session_id)
    (text,) = receiver.got
    keys = KeySet.import_key_set((await stack.call("GET", "/oauth/v2/keys")).json)
    token = jwt.decode(text, keys, algorithms=["ES256"])
    claims = token.claims
    assert token.header["typ"] == "logout+jwt"
    assert (claims["iss"], claims["aud"]) == (stack.issuer, app.client_id)
    assert (claims["sub"], claims["sid"], claims["events"]) == (ADMIN, session_id, {EVENT: {}})
    assert claims["exp"] - claims["iat"] <= 120
    assert claims["jti"]
    assert "nonce" not in claims
    assert await waiting(stack, session_id) == {}
    await worker(stack).tell(INSTANCE, session_id)
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_who_does_not_take_it_is_told_again_later_and_in_the_end_no_more(
    stack, receiver, clock, status
):
    _, session_id = await signed_out(stack, receiver)
    receiver.status = status
    for tries, pause in enumerate(PAUSES, 1):
        for _ in range(2):  # the second finds that it is not time yet
            await worker(stack).tell(INSTANCE, session_id)
        assert len(receiver.got) == tries
        clock.pass_(seconds=pause.total_seconds())
    await worker(stack).tell(INSTANCE, session_id)
    assert len(receiver.got) == len(PAUSES) + 1
    assert await waiting(stack, session_id) == {}


@pytest.mark.parametrize("status", [200, 204, 400])
async def test_an_answer_that_is_one_is_not_asked_for_again(stack, receiver, clock, status):
    """Sections 2.5 and 2.8: retransmitted only after "potentially recoverable errors"."""
    _, session_id = await signed_out(stack, receiver)
    receiver.status = status
    await worker(stack).tell(INSTANCE, session_id)
    clock.pass_(hours=1)
    await worker(stack).tell(INSTANCE, session_id)
    assert len(receiver.got) == 1
    assert await waiting(stack, session_id) == {}


async def test_addresses_of_our_own_network_are_not_called(stack, receiver):
    _, session_id = await signed_out(stack, receiver)
    await worker(stack, private=False).tell(INSTANCE, session_id)
    named = Outbound()
    assert not await named.call(receiver.url.replace("127.0.0.1", "localhost"), data={})
    for url in ("file:///etc/passwd", "http://user@203.0.113.1/", "gopher://x/", "http://[::1]/"):
        assert not await named.call(url, data={})
    assert receiver.got == []


async def test_a_client_without_an_address_is_not_registered(stack):
    browser = await stack.browser()
    await stack.sign_in(await stack.app(), browser)
    assert await waiting(stack, browser.held.session_id) == {}
