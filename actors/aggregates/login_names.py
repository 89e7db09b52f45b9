"""From what people type to the user it names: by claims, so never behind the log."""

from __future__ import annotations

from personae.actors.aggregates.policies import policies_of
from personae.actors.aggregates.world import World
from personae.actors.domain.kit import Stream
from personae.actors.domain.org.state import ORG_DOMAINS
from personae.actors.domain.user.state import User
from personae.actors.domain.user.values import USERNAMES, Naming
from personae.actors.domain.values import key


async def user_of(world: World, instance_id: str, login_name: str) -> str | None:
    """Return the id of the user with a login name, or ``None``.

    A login name is the user name itself, or ``name@domain`` with a verified domain of the
    organisation whose names are unique only within it.
    """
    name = login_name.strip()
    found = await world.log.holder(instance_id, USERNAMES, key(name))
    if found or "@" not in name:
        return found
    user_name, domain = name.rsplit("@", 1)
    org_id = await world.log.holder(instance_id, ORG_DOMAINS, domain.lower())
    if org_id is None:
        return None
    return await world.log.holder(
        instance_id, USERNAMES, Naming(org_id, scoped=True).claim(user_name)
    )


async def login_names(world: World, instance_id: str, user: User, org_id: str) -> list[str]:
    """Return the names a user may sign in with, the preferred one first."""
    return [user.user_name + ending for ending in await endings(world, instance_id, org_id)]


async def endings(world: World, instance_id: str, org_id: str) -> list[str]:
    """Return what makes login names of the user names of an organisation, the preferred one first.

    Nothing, or ``@`` and each of its domains.
    """
    policies = await policies_of(world, instance_id, org_id)
    if not policies.domain.user_login_must_be_domain:
        return [""]
    org = await world.state(Stream(instance_id, "org", org_id))
    domains = [d for d, verified in org.domains.items() if verified]
    domains.sort(key=lambda domain: domain != org.primary_domain)
    return [f"@{domain}" for domain in domains]
