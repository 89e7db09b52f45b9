"""Our pages on one port, and providers of others on other ports: nothing between them is faked."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import pytest
from aiohttp import web
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.domain.idp.values import Idp, IdpKind
from personae.actors.domain.instance.idps import AddIdp, OfferIdp
from personae.actors.domain.kit import Caller
from personae.actors.domain.policies import LoginPolicy
from personae.actors.domain.user.commands import AddHuman
from personae.actors.domain.user.values import NewContact, Profile
from personae.actors.workers.outbound import Outbound
from personae.http.identity.federation.federation import Federation
from personae.http.identity.federation.intents import Intents, Wish
from personae.http.identity.jose import PrivateKey
from personae.http.identity.jwt import Signer

from tests.aggregates.conftest import INSTANCE, ORG, SETUP, clock, process  # noqa: F401
from tests.aggregates.slow_log import SlowLog
from tests.http.oidc.conftest import SYSTEM, query_of, serving

SUCCESS, FAILURE = "https://app.example/ok", "https://app.example/no?keep=1"
POLICY = LoginPolicy(allow_username_password=True, allow_external_idp=True, allow_register=True)


class Us:
    """The side that is tested: a site that people come to from elsewhere."""

    def __init__(self, stack):
        self.stack, self.services = stack, stack.services
        self.back = f"{stack.issuer}/idps/callback"

    @property
    def intents(self):
        return Intents(self.services, INSTANCE, self.stack.issuer)

    async def send(self, command):
        return await self.services.send(command, SYSTEM)

    async def idp(self, kind=IdpKind.OIDC, *, secret="secret", offered=True, **settings):
        idp_id = self.services.new_id()
        idp = Idp(kind=kind, name="Elsewhere", **settings)
        secret = "" if kind is IdpKind.JWT else secret
        await self.send(AddIdp(instance_id=INSTANCE, idp_id=idp_id, idp=idp, secret=secret))
        if offered:
            await self.send(OfferIdp(instance_id=INSTANCE, idp_id=idp_id))
        return idp_id

    async def human(self, name="gigi", *, verified=True, links=()):
        user_id = self.services.new_id()
        order = AddHuman(
            user_id=user_id,
            org_id=ORG,
            user_name=name,
            profile=Profile(first_name="Gigi", last_name="Giraffe"),
            email=NewContact(value=f"{name}@example.com", verified=verified),
            links=links,
        )
        await self.send(order)
        return user_id

    async def start(self, idp_id, **more):
        """Begin a sign-in; returns where the browser is sent."""
        wish = Wish(idp_id=idp_id, success_url=SUCCESS, failure_url=FAILURE, **more)
        return await self.intents.start(Caller.of_system(INSTANCE), wish)

    async def state(self, intent_id):
        return await self.intents.intent(intent_id)

    async def answer(self, **params):
        """Bring an answer to our callback, as a browser does; returns where it is sent on."""
        got = await self.stack.call("GET", "/idps/callback", params=params)
        return SimpleNamespace(
            status=got.status, to=got.location.partition("?")[0],
            said=query_of(got.location), text=got.text, headers=got.headers,
        )  # fmt: skip


@asynccontextmanager
async def site(clock, *, private=True):  # noqa: F811
    world = process(SlowLog(), clock)
    dispatch = Dispatch(world)
    policies = replace(SETUP.policies, login=POLICY, second_factors=(1,))
    await dispatch.send(replace(SETUP, policies=policies), SYSTEM)
    async with serving(dispatch, pages=True) as stack:
        outbound = Outbound(private=private)
        stack.services.federation = Federation(outbound.exchange, outbound.addresses)
        yield stack


@pytest.fixture
async def us(clock):  # noqa: F811
    async with site(clock) as stack:
        yield Us(stack)


@pytest.fixture
async def theirs(clock):  # noqa: F811
    """Another Personae, which signs people in for us."""
    async with site(clock) as stack:
        yield stack


@dataclass
class Elsewhere:
    """A provider that says whatever a test wants, signed by its own key."""

    issuer: str
    now: object
    key: Signer = field(default_factory=lambda: Signer("k1", "ES256", PrivateKey.generate("ES256")))
    claims: dict = field(default_factory=dict)
    user: dict = field(default_factory=lambda: {"sub": "ext", "email": "gigi@example.com"})
    metadata: dict = field(default_factory=dict)
    token: dict = field(default_factory=dict)
    nonce: str = ""
    asked: list = field(default_factory=list)
    id_token: str = ""
    keys: object = None

    def said(self, **claims):
        now = int(self.now().timestamp())
        usual = {
            "iss": self.issuer, "aud": "us", "sub": "ext", "nonce": self.nonce,
            "iat": now, "exp": now + 300, "email": "gigi@example.com",
        }  # fmt: skip
        every = {**usual, **self.claims, **claims}
        return {name: value for name, value in every.items() if value is not None}

    async def serve_metadata(self, _request):
        known = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/user",
            "jwks_uri": f"{self.issuer}/keys",
        }
        return web.json_response({**known, **self.metadata})

    async def serve_keys(self, _request):
        return web.json_response(self.keys or {"keys": [dict(self.key.public.jwk)]})

    async def serve_token(self, request):
        self.asked.append((dict(request.headers), dict(await request.post())))
        token = self.id_token or self.key.sign(self.said(), "JWT")
        answer = {"access_token": "at-1", "token_type": "Bearer", "id_token": token, **self.token}
        return web.json_response(answer)

    async def serve_user(self, request):
        assert request.headers["Authorization"] == "Bearer at-1"
        return web.json_response(self.user)


@pytest.fixture
async def elsewhere(clock):  # noqa: F811
    app = web.Application()
    runner = web.AppRunner(app)
    provider = Elsewhere("", clock)
    app.router.add_get("/.well-known/openid-configuration", provider.serve_metadata)
    app.router.add_get("/keys", provider.serve_keys)
    app.router.add_post("/token", provider.serve_token)
    app.router.add_get("/user", provider.serve_user)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield provider
    await runner.cleanup()


def parameters(url):
    return dict(parse_qsl(urlsplit(url).query))
