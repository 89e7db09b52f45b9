"""Roles that projects offer."""

from __future__ import annotations

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org.events import OrgRemoved
from personae.actors.domain.project import events as e
from personae.actors.domain.user.state import changed
from personae.projections.kit import Row, Table, text

PROJECT_ROLES = Table(
    "project_roles",
    version=1,
    columns={
        "project_id": text(),
        "key": text(lower=True),
        "display_name": text(lower=True),
        "group": text(),
    },
    key=("project_id", "key"),
)


def _key(recorded: Recorded) -> tuple[str, str]:
    return recorded.stream.id, recorded.event.key


@PROJECT_ROLES.on(e.RoleAdded, key=_key)
def _(_row: Row | None, recorded: Recorded) -> Row:
    return PROJECT_ROLES.new(**changed(recorded.event))


@PROJECT_ROLES.on(e.RoleChanged, key=_key)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(**changed(recorded.event))


@PROJECT_ROLES.on(e.RoleRemoved, key=_key)
def _(_row: Row | None, _recorded: Recorded) -> None:
    return None


PROJECT_ROLES.forget_on(e.ProjectRemoved, column="project_id")
PROJECT_ROLES.forget_on(OrgRemoved, column="resource_owner")
PROJECT_ROLES.forget_instance_on(InstanceRemoved)
PROJECT_ROLES.filters(role_key_filter="key", display_name_filter="display_name")
