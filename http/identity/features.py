"""What features are worth: the nearest level that sets one, else the default."""

from __future__ import annotations

from typing import Any

from personae.actors.aggregates.world import World
from personae.actors.domain.feature.events import FEATURES
from personae.actors.domain.feature.state import Features
from personae.actors.domain.kit import SYSTEM, Stream


async def feature(
    world: World, instance_id: str, name: str, *, org_id: str = "", user_id: str = ""
) -> Any:
    """Return the value of a feature by its stored name, out of memory.

    Whom it is asked for: a user, an organisation, both or neither.
    """
    levels = ((instance_id, user_id), (instance_id, org_id), (instance_id, instance_id))
    for instance, owner in (*levels, (SYSTEM, SYSTEM)):
        if owner:
            features: Features = await world.state(Stream(instance, "feature", owner))
            if name in features.values:
                return features.values[name]
    return FEATURES[name].default
