"""The assembled server, asked what it is asked all the time: nothing holds its event loop up.

BlockBuster watches for what waits (files, locks, sockets, sleep); what computes for long and
belongs to a thread is added by name. The server and who asks it share the loop.
"""

import secrets
import traceback
from contextlib import asynccontextmanager, contextmanager
from typing import ClassVar

import aiohttp
import argon2.low_level
import bcrypt
import pytest
from blockbuster import BlockBusterFunction, BlockingError, blockbuster_ctx
from blockbuster import blockbuster as watcher
from cryptography.hazmat.primitives.asymmetric import rsa
from personae.actors.domain.instance.commands import AddInstanceMember
from personae.actors.domain.user.commands import AddPersonalAccessToken
from personae.config import serving
from personae.config.load import load
from personae.config.wiring import running
from personae.http.identity.opaque import TokenKind

from tests.aggregates.conftest import INSTANCE, ORG, SETUP
from tests.http.oidc.conftest import SYSTEM, Stack, basic
from tests.running import free_port

pytestmark = pytest.mark.store
COMPUTING = (
    (argon2.low_level, "hash_secret"),
    (argon2.low_level, "verify_secret"),
    (argon2.PasswordHasher, "hash"),
    (bcrypt, "hashpw"),
    (bcrypt, "checkpw"),
    (rsa, "generate_private_key"),
)
"""Milliseconds and more of a processor."""


@pytest.fixture
def settings(postgres_url, tmp_path):
    environment = {
        "PERSONAE_DATABASE": postgres_url,
        "PERSONAE_DATA": str(tmp_path / "data"),
        "PERSONAE_MASTERKEY": "m" * 32,
        "PERSONAE_PORT": str(free_port()),
        "PERSONAE_EXTERNAL_DOMAIN": "first.localhost",
        "PERSONAE_FIRST_INSTANCE__ADMIN__PASSWORD": "Correct-Horse-1",
    }
    return load(environ=environment).settings


@asynccontextmanager
async def assembled(settings):
    """The whole server on its port, with a second instance that the tests know."""
    async with running(settings) as node, aiohttp.ClientSession() as http:
        await node.services.dispatch.send(SETUP, SYSTEM)
        port = serving.server(node)
        await port.start()
        try:
            yield Stack(node.services, port, http)
        finally:
            await port.stop()


class BlockedHereError(BlockingError):
    """Notes where it happened, whoever catches it."""

    places: ClassVar[list[str]] = []
    """Emptied whenever watching begins."""

    def __init__(self, name):
        super().__init__(name)
        self.places.append(name + "\n" + "".join(traceback.format_stack(limit=14)[:-1]))


@contextmanager
def watched(monkeypatch):
    """Yield where anything blocked the loop; it raises there, too."""
    monkeypatch.setattr(watcher, "BlockingError", BlockedHereError)
    BlockedHereError.places.clear()
    with blockbuster_ctx() as watching:
        for module, name in COMPUTING:
            watching.functions[f"{module.__name__}.{name}"] = BlockBusterFunction(module, name)
        watching.activate()
        yield BlockedHereError.places


async def owner(stack):
    """Return the header of a machine user that owns the instance."""
    bot = await stack.machine()
    await stack.send(AddInstanceMember(instance_id=INSTANCE, user_id=bot.id, roles=("IAM_OWNER",)))
    await stack.send(AddPersonalAccessToken(user_id=bot.id, token_id="1"))
    token = stack.services.tokens.issue(TokenKind.PERSONAL, INSTANCE, bot.id, "1")
    return {"Authorization": f"Bearer {token}"}


async def sign_in_and_use(stack):
    """A sign-in by code, and what an application does with its tokens."""
    app, verifier = await stack.app(), secrets.token_urlsafe(48)
    code = await stack.code(app, verifier=verifier)
    tokens = (await stack.redeem(app, code, code_verifier=verifier)).json
    assert (await stack.userinfo(tokens["access_token"])).status == 200
    assert (await stack.introspect(app, tokens["access_token"]))["active"]
    assert (await stack.refresh(app, tokens["refresh_token"])).status == 200


async def machine_token(stack):
    bot = await stack.machine()
    auth = basic(bot.name, bot.secret)
    assert (await stack.token("client_credentials", auth, scope="openid")).status == 200


async def create_and_list(stack):
    """A user is created and found; the list waits for it."""
    headers = await owner(stack)
    name = stack.new_id()
    human = {
        "organization": {"orgId": ORG},
        "username": name,
        "profile": {"givenName": "Gigi", "familyName": "Giraffe"},
        "email": {"email": f"{name}@example.com", "isVerified": True},
        "password": {"password": "Secret-Word-1"},
    }
    made = await stack.call("POST", "/v2/users/human", json=human, headers=headers)
    assert made.status in {200, 201}, made.text
    by_name = {"queries": [{"userNameQuery": {"userName": name}}]}
    found = await stack.call("POST", "/v2/users", json=by_name, headers=headers)
    assert [each["userId"] for each in found.json["result"]] == [made.json["userId"]]


async def documents(stack):
    for path in ("/.well-known/openid-configuration", "/oauth/v2/keys", "/debug/ready"):
        assert (await stack.call("GET", path)).status == 200


async def test_nothing_blocks_the_loop(settings, monkeypatch):
    async with assembled(settings) as stack:  # a start may look into files
        with watched(monkeypatch) as blocked:
            for _ in range(2):  # at first, and with everything in memory
                await sign_in_and_use(stack)
                await machine_token(stack)
                await create_and_list(stack)
                await documents(stack)
            assert not blocked, "\n\n".join(blocked)
            with pytest.raises(BlockingError):
                bcrypt.checkpw(b"", b"")  # it watches indeed
