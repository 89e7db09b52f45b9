"""Members: which roles users have on the instance, on organisations and on projects."""

from __future__ import annotations

from collections.abc import Iterable

from personae.actors.domain.instance import events as instance
from personae.actors.domain.kit import Recorded
from personae.actors.domain.org import events as org
from personae.actors.domain.project import events as project
from personae.actors.domain.user.events import UserRemoved
from personae.projections.kit import Condition, DeleteWhere, Row, Table, text, text_list
from personae.projections.kit.expression import view

MEMBERS = Table(
    "members",
    version=1,
    columns={
        "kind": text(),
        "aggregate_id": text(index=True),
        "user_id": text(index=True),
        "roles": text_list(),
    },
    key=("kind", "aggregate_id", "user_id"),
)
"""``kind`` is that of the aggregate whose member the user is: instance, org or project."""

GIVEN = (
    instance.InstanceMemberAdded,
    instance.InstanceMemberChanged,
    org.OrgMemberAdded,
    org.OrgMemberChanged,
    project.ProjectMemberAdded,
    project.ProjectMemberChanged,
)
TAKEN = (instance.InstanceMemberRemoved, org.OrgMemberRemoved, project.ProjectMemberRemoved)


def _key(recorded: Recorded) -> tuple[str, str, str]:
    return recorded.stream.type, recorded.stream.id, recorded.event.user_id


@MEMBERS.on(*GIVEN, key=_key)
def _(row: Row | None, recorded: Recorded) -> Row:
    return (row or MEMBERS.new()).but(roles=recorded.event.roles)


@MEMBERS.on(*TAKEN, key=_key)
def _(_row: Row | None, _recorded: Recorded) -> None:
    return None


@MEMBERS.across(project.ProjectRemoved)
def _(recorded: Recorded) -> DeleteWhere:
    return DeleteWhere({"kind": "project", "aggregate_id": recorded.stream.id})


MEMBERS.forget_on(org.OrgRemoved, column="resource_owner")
MEMBERS.forget_on(UserRemoved, column="user_id")
MEMBERS.forget_instance_on(instance.InstanceRemoved)


def member_of(kind: str, column: str, user_id: str, roles: Iterable[str]) -> Condition:
    """Return what rows meet whose ``column`` names an aggregate where a user has such a role."""
    return Condition(
        f"EXISTS (SELECT FROM {view(MEMBERS)} m WHERE m.instance_id = t.instance_id"
        f' AND m.kind = %s AND m.aggregate_id = t."{column}"'
        " AND m.user_id = %s AND m.roles && %s::text[])",
        (kind, user_id, sorted(roles)),
    )
