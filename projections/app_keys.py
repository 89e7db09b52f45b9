"""Public keys that applications sign assertions with."""

from __future__ import annotations

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org.events import OrgRemoved
from personae.actors.domain.project import events as e
from personae.projections.kit import DeleteWhere, Row, Table, integer, text, timestamp

APP_KEYS = Table(
    "app_keys",
    version=1,
    columns={
        "project_id": text(),
        "id": text(index=True),
        "app_id": text(index=True),
        "type": integer(),
        "expires": timestamp(),
    },
    key=("project_id", "id"),
)


def _key(recorded: Recorded) -> tuple[str, str]:
    return recorded.stream.id, recorded.event.key_id


@APP_KEYS.on(e.ApplicationKeyAdded, key=_key)
def _(_row: Row | None, recorded: Recorded) -> Row:
    event = recorded.event
    return APP_KEYS.new(app_id=event.app_id, type=event.key_type, expires=event.expiration_date)


@APP_KEYS.on(e.ApplicationKeyRemoved, key=_key)
def _(_row: Row | None, _recorded: Recorded) -> None:
    return None


@APP_KEYS.across(e.ApplicationRemoved)
def _(recorded: Recorded) -> DeleteWhere:
    return DeleteWhere({"project_id": recorded.stream.id, "app_id": recorded.event.app_id})


APP_KEYS.forget_on(e.ProjectRemoved, column="project_id")
APP_KEYS.forget_on(OrgRemoved, column="resource_owner")
APP_KEYS.forget_instance_on(InstanceRemoved)
APP_KEYS.filters(
    application_id_filter="app_id",
    project_id_filter="project_id",
    organization_id_filter="resource_owner",
)
