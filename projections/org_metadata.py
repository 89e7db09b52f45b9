"""What others keep about organisations, by key."""

from __future__ import annotations

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org import events as e
from personae.projections.kit import Row, Table, binary, text

ORG_METADATA = Table(
    "org_metadata",
    version=1,
    columns={"org_id": text(), "key": text(index=True), "value": binary()},
    key=("org_id", "key"),
)


def _key(recorded: Recorded) -> tuple[str, str]:
    return recorded.stream.id, recorded.event.key


@ORG_METADATA.on(e.OrgMetadataSet, key=_key)
def _(row: Row | None, recorded: Recorded) -> Row:
    return (row or ORG_METADATA.new()).but(value=recorded.event.value)


@ORG_METADATA.on(e.OrgMetadataRemoved, key=_key)
def _(_row: Row | None, _recorded: Recorded) -> None:
    return None


ORG_METADATA.forget_on(e.OrgRemoved, column="org_id")
ORG_METADATA.forget_instance_on(InstanceRemoved)
ORG_METADATA.filters(key_filter="key")
