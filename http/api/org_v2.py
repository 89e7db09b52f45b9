"""``zitadel.org.v2.OrganizationService``."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.aggregates.orders import Done
from personae.actors.domain.org import commands as c
from personae.http.api.humans import new_human, new_user_id
from personae.http.api.reading import page_of, paged, services_of, sorted_by, visible
from personae.http.api.replies import done_details, list_details, row_details
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.http.wire.wrong import Wrong
from personae.projections.instances import INSTANCES
from personae.projections.kit import Question, Row
from personae.projections.orgs import ORGS

SERVICE = "zitadel.org.v2.OrganizationService"
SORTED_BY = ("", "name", "creation_date")
"""Columns by the numbers of ``OrganizationFieldName``."""


@rpc(f"{SERVICE}/AddOrganization")
async def add_organization(request: Any, call: Call) -> Message:
    """Create an organisation with its first administrators."""
    org_id = request.organization_id or request.org_id or services_of(call).new_id()
    admins = tuple([await admin_of(call, org_id, admin) for admin in request.admins])
    done = await call.send(c.AddOrg(org_id=org_id, name=request.name, admins=admins))
    return call.reply(
        details=done_details(done),
        organization_id=org_id,
        created_admins=[_created(admin, done) for admin in admins if admin.human],
    )


async def admin_of(call: Call, org_id: str, admin: Any) -> c.Admin:
    """Return a first administrator: an existing user, or a human to create."""
    roles = tuple(admin.roles)
    match admin.WhichOneof("user_type"):
        case "user_id":
            return c.Admin(user_id=admin.user_id, roles=roles)
        case "human":
            user_id = await new_user_id(call, admin.human.user_id, "org.create")
            human = new_human(user_id, org_id, admin.human.username, admin.human)
            return c.Admin(user_id=user_id, human=human, roles=roles)
    raise Wrong("user_id or human", "user_type", "admins")


def _created(admin: c.Admin, done: Done) -> dict[str, Any]:
    return {
        "user_id": admin.user_id,
        "email_code": done.secrets.get(f"{admin.user_id}:email_code"),
        "phone_code": done.secrets.get(f"{admin.user_id}:phone_code"),
    }


@rpc(f"{SERVICE}/ListOrganizations")
async def list_organizations(request: Any, call: Call) -> Any:
    """Return the organisations that match, of those the caller may see."""
    question = Question(
        table=ORGS,
        instance_id=call.caller.instance_id,
        allowed=await visible(call, "org.read"),
        filters=request.queries,
        order=sorted_by(SORTED_BY, request.sorting_column),
        **paged(request.query),
    )
    page = await page_of(call, question, INSTANCES)
    return call.listing(
        details=list_details(call, page),
        sorting_column=request.sorting_column,
        result=[organization_of(row) for row in page.rows],
    )


def organization_of(row: Row) -> dict[str, Any]:
    """Return an organisation as the API shows it."""
    return {
        "id": row.id,
        "details": row_details(row),
        "state": row.state,
        "name": row.name,
        "primary_domain": row.primary_domain,
    }


@rpc(f"{SERVICE}/UpdateOrganization")
async def update_organization(request: Any, call: Call) -> Message:
    """Rename an organisation."""
    done = await call.send(c.ChangeOrg(org_id=request.organization_id, name=request.name))
    return call.reply(change_date=done.changed_at)


@rpc(f"{SERVICE}/DeactivateOrganization")
async def deactivate_organization(request: Any, call: Call) -> Message:
    """Stop sign-ins and tokens of an organisation."""
    done = await call.send(c.DeactivateOrg(org_id=request.organization_id))
    return call.reply(change_date=done.changed_at)


@rpc(f"{SERVICE}/ActivateOrganization")
async def activate_organization(request: Any, call: Call) -> Message:
    """Allow them again."""
    done = await call.send(c.ReactivateOrg(org_id=request.organization_id))
    return call.reply(change_date=done.changed_at)


@rpc(f"{SERVICE}/DeleteOrganization")
async def delete_organization(request: Any, call: Call) -> Message:
    """Delete an organisation with all it owns."""
    done = await call.send(c.RemoveOrg(org_id=request.organization_id))
    return call.reply(deletion_date=done.changed_at)
