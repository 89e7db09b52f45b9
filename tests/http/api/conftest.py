"""The real stack behind the API: PostgreSQL, log, aggregates, read models, every wire."""

import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from zlib import crc32

import aiohttp
import grpc.aio
import personae.projections as read_models
import pytest
from aiohttp import web
from grpclib.config import Configuration
from grpclib.protocol import H2Protocol
from h2.config import H2Configuration
from personae.actors import domain
from personae.actors.aggregates import facts
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.aggregates.facts.user import EMAIL_CODE, PHONE_CODE
from personae.actors.aggregates.world import World
from personae.actors.domain.idp.values import Idp, IdpKind
from personae.actors.domain.instance.commands import AddInstanceMember
from personae.actors.domain.instance.idps import AddIdp, OfferIdp
from personae.actors.domain.kit import Caller
from personae.actors.domain.oidc_session.commands import OpenOIDCSession
from personae.actors.domain.oidc_session.opening import Opening
from personae.actors.domain.org.commands import AddOrg, AddOrgMember
from personae.actors.domain.policies import DomainPolicy
from personae.actors.domain.user.commands import AddMachine, AddPersonalAccessToken
from personae.actors.runtime.pools import PoolBusy, WorkPool
from personae.config.metrics import Metrics
from personae.config.roles import Roles
from personae.config.texts import Texts
from personae.config.wiring import stored_keys
from personae.http import api, wire
from personae.http.identity.instances import Origins
from personae.http.identity.keys import SigningKeys
from personae.http.identity.opaque import OpaqueTokens, TokenKind
from personae.http.identity.services import Services
from personae.http.wire.registry import DEFAULT
from personae.projections.kit import Projections, tables_in
from personae.store.crypto import Keyring
from personae.store.passwords import Cost, Passwords
from personae.store.postgres import PostgresLog

from tests.aggregates.conftest import INSTANCE, ORG, POLICIES, PROJECT, SETUP
from tests.http.api import wires
from tests.http.api.coverage import Seen
from tests.http.wire.conftest import Acceptor

domain.load()
facts.load()
api.load()

ROOT, GUEST, OWNER, OTHER_ORG = "101", "102", "103", "11"
"""An administrator of the instance, nobody, an owner of another organisation."""

USER, SESSION = "zitadel.user.v2.UserService", "zitadel.session.v2.SessionService"
TEXTS = Texts.load()


@dataclass
class Api:
    """A running API: its services, a client of HTTP, a channel of gRPC, a token per user."""

    services: Services
    http: aiohttp.ClientSession
    channel: grpc.aio.Channel
    tokens: dict
    turn: int = field(default_factory=lambda: crc32(os.environ["PYTEST_CURRENT_TEST"].encode()))

    def headers(self, user=ROOT):
        return {"Authorization": f"Bearer {self.tokens[user]}"} if user else {}

    async def call(self, method, user=ROOT, **fields):
        """Call a method on one wire after the other; returns what Connect says, maybe a refusal."""
        self.turn += 1
        return await wires.called(self, self.turn, method, self.headers(user), fields)

    async def ok(self, method, user=ROOT, **fields):
        """Call a method that must succeed."""
        answer = await self.call(method, user, **fields)
        assert "code" not in answer, answer
        return answer

    async def refused(self, method, user=ROOT, **fields):
        """Call a method that must be refused; returns the reason's id."""
        answer = await self.call(method, user, **fields)
        return answer["details"][0]["debug"]["id"]

    def message(self, method, **fields):
        return wire.METHODS[method].request(**fields)

    async def grpc(self, method, metadata=None, **fields):
        known = wire.METHODS[method]
        headers = metadata or tuple((k.lower(), v) for k, v in self.headers().items())
        serialize = type(known.request()).SerializeToString
        call = self.channel.unary_unary(known.path, serialize, known.reply.FromString)
        return await call(known.request(**fields), metadata=headers, timeout=5)

    async def send(self, command):
        return await self.services.send(command, Caller.of_system(INSTANCE))

    async def idp(self, *ids, offered=True, **settings):
        """Add identity providers, which people may sign in through if ``offered``."""
        known = {
            "client_id": "us",
            "authorization_endpoint": "https://idp.test/authorize",
            "token_endpoint": "https://idp.test/token",
            "user_endpoint": "https://idp.test/user",
            "id_attribute": "sub",
        }
        idp = Idp(**{"kind": IdpKind.OAUTH, "name": "Elsewhere", **known, **settings})
        for id_ in ids:
            await self.send(AddIdp(instance_id=INSTANCE, idp_id=id_, idp=idp, secret="s"))
            if offered:
                await self.send(OfferIdp(instance_id=INSTANCE, idp_id=id_))

    async def machine(self, user_id, org_id=ORG):
        """Create a machine user with a token."""
        await self.send(AddMachine(user_id=user_id, org_id=org_id, user_name=user_id, name="M"))
        await self.send(AddPersonalAccessToken(user_id=user_id, token_id="1"))
        tokens = self.services.tokens
        self.tokens[user_id] = tokens.issue(TokenKind.PERSONAL, INSTANCE, user_id, "1")

    async def token_of(self, user_id):
        """Give a human a token, as a sign-in does."""
        opening = Opening(user_id=user_id, org_id=ORG, audience=(PROJECT,), access_token_id="t")
        family_id = f"V2_{user_id}"
        await self.send(OpenOIDCSession(oidc_session_id=family_id, org_id=ORG, opening=opening))
        tokens = self.services.tokens
        self.tokens[user_id] = tokens.issue(TokenKind.ACCESS, INSTANCE, family_id, "t")

    async def human(self, name="gigi", **more):
        """Create a human and return the answer."""
        fields = {
            "organization_id": ORG,
            "human": {
                "profile": {"given_name": "Gigi", "family_name": "Giraffe"},
                "email": {"email": f"{name}@example.com", "is_verified": True},
                "password": {"password": "Secret-Word-1"},
            },
            "username": name,
        }
        return await self.ok(f"{USER}/CreateUser", **fields | more)


def pytest_collection_modifyitems(items):
    """What looks back on all tests of the API comes after them."""
    items.sort(key=lambda item: item.name.startswith("test_the_page_"))


@pytest.fixture(scope="session", autouse=True)
def seen():
    """Every call of the API that any test makes, by method."""
    with Seen() as seen:
        yield seen


@asynccontextmanager
async def services_on(database):
    log = PostgresLog(database)
    pool = WorkPool("passwords", 1, 20)
    projections = Projections(database, log, tables_in(read_models))
    log.on_committed.append(projections.on_committed)
    keyring = Keyring({1: bytes(32)})
    world = World(
        log=log,
        keyring=keyring,
        passwords=Passwords(Cost(memory_kib=8, passes=1)),
        pool=pool,
        busy=PoolBusy,
        roles=Roles.load().by_name,
    )

    await projections.start()
    services = Services(
        dispatch=Dispatch(world),
        projections=projections,
        tokens=OpaqueTokens(keyring),
        keys=SigningKeys(lambda instance_id: stored_keys(services, instance_id)),
        texts=TEXTS,
        counters=Metrics(),
        origins=Origins(secure=False, port=80),
    )
    yield services
    await projections.stop()
    await log.close()
    await pool.stop()


@asynccontextmanager
async def served(services):
    app = web.Application()
    wire.add_routes(app, DEFAULT, services)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@asynccontextmanager
async def grpc_server(services):
    async def ready():
        return True

    mapping = wire.grpc_mapping(DEFAULT, services, ready)
    settings = H2Configuration(client_side=False, header_encoding="ascii")
    configuration = Configuration().__for_server__()
    listening = await asyncio.get_running_loop().create_server(
        lambda: H2Protocol(Acceptor(mapping), configuration, settings), "127.0.0.1", 0
    )
    yield listening.sockets[0].getsockname()[1]
    listening.close()


@asynccontextmanager
async def running(database, setup):
    """Run the API on an instance of its own, with no users but those of its set-up."""
    async with (
        services_on(database) as services,
        served(services) as port,
        grpc_server(services) as grpc_port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http,
        grpc.aio.insecure_channel(f"127.0.0.1:{grpc_port}") as channel,
    ):
        codes = dict.fromkeys((EMAIL_CODE, PHONE_CODE), SETUP.generators[2])
        order = replace(setup, domain="127.0.0.1", generators=codes)
        await services.send(order, Caller.of_system(INSTANCE))
        yield Api(services, http, channel, {})


@pytest.fixture
async def server(used_database):
    """The API with three users: ROOT, GUEST and the OWNER of another organisation."""
    async with running(used_database, SETUP) as api:
        await add_root(api)
        await api.machine(GUEST)
        await api.send(AddOrg(org_id=OTHER_ORG, name="Other"))
        await api.machine(OWNER, OTHER_ORG)
        await api.send(AddOrgMember(org_id=OTHER_ORG, user_id=OWNER, roles=("ORG_OWNER",)))
        yield api


@pytest.fixture
async def scoped(used_database):
    """The API of an instance whose user names are unique within organisations only."""
    policies = replace(POLICIES, domain=DomainPolicy(user_login_must_be_domain=True))
    async with running(used_database, replace(SETUP, policies=policies)) as api:
        await add_root(api)
        yield api


async def add_root(api):
    await api.machine(ROOT)
    await api.send(AddInstanceMember(instance_id=INSTANCE, user_id=ROOT, roles=("IAM_OWNER",)))
