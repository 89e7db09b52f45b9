"""Members: which roles users have on the instance, on organisations, projects and grants."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from personae.actors.domain.instance import events as instance
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org import events as org
from personae.actors.domain.project import events as project
from personae.projections.kit import Condition, DeleteWhere, Row, Table, lookup, text, text_list
from personae.projections.kit.condition import NOTHING
from personae.projections.kit.expression import expression, view
from personae.projections.orgs import ORGS
from personae.projections.project_grants import PROJECT_GRANTS
from personae.projections.projects import PROJECTS
from personae.projections.users import USERS, of_login_name, shown_as

GRANT = "project_grant"
"""The kind of members of a grant of a project."""

MEMBERS = Table(
    "members",
    version=2,
    columns={
        "kind": text(),
        "aggregate_id": text(index=True),
        "user_id": text(index=True),
        "roles": text_list(),
        "project_id": text(),
        "granted_org": lookup(PROJECT_GRANTS, "granted_org", by="aggregate_id"),
        "user_name": lookup(USERS, "user_name", by="user_id"),
        "display_name": lookup(USERS, "display_name", by="user_id"),
        "machine_name": lookup(USERS, "name", by="user_id"),
        "user_org": lookup(USERS, "resource_owner", by="user_id"),
        "org_name": lookup(ORGS, "name", by="aggregate_id"),
        "project_name": lookup(PROJECTS, "name", by="project_id"),
    },
    key=("kind", "aggregate_id", "user_id"),
)
"""``kind`` is that of the aggregate whose member the user is: instance, org or project; or
project_grant, whose id stands for the aggregate's then. ``project_id`` is of the last two.

Rows of deleted users go by the events of the worker that tidies up after them.
"""

GIVEN = (
    instance.InstanceMemberAdded,
    instance.InstanceMemberChanged,
    org.OrgMemberAdded,
    org.OrgMemberChanged,
    project.ProjectMemberAdded,
    project.ProjectMemberChanged,
)
TAKEN = (
    instance.InstanceMemberRemoved,
    instance.InstanceMemberCascadeRemoved,
    org.OrgMemberRemoved,
    org.OrgMemberCascadeRemoved,
    project.ProjectMemberRemoved,
    project.ProjectMemberCascadeRemoved,
)


def _key(recorded: Recorded) -> tuple[str, str, str]:
    return recorded.stream.type, recorded.stream.id, recorded.event.user_id


def _grant_key(recorded: Recorded) -> tuple[str, str, str]:
    return GRANT, recorded.event.grant_id, recorded.event.user_id


@MEMBERS.on(*GIVEN, key=_key)
def _(row: Row | None, recorded: Recorded) -> Row:
    stream = recorded.stream
    of_project = stream.id if stream.type == "project" else ""
    return (row or MEMBERS.new(project_id=of_project)).but(roles=recorded.event.roles)


@MEMBERS.on(project.GrantMemberAdded, project.GrantMemberChanged, key=_grant_key)
def _(row: Row | None, recorded: Recorded) -> Row:
    new = MEMBERS.new(project_id=recorded.stream.id)
    return (row or new).but(roles=recorded.event.roles)


@MEMBERS.on(*TAKEN, key=_key)
def _(_row: Row | None, _recorded: Recorded) -> None:
    return None


@MEMBERS.on(project.GrantMemberRemoved, project.GrantMemberCascadeRemoved, key=_grant_key)
def _(_row: Row | None, _recorded: Recorded) -> None:
    return None


@MEMBERS.across(project.GrantRemoved)
def _(recorded: Recorded) -> DeleteWhere:
    return DeleteWhere({"kind": GRANT, "aggregate_id": recorded.event.grant_id})


MEMBERS.forget_on(project.ProjectRemoved, column="project_id")
MEMBERS.forget_on(org.OrgRemoved, column="resource_owner")
MEMBERS.forget_instance_on(instance.InstanceRemoved)


def of_resource(query: Any) -> Condition:
    """Return what the members of the resource of a filter message meet."""
    match query.WhichOneof("resource"):
        case "organization_id":
            return Condition("t.kind = 'org' AND t.aggregate_id = %s", (query.organization_id,))
        case "project_id":
            return Condition("t.kind = 'project' AND t.project_id = %s", (query.project_id,))
        case "project_grant":
            granted = query.project_grant
            org_id = expression(MEMBERS, "granted_org")
            return Condition(
                f"t.kind = '{GRANT}' AND t.project_id = %s AND {org_id} = %s",
                (granted.project_id, granted.organization_id),
            )
        case "instance":
            return Condition("t.kind = 'instance'")
    return NOTHING


def user_has_login_name(query: Any) -> Condition:
    """Return what members meet with a login name like the one of a filter message."""
    return of_login_name("user_id", query.preferred_login_name, query.method)


def user_is_shown_as(query: Any) -> Condition:
    """Return what members meet whose user is called like the name of a filter message."""
    return shown_as("user_id", query.display_name, query.method)


MEMBERS.filters(
    creation_date="creation_date",
    change_date="change_date",
    in_user_ids_filter="user_id",
    user_organization_id="user_org",
    user_preferred_login_name=user_has_login_name,
    user_display_name=user_is_shown_as,
    resource=of_resource,
    role="roles",
)


def member_of(kind: str, column: str, user_id: str, roles: Iterable[str]) -> Condition:
    """Return what rows meet whose ``column`` names an aggregate where a user has such a role."""
    return Condition(
        f"EXISTS (SELECT FROM {view(MEMBERS)} m WHERE m.instance_id = t.instance_id"
        f' AND m.kind = %s AND m.aggregate_id = t."{column}"'
        " AND m.user_id = %s AND m.roles && %s::text[])",
        (kind, user_id, sorted(roles)),
    )


def of_granted_org(user_id: str, roles: Iterable[str]) -> Condition:
    """Return what members of grants meet where a user has such a role in whom it was granted to."""
    granted = expression(MEMBERS, "granted_org")
    return Condition(
        f"t.kind = '{GRANT}' AND EXISTS (SELECT FROM {view(MEMBERS)} m"
        " WHERE m.instance_id = t.instance_id AND m.kind = 'org'"
        f" AND m.aggregate_id = {granted} AND m.user_id = %s AND m.roles && %s::text[])",
        (user_id, sorted(roles)),
    )
