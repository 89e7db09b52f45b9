"""Targets and their public keys; never the keys that sign."""

from __future__ import annotations

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.policy_family import values_of
from personae.actors.domain.target import events as e
from personae.projections.kit import Row, Table, binary, boolean, integer, text, timestamp

TARGETS = Table(
    "targets",
    version=1,
    columns={
        "name": text(lower=True),
        "target_type": integer(),
        "endpoint": text(),
        "timeout": integer(),
        "interrupt_on_error": boolean(),
        "payload_type": integer(),
    },
)
"""``timeout`` in nanoseconds; ``target_type`` is the domain's ``Type``."""

TARGET_KEYS = Table(
    "target_keys",
    version=1,
    columns={
        "target_id": text(),
        "id": text(),
        "public_key": binary(),
        "fingerprint": text(),
        "active": boolean(),
        "expires": timestamp(),
    },
    key=("target_id", "id"),
)


def _key(recorded: Recorded) -> tuple[str, str]:
    return recorded.stream.id, recorded.event.key_id


@TARGETS.on(e.TargetAdded)
def _(_row: Row | None, recorded: Recorded) -> Row:
    return TARGETS.new(**_shown(recorded))


@TARGETS.on(e.TargetChanged)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(**_shown(recorded))


def _shown(recorded: Recorded) -> dict[str, object]:
    """Return what an event says of a target, without the key that signs."""
    given = values_of(recorded.event).items()
    return {k: v for k, v in given if k != "signing_key" and v is not None}


@TARGET_KEYS.on(e.TargetKeyAdded, key=_key)
def _(_row: Row | None, recorded: Recorded) -> Row:
    event = recorded.event
    return TARGET_KEYS.new(
        public_key=event.public_key, fingerprint=event.fingerprint, expires=event.expires
    )


@TARGET_KEYS.on(e.TargetKeyActivated, key=_key)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(active=True)


@TARGET_KEYS.on(e.TargetKeyDeactivated, key=_key)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(active=False)


@TARGET_KEYS.on(e.TargetKeyRemoved, key=_key)
def _(_row: Row | None, _recorded: Recorded) -> None:
    return None


TARGETS.forget_on(e.TargetRemoved)
TARGET_KEYS.forget_on(e.TargetRemoved, column="target_id")
TARGETS.filters(target_name_filter="name", in_target_ids_filter="id")
TARGET_KEYS.filters(key_ids_filter="id", active_filter="active", expiration_date_filter="expires")
for table in (TARGETS, TARGET_KEYS):
    table.forget_instance_on(InstanceRemoved)
