"""Whether what a token stands for still lives: asked at every use, answered from memory.

A token ends at once with its user, session, organisation, application or project, and, where the
project checks its users, with the grant that let the user in; whatever its own text says.
"""

from __future__ import annotations

from datetime import datetime

from personae.actors.aggregates.admission import admits
from personae.actors.aggregates.clients import client_of, own_client
from personae.actors.aggregates.world import World
from personae.actors.domain.kit import Stream
from personae.actors.domain.oidc_session.state import OIDCSession
from personae.actors.domain.user.state import User


async def living_user(world: World, instance_id: str, user_id: str) -> tuple[User, str] | None:
    """Return a user that may use tokens now, with its organisation; ``None`` otherwise."""
    aggregate = await world.aggregate(Stream(instance_id, "user", user_id))
    user: User = aggregate.state
    if not user.may_sign_in:
        return None
    org = await world.state(Stream(instance_id, "org", aggregate.owner))
    return (user, aggregate.owner) if org.active else None


async def session_lives(world: World, instance_id: str, session_id: str, now: datetime) -> bool:
    """Say whether a session still counts; tokens without one (machines) do not depend on any."""
    if not session_id:
        return True
    session = await world.state(Stream(instance_id, "session", session_id))
    return bool(session.alive(now))


async def family_lives(world: World, instance_id: str, family: OIDCSession, now: datetime) -> bool:
    """Say whether user, session, organisation and client behind a family of tokens still live."""
    return await living_user(world, instance_id, family.user_id) is not None and (
        await grounds_live(world, instance_id, family, now)
    )


async def grounds_live(world: World, instance_id: str, family: OIDCSession, now: datetime) -> bool:
    """Say whether session, client and actor behind a family still live, whatever its user."""
    if not await session_lives(world, instance_id, family.session_id, now):
        return False
    actors = family.access.actors if family.access else ()
    if actors and await living_user(world, instance_id, actors[0]) is None:
        return False
    if own_client(family.client_id, family.user_id):
        return True
    client = await client_of(world, instance_id, family.client_id)
    if client is None or not await admits(
        world, instance_id, client, family.user_id, family.org_id
    ):
        return False
    # Who is acted for is not asked: policy and permissions allow it.
    if not client.app.oauth.ask_consent or actors:
        return True
    user = await world.state(Stream(instance_id, "user", family.user_id))
    return bool(user.lets_have(family.client_id, family.scope))
