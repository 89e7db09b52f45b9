"""Projects."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org.events import OrgRemoved
from personae.actors.domain.project import events as e
from personae.actors.domain.project.values import Status
from personae.projections.kit import (
    Condition,
    Row,
    Table,
    any_of,
    boolean,
    integer,
    text,
    timestamp,
)
from personae.projections.kit.shelf import LIVE

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


OWNED, GRANTED = 1, 2
"""Types of the organisation filter; any other asks for both."""


def of_organisation(query: Any) -> Condition:
    """Return what the projects meet that an organisation owns, or that are granted to it."""
    owned = Condition('t."resource_owner" = %s', (query.organization_id,))
    granted = granted_to(query.organization_id)
    return {OWNED: owned, GRANTED: granted}.get(query.type, any_of([owned, granted]))


def granted_to(org_id: str) -> Condition:
    """Return what the projects meet that are granted to an organisation."""
    return Condition(
        f'EXISTS (SELECT FROM {LIVE}."project_grants" g WHERE g.instance_id = t.instance_id'
        " AND g.project_id = t.id AND g.granted_org = %s)",
        (org_id,),
    )


def through_grants(allowed: Condition) -> Condition:
    """Return what the projects meet that have a grant which meets a condition."""
    grants = f'SELECT t.instance_id, t.project_id FROM {LIVE}."project_grants" t'
    return Condition(f"(t.instance_id, t.id) IN ({grants} WHERE {allowed.sql})", allowed.params)


PROJECTS.forget_on(e.ProjectRemoved)
PROJECTS.forget_on(OrgRemoved, column="resource_owner")
PROJECTS.forget_instance_on(InstanceRemoved)
PROJECTS.filters(
    project_name_filter="name",
    in_project_ids_filter="id",
    organization_id_filter=of_organisation,
)
