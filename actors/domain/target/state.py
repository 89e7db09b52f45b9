"""A target as decisions and callers need to know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from personae.actors.domain.kit import Kind, replace
from personae.actors.domain.policy_family import values_of
from personae.actors.domain.target import events as e
from personae.actors.domain.target.values import Type
from personae.actors.domain.values import Sealed


@dataclass(frozen=True, slots=True)
class TargetKey:
    """A public key of a target."""

    public_key: bytes
    expires: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The state of one target; ``exists`` from its addition to its removal."""

    exists: bool = False
    removed: bool = False
    name: str = ""
    target_type: Type = Type.WEBHOOK
    endpoint: str = ""
    timeout: int = 0
    interrupt_on_error: bool = False
    signing_key: Sealed | None = None
    payload_type: int = 0
    keys: Mapping[str, TargetKey] = field(default_factory=dict)
    active_key: str = ""


TARGET = Kind("target", Target())


@TARGET.on(e.TargetAdded)
def _(_target: Target, event: e.TargetAdded) -> Target:
    return Target(exists=True, **values_of(event))


@TARGET.on(e.TargetChanged)
def _(target: Target, event: e.TargetChanged) -> Target:
    given = {name: value for name, value in values_of(event).items() if value is not None}
    return replace(target, **given)


@TARGET.on(e.TargetRemoved)
def _(_target: Target, _event: e.TargetRemoved) -> Target:
    return Target(removed=True)


@TARGET.on(e.TargetKeyAdded)
def _(target: Target, event: e.TargetKeyAdded) -> Target:
    key = TargetKey(event.public_key, event.expires)
    return replace(target, keys={**target.keys, event.key_id: key})


@TARGET.on(e.TargetKeyActivated)
def _(target: Target, event: e.TargetKeyActivated) -> Target:
    return replace(target, active_key=event.key_id)


@TARGET.on(e.TargetKeyDeactivated)
def _(target: Target, _event: e.TargetKeyDeactivated) -> Target:
    return replace(target, active_key="")


@TARGET.on(e.TargetKeyRemoved)
def _(target: Target, event: e.TargetKeyRemoved) -> Target:
    return replace(target, keys={k: v for k, v in target.keys.items() if k != event.key_id})
