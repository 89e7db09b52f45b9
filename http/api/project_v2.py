"""``zitadel.project.v2.ProjectService``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.project import commands as c
from personae.actors.domain.project.refusals import NOT_FOUND
from personae.actors.domain.project.values import PrivateLabeling
from personae.http.api.reading import (
    IN_ORG,
    aggregate_of,
    either,
    given,
    page_of,
    paged,
    row_of,
    services_of,
    sorted_by,
    visible,
)
from personae.http.api.replies import pagination
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong
from personae.projections.kit import Condition, Question, Row
from personae.projections.members import GRANT
from personae.projections.orgs import ORGS
from personae.projections.project_grants import OWNED, PROJECT_GRANTS, through_grants
from personae.projections.project_roles import PROJECT_ROLES
from personae.projections.projects import PROJECTS

SERVICE = "zitadel.project.v2.ProjectService"
SORTED_BY = ("", "id", "creation_date", "change_date", "name")
"""Columns by the numbers of ``ProjectFieldName``."""

ROLES_SORTED_BY = ("", "key", "creation_date", "change_date")
"""Columns by the numbers of ``ProjectRoleFieldName``."""


@rpc(f"{SERVICE}/CreateProject")
async def create_project(request: Any, call: Call) -> Message:
    """Create a project.

    A chosen id has no colon: names in a project are unique as ``name:id``, and the role ``a`` of a
    project ``b:c`` would be the role ``a:b`` of somebody else's project ``c``.
    """
    if ":" in request.project_id:
        raise Wrong("no colon", "project_id")
    project_id = request.project_id or services_of(call).new_id()
    done = await call.send(
        c.AddProject(
            project_id=project_id,
            org_id=request.organization_id,
            name=request.name,
            role_assertion=request.project_role_assertion,
            role_check=request.authorization_required,
            project_check=request.project_access_required,
            private_labeling=PrivateLabeling(request.private_labeling_setting),
        )
    )
    return call.reply(project_id=project_id, creation_date=done.created_at)


@rpc(f"{SERVICE}/UpdateProject")
async def update_project(request: Any, call: Call) -> Message:
    """Change what is given."""
    labeling = given(request, "private_labeling_setting")
    done = await call.send(
        c.ChangeProject(
            project_id=request.project_id,
            name=given(request, "name"),
            role_assertion=given(request, "project_role_assertion"),
            role_check=given(request, "authorization_required"),
            project_check=given(request, "project_access_required"),
            private_labeling=None if labeling is None else PrivateLabeling(labeling),
        )
    )
    return call.reply(change_date=done.changed_at)


@rpc(f"{SERVICE}/GetProject")
async def get_project(request: Any, call: Call) -> Message:
    """Return one project."""
    project = await aggregate_of(call, "project", request.project_id)
    may_see = await services_of(call).world.permissions.allows(
        call.caller, "project.read", project.owner, request.project_id
    )
    row = await row_of(call, PROJECTS, project) if may_see else None
    if row is None:
        raise NOT_FOUND()
    return call.reply(project=project_of(row))


@rpc(f"{SERVICE}/ListProjects")
async def list_projects(request: Any, call: Call) -> Any:
    """Return the projects that match, own and granted ones, of those the caller may see."""
    own = await visible(call, "project.read", by=IN_ORG | {"project": "id"})
    got = await visible(call, "project.read", by={"org": "granted_org", GRANT: "grant_id"})
    gave = await visible(call, "project.read")
    question = Question(
        table=PROJECTS,
        instance_id=call.caller.instance_id,
        allowed=either(own, through_grants(either(got))),
        filters=request.filters,
        order=sorted_by(SORTED_BY, request.sorting_column),
        **paged(request.pagination),
    )
    page = await page_of(call, question, PROJECT_GRANTS, ORGS)
    grants = await _granted(call, page.rows, _asking(request, call), either(gave, got))
    shown = [project_of(row) | grants.get(row.id, {}) for row in page.rows]
    return call.listing(pagination=pagination(page, question), projects=shown)


def _asking(request: Any, call: Call) -> str:
    """Return the organisation that a list is for: the one of a filter, else the caller's."""
    filters = [each.organization_id_filter for each in request.filters]
    named = (each.organization_id for each in filters if each.type != OWNED)
    return next(filter(None, named), call.caller.org_id)


async def _granted(
    call: Call, rows: Sequence[Row], org_id: str, allowed: Condition
) -> dict[str, dict[str, Any]]:
    """Return what projects of others have to say of their grants to an organisation, by id."""
    foreign = [row.id for row in rows if row.resource_owner != org_id]
    if not foreign or not org_id:
        return {}
    question = Question(
        table=PROJECT_GRANTS,
        instance_id=call.caller.instance_id,
        allowed=allowed,
        where={"project_id": foreign, "granted_org": org_id},
        limit=len(foreign),
    )
    return {
        row.project_id: {
            "granted_organization_id": row.granted_org,
            "granted_organization_name": row.granted_org_name,
            "granted_state": row.state,
        }
        for row in (await services_of(call).projections.ask(question)).rows
    }


def project_of(row: Row) -> dict[str, Any]:
    """Return a project as the API shows it."""
    return {
        "project_id": row.id,
        "organization_id": row.resource_owner,
        "creation_date": row.creation_date,
        "change_date": row.change_date,
        "name": row.name,
        "state": row.state,
        "project_role_assertion": row.role_assertion,
        "authorization_required": row.role_check,
        "project_access_required": row.project_check,
        "private_labeling_setting": row.private_labeling,
    }


@rpc(f"{SERVICE}/DeleteProject")
async def delete_project(request: Any, call: Call) -> Message:
    """Delete a project with its roles and applications."""
    done = await call.send(c.RemoveProject(project_id=request.project_id))
    return call.reply(deletion_date=done.changed_at)


@rpc(f"{SERVICE}/DeactivateProject")
async def deactivate_project(request: Any, call: Call) -> Message:
    """Stop giving tokens to the applications of a project."""
    done = await call.send(c.DeactivateProject(project_id=request.project_id))
    return call.reply(change_date=done.changed_at)


@rpc(f"{SERVICE}/ActivateProject")
async def activate_project(request: Any, call: Call) -> Message:
    """Give tokens again."""
    done = await call.send(c.ReactivateProject(project_id=request.project_id))
    return call.reply(change_date=done.changed_at)


@rpc(f"{SERVICE}/AddProjectRole")
async def add_project_role(request: Any, call: Call) -> Message:
    """Add a role that users may be granted."""
    done = await call.send(
        c.AddRole(
            project_id=request.project_id,
            key=request.role_key,
            display_name=request.display_name,
            group=request.group,
        )
    )
    return call.reply(creation_date=done.changed_at)


@rpc(f"{SERVICE}/UpdateProjectRole")
async def update_project_role(request: Any, call: Call) -> Message:
    """Change what is given."""
    done = await call.send(
        c.ChangeRole(
            project_id=request.project_id,
            key=request.role_key,
            display_name=given(request, "display_name"),
            group=given(request, "group"),
        )
    )
    return call.reply(change_date=done.changed_at)


@rpc(f"{SERVICE}/RemoveProjectRole")
async def remove_project_role(request: Any, call: Call) -> Message:
    """Remove a role, also from all who have it."""
    done = await call.send(c.RemoveRole(project_id=request.project_id, key=request.role_key))
    return call.reply(removal_date=done.changed_at)


@rpc(f"{SERVICE}/ListProjectRoles")
async def list_project_roles(request: Any, call: Call) -> Any:
    """Return the roles of one project that match; none of a project one may not see."""
    question = Question(
        table=PROJECT_ROLES,
        instance_id=call.caller.instance_id,
        allowed=await visible(call, "project.role.read", by=IN_ORG | {"project": "project_id"}),
        where={"project_id": request.project_id},
        filters=request.filters,
        order=sorted_by(ROLES_SORTED_BY, request.sorting_column),
        **paged(request.pagination),
    )
    page = await page_of(call, question)
    return call.listing(
        pagination=pagination(page, question), project_roles=[role_of(row) for row in page.rows]
    )


def role_of(row: Row) -> dict[str, Any]:
    """Return a role as the API shows it."""
    return {
        "project_id": row.project_id,
        "key": row.key,
        "creation_date": row.creation_date,
        "change_date": row.change_date,
        "display_name": row.display_name,
        "group": row.group,
    }
