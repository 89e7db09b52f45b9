"""Projects."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org.events import OrgRemoved
from personae.actors.domain.project import events as e
from personae.actors.domain.project.values import Status
from personae.projections.kit import (
    Row,
    Table,
    boolean,
    integer,
    text,
    timestamp,
)

PROJECTS = Table(
    "projects",
    version=2,
    columns={
        "name": text(lower=True),
        "state": integer(),
        "creation_date": timestamp(index=True),
        "role_assertion": boolean(),
        "role_check": boolean(),
        "project_check": boolean(),
        "private_labeling": integer(),
    },
)

COLUMN_OF = {
    "name": "name",
    "project_role_assertion": "role_assertion",
    "project_role_check": "role_check",
    "has_project_check": "project_check",
    "private_labeling_setting": "private_labeling",
}
"""Columns by the fields of the events."""


@PROJECTS.on(e.ProjectAdded)
def _(_row: Row | None, recorded: Recorded) -> Row:
    return PROJECTS.new(state=int(Status.ACTIVE), **_given(recorded.event))


@PROJECTS.on(e.ProjectChanged)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(**_given(recorded.event))


def _given(event: object) -> dict[str, Any]:
    given = {column: getattr(event, field) for field, column in COLUMN_OF.items()}
    return {column: value for column, value in given.items() if value is not None}


@PROJECTS.on(e.ProjectDeactivated)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(state=int(Status.INACTIVE))


@PROJECTS.on(e.ProjectReactivated)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(state=int(Status.ACTIVE))


PROJECTS.forget_on(e.ProjectRemoved)
PROJECTS.forget_on(OrgRemoved, column="resource_owner")
PROJECTS.forget_instance_on(InstanceRemoved)
PROJECTS.filters(
    project_name_filter="name",
    in_project_ids_filter="id",
)
