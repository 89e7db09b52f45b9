"""Projects granted to other organisations."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org.events import OrgRemoved
from personae.actors.domain.project import events as e
from personae.actors.domain.project.values import Status
from personae.projections.kit import Condition, Row, Table, any_of, integer, lookup, text, text_list
from personae.projections.kit.expression import view
from personae.projections.orgs import ORGS
from personae.projections.projects import PROJECTS

PROJECT_GRANTS = Table(
    "project_grants",
    version=1,
    columns={
        "project_id": text(index=True),
        "grant_id": text(),
        "granted_org": text(index=True),
        "roles": text_list(),
        "state": integer(),
        "project_name": lookup(PROJECTS, "name", by="project_id"),
        "granted_org_name": lookup(ORGS, "name", by="granted_org"),
    },
    key=("grant_id", "project_id"),
)


def _key(recorded: Recorded) -> tuple[str, str]:
    return recorded.event.grant_id, recorded.stream.id


@PROJECT_GRANTS.on(e.GrantAdded, key=_key)
def _(_row: Row | None, recorded: Recorded) -> Row:
    event = recorded.event
    return PROJECT_GRANTS.new(
        granted_org=event.granted_org_id, roles=event.role_keys, state=int(Status.ACTIVE)
    )


@PROJECT_GRANTS.on(e.GrantChanged, e.GrantCascadeChanged, key=_key)
def _(row: Row | None, recorded: Recorded) -> Row | None:
    return row and row.but(roles=recorded.event.role_keys)


@PROJECT_GRANTS.on(e.GrantDeactivated, key=_key)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(state=int(Status.INACTIVE))


@PROJECT_GRANTS.on(e.GrantReactivated, key=_key)
def _(row: Row | None, _recorded: Recorded) -> Row | None:
    return row and row.but(state=int(Status.ACTIVE))


@PROJECT_GRANTS.on(e.GrantRemoved, key=_key)
def _(_row: Row | None, _recorded: Recorded) -> None:
    return None


PROJECT_GRANTS.forget_on(e.ProjectRemoved, column="project_id")
PROJECT_GRANTS.forget_on(OrgRemoved, column="resource_owner")
PROJECT_GRANTS.forget_instance_on(InstanceRemoved)
PROJECT_GRANTS.filters(
    project_name_filter="project_name",
    role_key_filter="roles",
    in_project_ids_filter="project_id",
    organization_id_filter="resource_owner",
    granted_organization_id_filter="granted_org",
)

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
        f"EXISTS (SELECT FROM {view(PROJECT_GRANTS)} g WHERE g.instance_id = t.instance_id"
        " AND g.project_id = t.id AND g.granted_org = %s)",
        (org_id,),
    )


def through_grants(allowed: Condition) -> Condition:
    """Return what the projects meet that have a grant which meets a condition."""
    grants = f"SELECT t.instance_id, t.project_id FROM {view(PROJECT_GRANTS)} t"
    return Condition(f"(t.instance_id, t.id) IN ({grants} WHERE {allowed.sql})", allowed.params)


PROJECTS.filters(organization_id_filter=of_organisation)
