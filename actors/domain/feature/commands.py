"""Orders about features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personae.actors.domain.feature.events import Level
from personae.actors.domain.kit import command


@command("feature", id="owner_id", owner="owner_id")
class SetFeatures:
    """Set some features on a level; ``owner_id`` is the instance, or ``SYSTEM``."""

    owner_id: str
    level: Level
    values: Mapping[str, Any]


@command("feature", id="owner_id", owner="owner_id")
class ResetFeatures:
    """Take back all that was set on a level."""

    owner_id: str
    level: Level
