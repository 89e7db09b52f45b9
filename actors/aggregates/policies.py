"""Which policies hold for whom: the organisation's own, else the instance's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from personae.actors.domain.kit import Stream
from personae.actors.domain.policies import Policies

if TYPE_CHECKING:
    from personae.actors.aggregates.world import World


async def policies_of(world: World, instance_id: str, org_id: str) -> Policies:
    """Return what holds in an organisation; with no organisation, the instance's defaults."""
    instance = await world.state(Stream(instance_id, "instance", instance_id))
    policies: Policies = instance.policies
    if not org_id:
        return policies
    org = await world.state(Stream(instance_id, "org", org_id))
    return policies.under(org.overrides)
