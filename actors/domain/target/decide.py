"""What follows from orders to a target."""

from __future__ import annotations

from personae.actors.domain.kit import Decisions, Facts
from personae.actors.domain.policy_family import values_of
from personae.actors.domain.target import commands as c
from personae.actors.domain.target import events as e
from personae.actors.domain.target import refusals
from personae.actors.domain.target.facts import TargetFacts, TargetKeyFacts
from personae.actors.domain.target.state import TARGET, Target, TargetKey
from personae.actors.domain.target.values import Type, is_endpoint


@TARGET.decides(c.AddTarget)
def add(target: Target, cmd: c.AddTarget, facts: TargetFacts) -> Decisions:
    if target != TARGET.initial:
        raise refusals.ALREADY_EXISTS()
    _check(cmd.name, cmd.endpoint, facts)
    yield e.TargetAdded(
        name=cmd.name.strip(),
        target_type=cmd.target_type,
        endpoint=cmd.endpoint,
        timeout=cmd.timeout,
        interrupt_on_error=cmd.interrupt_on_error and cmd.target_type is not Type.ASYNC,
        signing_key=facts.signing_key,
        payload_type=cmd.payload_type,
    )


@TARGET.decides(c.ChangeTarget)
def change(target: Target, cmd: c.ChangeTarget, facts: TargetFacts) -> Decisions:
    existing(target)
    _check(target.name if cmd.name is None else cmd.name, cmd.endpoint or "", facts)
    wanted = values_of(cmd)
    different = {
        name: wanted[name]
        for name in values_of(e.TargetChanged())
        if wanted.get(name) is not None and wanted[name] != getattr(target, name)
    }
    if cmd.new_key:
        different["signing_key"] = facts.signing_key
    if different:
        yield e.TargetChanged(**different)


def _check(name: str, endpoint: str, facts: TargetFacts) -> None:
    if not name.strip():
        raise refusals.NAME_INVALID()
    if endpoint and not is_endpoint(endpoint, private=facts.private):
        raise refusals.ENDPOINT_REFUSED()


@TARGET.decides(c.RemoveTarget)
def remove(target: Target, _cmd: c.RemoveTarget, _facts: Facts) -> Decisions:
    existing(target)
    yield e.TargetRemoved()


@TARGET.decides(c.AddTargetKey)
def add_key(target: Target, cmd: c.AddTargetKey, facts: TargetKeyFacts) -> Decisions:
    existing(target)
    if not facts.public_key:
        raise refusals.KEY_INVALID()
    if cmd.expires and cmd.expires <= facts.now:
        raise refusals.KEY_EXPIRED()
    yield e.TargetKeyAdded(
        key_id=cmd.key_id,
        public_key=facts.public_key,
        fingerprint=facts.fingerprint,
        expires=cmd.expires,
    )


@TARGET.decides(c.ActivateTargetKey)
def activate_key(target: Target, cmd: c.ActivateTargetKey, facts: Facts) -> Decisions:
    key = _key(target, cmd.key_id)
    if key.expires and key.expires <= facts.now:
        raise refusals.KEY_EXPIRED()
    if target.active_key == cmd.key_id:
        return
    if target.active_key:
        yield e.TargetKeyDeactivated(key_id=target.active_key)
    yield e.TargetKeyActivated(key_id=cmd.key_id)


@TARGET.decides(c.DeactivateTargetKey)
def deactivate_key(target: Target, cmd: c.DeactivateTargetKey, _facts: Facts) -> Decisions:
    _key(target, cmd.key_id)
    if target.active_key == cmd.key_id:
        yield e.TargetKeyDeactivated(key_id=cmd.key_id)


@TARGET.decides(c.RemoveTargetKey)
def remove_key(target: Target, cmd: c.RemoveTargetKey, _facts: Facts) -> Decisions:
    _key(target, cmd.key_id)
    if target.active_key == cmd.key_id:
        raise refusals.KEY_ACTIVE()
    yield e.TargetKeyRemoved(key_id=cmd.key_id)


def _key(target: Target, key_id: str) -> TargetKey:
    if key_id not in existing(target).keys:
        raise refusals.KEY_NOT_FOUND()
    return target.keys[key_id]


def existing(target: Target) -> Target:
    """Return the target, or refuse when there is none."""
    if not target.exists:
        raise refusals.NOT_FOUND()
    return target
