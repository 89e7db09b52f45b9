"""``zitadel.internal_permission.v2.InternalPermissionService``: administrators on every level."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.instance.commands import AddInstanceMember
from personae.actors.domain.instance.members import ChangeInstanceMember, RemoveInstanceMember
from personae.actors.domain.org import commands as org
from personae.actors.domain.project import commands as project
from personae.http.api.reading import either, page_of, paged, services_of, sorted_by, visible
from personae.http.api.replies import pagination
from personae.http.api.user_v2_read import names_of
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong
from personae.projections.instances import INSTANCES
from personae.projections.kit import Condition, Question, Row, all_of, any_of
from personae.projections.kit.expression import expression
from personae.projections.members import GRANT, MEMBERS, of_granted_org
from personae.projections.orgs import ORGS
from personae.projections.project_grants import PROJECT_GRANTS
from personae.projections.projects import PROJECTS
from personae.projections.users import USERS

SERVICE = "zitadel.internal_permission.v2.InternalPermissionService"
SORTED_BY = ("", "user_id", "creation_date", "change_date")
"""Columns by the numbers of ``AdministratorFieldName``."""

COMPLETE = Condition(f"{expression(MEMBERS, 'user_org')} IS NOT NULL")
"""What members meet whose user is there; others are about to go."""

Orders = tuple[type, type, type]
ON_INSTANCE: Orders = (AddInstanceMember, ChangeInstanceMember, RemoveInstanceMember)
ON_ORG: Orders = (org.AddOrgMember, org.ChangeOrgMember, org.RemoveOrgMember)
ON_PROJECT: Orders = (
    project.AddProjectMember,
    project.ChangeProjectMember,
    project.RemoveProjectMember,
)
ADD, CHANGE, REMOVE = range(3)

LEVELS = {
    "instance": ("iam.member.read", {}),
    "org": ("org.member.read", {"org": "aggregate_id"}),
    "project": ("project.member.read", {"org": "resource_owner", "project": "project_id"}),
    GRANT: (
        "project.grant.member.read",
        {"org": "resource_owner", "project": "project_id", GRANT: "aggregate_id"},
    ),
}
"""By kind of member: the permission to see them, and on which levels it counts."""


@rpc(f"{SERVICE}/CreateAdministrator")
async def create_administrator(request: Any, call: Call) -> Message:
    """Give a user roles on the instance, an organisation, a project or a grant of one."""
    orders, resource = resource_of(request.resource, call)
    roles = tuple(request.roles)
    done = await call.send(orders[ADD](**resource, user_id=request.user_id, roles=roles))
    return call.reply(creation_date=done.changed_at)


@rpc(f"{SERVICE}/UpdateAdministrator")
async def update_administrator(request: Any, call: Call) -> Message:
    """Replace the roles."""
    orders, resource = resource_of(request.resource, call)
    roles = tuple(request.roles)
    done = await call.send(orders[CHANGE](**resource, user_id=request.user_id, roles=roles))
    return call.reply(change_date=done.changed_at)


@rpc(f"{SERVICE}/DeleteAdministrator")
async def delete_administrator(request: Any, call: Call) -> Message:
    """Take the roles back; nothing happens when there are none."""
    orders, resource = resource_of(request.resource, call)
    done = await call.send(orders[REMOVE](**resource, user_id=request.user_id))
    return call.reply(deletion_date=done.changed_at)


def resource_of(resource: Any, call: Call) -> tuple[Orders, dict[str, str]]:
    """Return the orders of a level and the resource they go to. Raises :class:`Wrong`."""
    match resource.WhichOneof("resource"):
        case "instance":
            return ON_INSTANCE, {"instance_id": call.caller.instance_id}
        case "organization_id":
            return ON_ORG, {"org_id": resource.organization_id}
        case "project_id":
            return ON_PROJECT, {"project_id": resource.project_id}
        case "project_grant":
            grant = resource.project_grant
            named = {"project_id": grant.project_id, "granted_org_id": grant.organization_id}
            return ON_PROJECT, named
    raise Wrong("instance, organization_id, project_id or project_grant", "resource")


@rpc(f"{SERVICE}/ListAdministrators")
async def list_administrators(request: Any, call: Call) -> Any:
    """Return the administrators that match: oneself, and those one may see."""
    question = Question(
        table=MEMBERS,
        instance_id=call.caller.instance_id,
        allowed=await _visible(call),
        filters=request.filters,
        conditions=(COMPLETE,),
        order=sorted_by(SORTED_BY, request.sorting_column),
        **paged(request.pagination),
    )
    page = await page_of(call, question, USERS, PROJECTS, ORGS, PROJECT_GRANTS, INSTANCES)
    return call.listing(
        pagination=pagination(page, question),
        administrators=[await administrator_of(call, row) for row in page.rows],
    )


async def _visible(call: Call) -> Condition:
    """Return the rows one may see: by the permission of their level, and one's own.

    Members of a grant are the business of who granted, and of who was granted.
    """
    user_id, permissions = call.caller.user_id, services_of(call).world.permissions
    parts = [
        Condition("t.user_id = %s", (user_id,)),
        of_granted_org(user_id, permissions.granting(LEVELS[GRANT][0])),
    ]
    for kind, (permission, by) in LEVELS.items():
        within = either(await visible(call, permission, by=by))
        parts.append(all_of([Condition("t.kind = %s", (kind,)), within]))
    return any_of(parts)


async def administrator_of(call: Call, row: Row) -> dict[str, Any]:
    """Return an administrator as the API shows it."""
    names = await names_of(call, row.user_name, row.user_org)
    return {
        "creation_date": row.creation_date,
        "change_date": row.change_date,
        "user": {
            "id": row.user_id,
            "preferred_login_name": names[0] if names else "",
            "display_name": row.display_name or row.machine_name,
            "organization_id": row.user_org,
        },
        **_resource(row),
        "roles": row.roles,
    }


def _resource(row: Row) -> dict[str, Any]:
    """Return what somebody administers, as the member of the answer that says it."""
    match row.kind:
        case "org":
            return {"organization": {"id": row.aggregate_id, "name": row.org_name}}
        case "project":
            owner = row.resource_owner
            named = {"id": row.project_id, "name": row.project_name, "organization_id": owner}
            return {"project": named}
        case "project_grant":
            return {
                "project_grant": {
                    "id": row.aggregate_id,
                    "project_id": row.project_id,
                    "project_name": row.project_name,
                    "organization_id": row.resource_owner,
                    "granted_organization_id": row.granted_org,
                }
            }
    return {"instance": True}
