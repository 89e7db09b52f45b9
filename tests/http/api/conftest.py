"""The real stack behind the API: PostgreSQL, log, aggregates, read models, every wire."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import aiohttp
import grpc.aio
import personae.projections as read_models
import pytest
from aiohttp import web
from personae.actors import domain
from personae.actors.aggregates import facts
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.aggregates.world import World
from personae.actors.domain.instance.commands import AddInstanceMember
from personae.actors.domain.kit import Caller
from personae.actors.domain.org.commands import AddOrg, AddOrgMember
from personae.actors.domain.user.commands import AddMachine, AddPersonalAccessToken
from personae.actors.runtime.pools import PoolBusy, WorkPool
from personae.config.metrics import Metrics
from personae.config.roles import Roles
from personae.config.texts import Texts
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

from tests.aggregates.conftest import INSTANCE, ORG, SETUP

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

    def headers(self, user=ROOT):
        return {"Authorization": f"Bearer {self.tokens[user]}"} if user else {}

    async def call(self, method, user=ROOT, **fields):
        """Call a method by Connect; returns the answer, which may be a refusal."""
        async with self.http.post(f"/{method}", json=fields, headers=self.headers(user)) as answer:
            return await answer.json()

    async def ok(self, method, user=ROOT, **fields):
        """Call a method that must succeed."""
        answer = await self.call(method, user, **fields)
        assert "code" not in answer, answer
        return answer

    async def refused(self, method, user=ROOT, **fields):
        """Call a method that must be refused; returns the reason's id."""
        answer = await self.call(method, user, **fields)
        return answer["details"][0]["debug"]["id"]

    async def send(self, command):
        return await self.services.send(command, Caller.of_system(INSTANCE))

    async def machine(self, user_id, org_id=ORG):
        """Create a machine user with a token."""
        await self.send(AddMachine(user_id=user_id, org_id=org_id, user_name=user_id, name="M"))
        await self.send(AddPersonalAccessToken(user_id=user_id, token_id="1"))
        tokens = self.services.tokens
        self.tokens[user_id] = tokens.issue(TokenKind.PERSONAL, INSTANCE, user_id, "1")

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

    async def no_keys(instance_id):
        return []

    await projections.start()
    yield Services(
        dispatch=Dispatch(world),
        projections=projections,
        tokens=OpaqueTokens(keyring),
        keys=SigningKeys(no_keys),
        texts=TEXTS,
        counters=Metrics(),
        origins=Origins(secure=False, port=80),
    )
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


@pytest.fixture
async def running(database):
    async with services_on(database) as services, served(services) as port:
        await services.send(replace(SETUP, domain="127.0.0.1"), Caller.of_system(INSTANCE))
        url = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession(url) as http:
            yield Api(services, http, None, {})


@pytest.fixture
async def server(running):
    """The API with three users: ROOT, GUEST and the OWNER of another organisation."""
    await running.machine(ROOT)
    await running.send(AddInstanceMember(instance_id=INSTANCE, user_id=ROOT, roles=("IAM_OWNER",)))
    await running.machine(GUEST)
    await running.send(AddOrg(org_id=OTHER_ORG, name="Other"))
    await running.machine(OWNER, OTHER_ORG)
    await running.send(AddOrgMember(org_id=OTHER_ORG, user_id=OWNER, roles=("ORG_OWNER",)))
    return running
