"""``zitadel.authorization.v2.AuthorizationService``: which roles of projects users have."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.user_grant import commands as c
from personae.http.api.reading import (
    IN_ORG,
    aggregate_of,
    either,
    page_of,
    paged,
    services_of,
    sorted_by,
    visible,
)
from personae.http.api.replies import pagination
from personae.http.api.user_v2_read import names_of
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.projections.instances import INSTANCES
from personae.projections.kit import Condition, Question, Row, all_of
from personae.projections.kit.expression import expression
from personae.projections.orgs import ORGS
from personae.projections.projects import PROJECTS
from personae.projections.user_grants import USER_GRANTS
from personae.projections.users import USERS

SERVICE = "zitadel.authorization.v2.AuthorizationService"
SORTED_BY = (
    "",
    "creation_date",
    "change_date",
    "id",
    "user_id",
    "project_id",
    "resource_owner",
    "user_org",
)
"""Columns by the numbers of ``AuthorizationFieldName``."""

COMPLETE = Condition(f"{expression(USER_GRANTS, 'user_org')} IS NOT NULL")
"""What grants meet whose user is there; others are about to go."""


@rpc(f"{SERVICE}/CreateAuthorization")
async def create_authorization(request: Any, call: Call) -> Message:
    """Give a user roles of a project that the organisation owns or was granted."""
    grant_id = services_of(call).new_id()
    done = await call.send(
        c.AddUserGrant(
            user_grant_id=grant_id,
            org_id=request.organization_id,
            user_id=request.user_id,
            project_id=request.project_id,
            roles=tuple(request.role_keys),
        )
    )
    return call.reply(id=grant_id, creation_date=done.created_at)


@rpc(f"{SERVICE}/UpdateAuthorization")
async def update_authorization(request: Any, call: Call) -> Message:
    """Replace the roles."""
    order = c.ChangeUserGrant(user_grant_id=request.id, roles=tuple(request.role_keys))
    return call.reply(change_date=(await call.send(order)).changed_at)


@rpc(f"{SERVICE}/DeactivateAuthorization")
async def deactivate_authorization(request: Any, call: Call) -> Message:
    """Let the roles count no more, for now."""
    done = await call.send(c.DeactivateUserGrant(user_grant_id=request.id))
    return call.reply(change_date=done.changed_at)


@rpc(f"{SERVICE}/ActivateAuthorization")
async def activate_authorization(request: Any, call: Call) -> Message:
    """Let them count again."""
    done = await call.send(c.ReactivateUserGrant(user_grant_id=request.id))
    return call.reply(change_date=done.changed_at)


@rpc(f"{SERVICE}/DeleteAuthorization")
async def delete_authorization(request: Any, call: Call) -> Message:
    """Take the roles back."""
    done = await call.send(c.RemoveUserGrant(user_grant_id=request.id))
    return call.reply(deletion_date=done.changed_at)


@rpc(f"{SERVICE}/ListAuthorizations")
async def list_authorizations(request: Any, call: Call) -> Any:
    """Return the authorizations that match: one's own, and those one may see."""
    question = Question(
        table=USER_GRANTS,
        instance_id=call.caller.instance_id,
        allowed=await _visible(call),
        filters=request.filters,
        conditions=(COMPLETE,),
        order=sorted_by(SORTED_BY, request.sorting_column),
        **paged(request.pagination),
    )
    page = await page_of(call, question, USERS, PROJECTS, ORGS, INSTANCES)
    return call.listing(
        pagination=pagination(page, question),
        authorizations=[await authorization_of(call, row) for row in page.rows],
    )


async def _visible(call: Call) -> Condition:
    """Return the rows one may see; who owns a project sees not what others do with a grant."""
    levels = IN_ORG | {"project_grant": "grant_id"}
    shared = await visible(call, "user.grant.read", "user_id", by=levels)
    of_project = either(await visible(call, "user.grant.read", by={"project": "project_id"}))
    return either(shared, all_of([of_project, Condition("t.grant_id = ''")]))


async def authorization_of(call: Call, row: Row) -> dict[str, Any]:
    """Return an authorization as the API shows it."""
    names = await names_of(call, row.user_name, row.user_org)
    offered = (await aggregate_of(call, "project", row.project_id)).state.roles
    return {
        "id": row.id,
        "creation_date": row.creation_date,
        "change_date": row.change_date,
        "project": {
            "id": row.project_id,
            "name": row.project_name,
            "organization_id": row.project_org,
        },
        "organization": {"id": row.resource_owner, "name": row.org_name},
        "user": {
            "id": row.user_id,
            "preferred_login_name": names[0] if names else "",
            "display_name": row.display_name or row.machine_name,
            "organization_id": row.user_org,
        },
        "state": row.state,
        "roles": [
            {"key": key, "display_name": offered[key].display_name, "group": offered[key].group}
            for key in row.roles
            if key in offered
        ],
    }
