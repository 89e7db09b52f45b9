"""What happens to targets."""

from __future__ import annotations

from datetime import datetime

from personae.actors.domain.kit import event
from personae.actors.domain.target.values import Type
from personae.actors.domain.values import Sealed


@event("target.added")
class TargetAdded:
    """``timeout`` in nanoseconds; ``payload_type`` as the API numbers it."""

    name: str
    target_type: Type = Type.WEBHOOK
    endpoint: str
    timeout: int = 0
    interrupt_on_error: bool = False
    signing_key: Sealed | None = None
    payload_type: int = 0


@event("target.changed")
class TargetChanged:
    """Only what has changed."""

    name: str | None = None
    target_type: Type | None = None
    endpoint: str | None = None
    timeout: int | None = None
    interrupt_on_error: bool | None = None
    signing_key: Sealed | None = None
    payload_type: int | None = None


@event("target.removed")
class TargetRemoved:
    pass


@event("target.key.added")
class TargetKeyAdded:
    """A public key that payloads may be encrypted to."""

    key_id: str
    public_key: bytes
    fingerprint: str
    expires: datetime | None = None


@event("target.key.activated")
class TargetKeyActivated:
    key_id: str


@event("target.key.deactivated")
class TargetKeyDeactivated:
    key_id: str


@event("target.key.removed")
class TargetKeyRemoved:
    key_id: str
