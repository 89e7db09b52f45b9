"""Orders to a target."""

from __future__ import annotations

from datetime import datetime

from personae.actors.domain.kit import command
from personae.actors.domain.target.values import Type


@command("target", id="target_id", owner="instance_id", creates=True)
class AddTarget:
    """Add an endpoint; its signing key is shown once. ``timeout`` in nanoseconds."""

    target_id: str
    instance_id: str
    name: str
    target_type: Type
    endpoint: str
    timeout: int
    interrupt_on_error: bool = False
    payload_type: int = 0


@command("target", id="target_id")
class ChangeTarget:
    """Change what is given; ``new_key`` makes another signing key, shown once."""

    target_id: str
    name: str | None = None
    target_type: Type | None = None
    endpoint: str | None = None
    timeout: int | None = None
    interrupt_on_error: bool | None = None
    payload_type: int | None = None
    new_key: bool = False


@command("target", id="target_id")
class RemoveTarget:
    target_id: str


@command("target", id="target_id")
class AddTargetKey:
    target_id: str
    key_id: str
    public_key: bytes
    expires: datetime | None = None


@command("target", id="target_id")
class ActivateTargetKey:
    """Encrypt to this key from now on, and to no other."""

    target_id: str
    key_id: str


@command("target", id="target_id")
class DeactivateTargetKey:
    target_id: str
    key_id: str


@command("target", id="target_id")
class RemoveTargetKey:
    target_id: str
    key_id: str
