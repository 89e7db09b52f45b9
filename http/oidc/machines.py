"""Machine users as clients of their own: found by name, proved by a secret."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from personae.actors.aggregates.clients import client_of
from personae.actors.aggregates.liveness import living_user
from personae.actors.aggregates.world import World
from personae.actors.domain.kit import Refusal, Stream
from personae.actors.domain.org.state import ORG_DOMAINS, Org
from personae.actors.domain.project.values import AuthMethod
from personae.actors.domain.user.state import Machine, User
from personae.actors.domain.user.values import USERNAMES, Naming
from personae.actors.domain.values import key
from personae.http.oidc.call import Call
from personae.http.oidc.clients import authenticate, shown_by
from personae.http.oidc.clients.shown import Shown
from personae.http.oidc.errors import CLIENT_METHOD_WRONG, CLIENT_NOT_AUTHENTICATED

LONGEST_ID = 200
SECRETS = {AuthMethod.BASIC, AuthMethod.POST}


class LivingMachine(NamedTuple):
    """A machine user that may have tokens now."""

    user_id: str
    org_id: str
    machine: Machine


async def authenticate_machine(call: Call) -> LivingMachine:
    """Return the machine user whose name and secret a request shows.

    Raises a refusal that means ``invalid_client``, the same whatever is wrong.
    """
    shown = shown_by(call)
    if shown.method not in SECRETS:
        raise CLIENT_METHOD_WRONG()
    asked = partial(_authenticate, call, shown)
    return await call.services.world.certain(call.instance_id, asked)


async def authenticate_either(call: Call) -> str:
    """Return who asks by its credentials: an application's client id, or a machine user's id.

    Raises a refusal that means ``invalid_client``.
    """
    shown = shown_by(call)
    if await client_of(call.services.world, call.instance_id, shown.client_id):
        return (await authenticate(call)).client_id
    return (await authenticate_machine(call)).user_id


async def _authenticate(call: Call, shown: Shown) -> LivingMachine:
    user_id = await named(call.services.world, call.instance_id, shown.client_id)
    found = await living_machine(call, user_id) if user_id else None
    if found is None:
        raise CLIENT_NOT_AUTHENTICATED()
    encoded = found.machine.hashed_secret
    if not await call.provider.secrets.right(call.services.world, encoded, shown.proof):
        raise CLIENT_NOT_AUTHENTICATED()
    return found


async def living_machine(call: Call, user_id: str) -> LivingMachine | None:
    """Return a machine user that may have tokens now."""
    if len(user_id) > LONGEST_ID:
        return None
    living = await living_user(call.services.world, call.instance_id, user_id)
    if living is None or living[0].machine is None:
        return None
    return LivingMachine(user_id, living[1], living[0].machine)


async def named(world: World, instance_id: str, name: str) -> str | None:
    """Return the id of the user with an id, user name or login name; known ones cost no query."""
    try:
        plain = key(name)
    except Refusal:
        return None
    if (
        plain.isdecimal()
        and len(plain) <= LONGEST_ID
        and (await _user(world, instance_id, plain)).machine
    ):
        return plain
    found = await _holder(world, instance_id, plain, plain)
    if found or "@" not in plain:
        return found
    user_name, domain = plain.rsplit("@", 1)
    org_id = await _organisation(world, instance_id, domain)
    if org_id is None:
        return None
    claim = Naming(org_id, scoped=True).claim(user_name)
    return await _holder(world, instance_id, claim, user_name)


async def _user(world: World, instance_id: str, user_id: str) -> User:
    user: User = await world.state(Stream(instance_id, "user", user_id))
    return user


async def _holder(world: World, instance_id: str, claim: str, user_name: str) -> str | None:
    async def still(user_id: str) -> bool:
        user = await _user(world, instance_id, user_id)
        return user.exists and key(user.user_name) == user_name

    return await world.names.find(instance_id, USERNAMES, claim, still)


async def _organisation(world: World, instance_id: str, domain: str) -> str | None:
    async def still(org_id: str) -> bool:
        org: Org = await world.state(Stream(instance_id, "org", org_id))
        return bool(org.domains.get(domain))

    return await world.names.find(instance_id, ORG_DOMAINS, domain, still)
