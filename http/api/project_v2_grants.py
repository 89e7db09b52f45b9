"""``zitadel.project.v2.ProjectService``: projects granted to other organisations."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.project import commands as c
from personae.http.api.reading import either, page_of, paged, services_of, sorted_by, visible
from personae.http.api.replies import pagination
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.projections.kit import Question, Row
from personae.projections.orgs import ORGS
from personae.projections.project_grants import PROJECT_GRANTS
from personae.projections.projects import PROJECTS

SERVICE = "zitadel.project.v2.ProjectService"
SORTED_BY = ("", "project_id", "creation_date", "change_date")
"""Columns by the numbers of ``ProjectGrantFieldName``."""


@rpc(f"{SERVICE}/CreateProjectGrant")
async def create_project_grant(request: Any, call: Call) -> Message:
    """Let another organisation give roles of a project to users."""
    done = await call.send(
        c.AddProjectGrant(
            project_id=request.project_id,
            grant_id=services_of(call).new_id(),
            granted_org_id=request.granted_organization_id,
            roles=tuple(dict.fromkeys(request.role_keys)),
        )
    )
    return call.reply(creation_date=done.changed_at)


@rpc(f"{SERVICE}/UpdateProjectGrant")
async def update_project_grant(request: Any, call: Call) -> Message:
    """Replace the roles that another organisation may give."""
    done = await call.send(
        c.ChangeProjectGrant(
            project_id=request.project_id,
            granted_org_id=request.granted_organization_id,
            roles=tuple(dict.fromkeys(request.role_keys)),
        )
    )
    return call.reply(change_date=done.changed_at)


@rpc(f"{SERVICE}/DeactivateProjectGrant")
async def deactivate_project_grant(request: Any, call: Call) -> Message:
    """Let the roles that another organisation gave count no more, for now."""
    done = await call.send(c.DeactivateProjectGrant(**_grant(request)))
    return call.reply(change_date=done.changed_at)


@rpc(f"{SERVICE}/ActivateProjectGrant")
async def activate_project_grant(request: Any, call: Call) -> Message:
    """Let them count again."""
    done = await call.send(c.ReactivateProjectGrant(**_grant(request)))
    return call.reply(change_date=done.changed_at)


@rpc(f"{SERVICE}/DeleteProjectGrant")
async def delete_project_grant(request: Any, call: Call) -> Message:
    """Take a project back, with all roles that the other organisation gave."""
    done = await call.send(c.RemoveProjectGrant(**_grant(request)))
    return call.reply(deletion_date=done.changed_at)


def _grant(request: Any) -> dict[str, str]:
    return {
        "project_id": request.project_id,
        "granted_org_id": request.granted_organization_id,
    }


@rpc(f"{SERVICE}/ListProjectGrants")
async def list_project_grants(request: Any, call: Call) -> Any:
    """Return the grants that match: those one's organisation gave, and those given to it."""
    levels = {"org": "resource_owner", "project": "project_id", "project_grant": "grant_id"}
    gave = await visible(call, "project.grant.read", by=levels)
    got = await visible(call, "project.grant.read", by={"org": "granted_org"})
    question = Question(
        table=PROJECT_GRANTS,
        instance_id=call.caller.instance_id,
        allowed=either(gave, got),
        filters=request.filters,
        order=sorted_by(SORTED_BY, request.sorting_column),
        **paged(request.pagination),
    )
    page = await page_of(call, question, PROJECTS, ORGS)
    return call.listing(
        pagination=pagination(page, question), project_grants=[grant_of(row) for row in page.rows]
    )


def grant_of(row: Row) -> dict[str, Any]:
    """Return a project grant as the API shows it."""
    return {
        "organization_id": row.resource_owner,
        "creation_date": row.creation_date,
        "change_date": row.change_date,
        "granted_organization_id": row.granted_org,
        "granted_organization_name": row.granted_org_name,
        "granted_role_keys": row.roles,
        "project_id": row.project_id,
        "project_name": row.project_name,
        "state": row.state,
    }
