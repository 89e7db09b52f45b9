"""Whom a project lets in: asked at sign-in, and again whenever a token of it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personae.actors.aggregates.clients import Client
from personae.actors.domain.project.values import Status

if TYPE_CHECKING:
    from personae.actors.aggregates.world import World


async def admits(world: World, instance_id: str, client: Client, user_id: str, org_id: str) -> bool:
    """Say whether a project that checks its users lets one in, who belongs to an organisation.

    ``project_check``: the user's organisation owns the project, or it is granted to it.
    ``role_check``: the user holds a grant of it that counts. Costs nothing where neither is on.
    """
    project = client.project
    if project.project_check and org_id != client.org_id:
        over = project.grants.get(project.grant_to(org_id))
        if over is None or over.status is not Status.ACTIVE:
            return False
    if not project.role_check:
        return True
    return bool(await world.user_grants.roles(instance_id, user_id, client.project_id))
