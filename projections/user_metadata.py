"""What others keep about users, by key."""

from __future__ import annotations

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org.events import OrgRemoved
from personae.actors.domain.user import events as e
from personae.projections.kit import Row, Table, binary, text

USER_METADATA = Table(
    "user_metadata",
    version=1,
    columns={"user_id": text(), "key": text(index=True), "value": binary()},
    key=("user_id", "key"),
)


def _key(recorded: Recorded) -> tuple[str, str]:
    return recorded.stream.id, recorded.event.key


@USER_METADATA.on(e.MetadataSet, key=_key)
def _(row: Row | None, recorded: Recorded) -> Row:
    return (row or USER_METADATA.new()).but(value=recorded.event.value)


@USER_METADATA.on(e.MetadataRemoved, key=_key)
def _(_row: Row | None, _recorded: Recorded) -> None:
    return None


USER_METADATA.forget_on(e.UserRemoved, column="user_id")
USER_METADATA.forget_on(OrgRemoved, column="resource_owner")
USER_METADATA.forget_instance_on(InstanceRemoved)
USER_METADATA.filters(key_filter="key")
