"""What happens to signing keys."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.kit import event
from personae.actors.domain.values import Sealed


@event("web_key.added")
class WebKeyAdded:
    private_key: Sealed
    public_key: dict[str, Any]
    algorithm: str
    config_type: int = 0
    profile: str = ""


@event("web_key.activated")
class WebKeyActivated:
    pass


@event("web_key.deactivated")
class WebKeyDeactivated:
    pass


@event("web_key.removed")
class WebKeyRemoved:
    pass
