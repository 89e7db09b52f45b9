"""What features are worth on an instance: its own value, else the server's, else the default."""

from __future__ import annotations

from typing import Any

from personae.actors.aggregates.world import World
from personae.actors.domain.feature.events import FEATURES
from personae.actors.domain.feature.state import Features
from personae.actors.domain.kit import SYSTEM, Stream


async def feature(world: World, instance_id: str, name: str) -> Any:
    """Return the value of a feature by its stored name, out of memory."""
    for owner in (instance_id, SYSTEM):
        features: Features = await world.state(Stream(owner, "feature", owner))
        if name in features.values:
            return features.values[name]
    return FEATURES[name].default
