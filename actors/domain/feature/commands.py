"""Orders about features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from personae.actors.domain.feature.events import Level
from personae.actors.domain.kit import command


@command("feature", id="owner_id", owner="resource_owner")
class SetFeatures:
    """Set some features on a level; ``owner_id`` is whom they are of, ``SYSTEM`` for the server.

    ``org_id`` is the organisation of a user.
    """

    owner_id: str
    level: Level
    values: Mapping[str, Any]
    org_id: str = ""

    @property
    def resource_owner(self) -> str:
        """Who owns the aggregate."""
        return self.org_id or self.owner_id


@command("feature", id="owner_id")
class ResetFeatures:
    """Take back all that was set on a level."""

    owner_id: str
    level: Level
