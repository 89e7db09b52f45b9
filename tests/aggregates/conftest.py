"""A whole world of aggregates in memory, and an instance set up in it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from personae.actors import domain
from personae.actors.aggregates import facts
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.aggregates.world import World
from personae.actors.domain import policies as p
from personae.actors.domain.instance.commands import FirstUser, SetUpInstance
from personae.actors.domain.instance.state import Generator
from personae.actors.domain.kit import Caller, Refusal
from personae.actors.domain.lifetimes import nanoseconds
from personae.actors.domain.policies import Policies
from personae.actors.domain.user.commands import AddHuman, AddMachine
from personae.actors.domain.user.values import NewContact, NewPassword, Profile
from personae.actors.domain.web_key.commands import AddWebKey
from personae.config.roles import Roles
from personae.store.crypto import Keyring
from personae.store.passwords import Cost, Passwords

from tests.aggregates.slow_log import SlowLog

domain.load()
facts.load()

INSTANCE, ORG, ADMIN, ROBOT, PROJECT = "1", "10", "20", "21", "30"
PASSWORD = "Correct-Horse-1"
HOUR = nanoseconds(timedelta(hours=1))
POLICIES = Policies(
    login=p.LoginPolicy(allow_username_password=True),
    complexity=p.PasswordComplexityPolicy(
        min_length=8, has_lowercase=True, has_uppercase=True, has_number=True, has_symbol=True
    ),
    lockout=p.LockoutPolicy(max_password_attempts=5),
    oidc=p.OIDCSettings(
        access_token_lifetime=HOUR,
        id_token_lifetime=HOUR,
        refresh_token_idle_expiration=24 * HOUR,
        refresh_token_expiration=48 * HOUR,
    ),
)


class BusyError(Exception):
    pass


class Threads:
    """The pool's contract on the loop's default threads."""

    async def run(self, function, *args):
        return await asyncio.to_thread(function, *args)


class Clock:
    def __init__(self):
        self.time = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def __call__(self):
        return self.time

    def pass_(self, **by):
        self.time += timedelta(**by)


@pytest.fixture
def clock():
    return Clock()


class CountingPasswords(Passwords):
    verified = 0

    def verify(self, encoded, password):
        self.verified += 1
        return super().verify(encoded, password)


@pytest.fixture
def passwords():
    return CountingPasswords(Cost(memory_kib=8, passes=1))


def process(log, clock, passwords=None, *, told=True, **options):
    """One process' aggregates; ``told`` of what is committed, as the bus does."""
    world = World(
        log=log,
        keyring=Keyring({1: bytes(32)}),
        passwords=passwords or CountingPasswords(Cost(memory_kib=8, passes=1)),
        pool=Threads(),
        busy=BusyError,
        roles=Roles.load().by_name,
        clock=clock,
        **options,
    )
    if not told:
        log.on_committed.remove(world.absorb)
    return world


@pytest.fixture
async def world(clock, passwords):
    return process(SlowLog(), clock, passwords)


@pytest.fixture
async def elsewhere(dispatch, clock):
    """Another process on the same log, which hears nothing of the first one's commits."""
    return Dispatch(process(dispatch.world.log, clock, told=False))


SETUP = SetUpInstance(
    instance_id=INSTANCE,
    name="Test",
    language="en",
    domain="localhost",
    policies=POLICIES,
    generators={kind: Generator(6, HOUR, False, True, True, False) for kind in (2, 3)},
    org_id=ORG,
    org_name="ACME",
    project_id=PROJECT,
    apps=(),
    console_app_id="",
    console_client_id="",
    users=(
        FirstUser(
            user=AddHuman(
                user_id=ADMIN,
                org_id=ORG,
                user_name="admin@acme.localhost",
                profile=Profile(first_name="Ada", last_name="Admin"),
                email=NewContact(value="admin@acme.localhost", verified=True),
                password=NewPassword(plain=PASSWORD),
            ),
            instance_roles=("IAM_OWNER",),
            org_roles=("ORG_OWNER",),
        ),
        FirstUser(
            user=AddMachine(user_id=ROBOT, org_id=ORG, user_name="robot", name="Robot"),
        ),
    ),
    web_keys=(AddWebKey(key_id="k1", instance_id=INSTANCE, algorithm="ES256"),),
)


@pytest.fixture
async def dispatch(world):
    dispatch = Dispatch(world)
    await dispatch.send(SETUP, Caller.of_system(INSTANCE))
    return dispatch


def caller(user_id=ADMIN, **changes):
    return replace(Caller(instance_id=INSTANCE, user_id=user_id, org_id=ORG), **changes)


def human(user_id, user_name=None, org_id=ORG, **changes):
    """An order for a human who can sign in."""
    name = user_name or f"user{user_id}"
    asked = {
        "user_id": user_id,
        "org_id": org_id,
        "user_name": name,
        "profile": Profile(first_name="Gigi", last_name="Giraffe"),
        "email": NewContact(value=f"{user_id}@x.test", verified=True),
        "password": NewPassword(plain=PASSWORD),
    }
    return AddHuman(**asked | changes)


async def refused(reason, coroutine):
    """Await a coroutine that must be refused for this reason; return the refusal."""
    with pytest.raises(Refusal) as caught:
        await coroutine
    assert caught.value.reason is reason
    return caught.value
