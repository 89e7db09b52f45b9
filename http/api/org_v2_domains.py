"""``zitadel.org.v2.OrganizationService``: domains and their proof, metadata."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.org import commands as c
from personae.actors.domain.org import refusals
from personae.actors.domain.org.state import Org, Validation
from personae.actors.domain.org.values import ValidationType
from personae.http.api import domain_proof
from personae.http.api.reading import (
    aggregate_of,
    page_of,
    paged,
    services_of,
    sorted_by,
    visible,
)
from personae.http.api.replies import pagination
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.projections.kit import Question, Row
from personae.projections.org_domains import ORG_DOMAINS
from personae.projections.org_metadata import ORG_METADATA
from personae.projections.orgs import ORGS
from personae.store.crypto import Area

SERVICE = "zitadel.org.v2.OrganizationService"
SORTED_BY = ("", "domain", "creation_date")
"""Columns by the numbers of ``DomainFieldName``."""


@rpc(f"{SERVICE}/AddOrganizationDomain")
async def add_organization_domain(request: Any, call: Call) -> Message:
    """Add a domain; whether it must be proved first is a setting of the instance."""
    done = await call.send(c.AddOrgDomain(org_id=request.organization_id, domain=request.domain))
    return call.reply(creation_date=done.changed_at)


@rpc(f"{SERVICE}/DeleteOrganizationDomain")
async def delete_organization_domain(request: Any, call: Call) -> Message:
    """Give a domain up."""
    domain = request.domain.lower()
    done = await call.send(c.RemoveOrgDomain(org_id=request.organization_id, domain=domain))
    return call.reply(deletion_date=done.changed_at)


@rpc(f"{SERVICE}/ListOrganizationDomains")
async def list_organization_domains(request: Any, call: Call) -> Any:
    """Return the domains that match; none of an organisation one may not see."""
    question = Question(
        table=ORG_DOMAINS,
        instance_id=call.caller.instance_id,
        allowed=await visible(call, "org.read", by={"org": "org_id"}),
        where={"org_id": request.organization_id},
        filters=request.filters,
        order=sorted_by(SORTED_BY, request.sorting_column),
        **paged(request.pagination),
    )
    page = await page_of(call, question, ORGS)
    return call.listing(
        pagination=pagination(page, question), domains=[domain_of(row) for row in page.rows]
    )


def domain_of(row: Row) -> dict[str, Any]:
    """Return a domain as the API shows it."""
    return {
        "organization_id": row.org_id,
        "domain": row.domain,
        "is_verified": row.verified,
        "is_primary": row.domain == row.primary_domain,
        "validation_type": row.validation_type,
    }


@rpc(f"{SERVICE}/GenerateOrganizationDomainValidation")
async def generate_organization_domain_validation(request: Any, call: Call) -> Message:
    """Make the token that proves a domain, and say where to show it."""
    kind, domain = ValidationType(request.type), request.domain.lower()
    order = c.AskOrgDomainProof(org_id=request.organization_id, domain=domain, type=kind)
    token = (await call.send(order)).secrets["token"]
    return call.reply(token=token, url=domain_proof.PROOFS.url(kind, domain, token))


@rpc(f"{SERVICE}/VerifyOrganizationDomain")
async def verify_organization_domain(request: Any, call: Call) -> Message:
    """Look for the token, and take the domain as proved when it is there.

    The look is here, not in the organisation's turn: nobody else waits for a slow host.
    """
    org_id, domain = request.organization_id, request.domain.lower()
    world = services_of(call).world
    await world.permissions.require(call.caller, "org.write", org_id)
    asked = _asked((await aggregate_of(call, "org", org_id)).state, domain)
    if asked.code is None:
        raise refusals.NO_VALIDATION()
    token = world.keyring.open(
        Area.DOMAIN_VERIFICATION, asked.code, call.caller.instance_id
    ).decode()
    proved = await domain_proof.PROOFS.found(asked.type, domain, token)
    order = c.VerifyOrgDomain(org_id=org_id, domain=domain, asked=asked, proved=proved)
    return call.reply(change_date=(await call.send(order)).changed_at)


def _asked(org: Org, domain: str) -> Validation:
    if not org.exists:
        raise refusals.NOT_FOUND()
    if domain not in org.domains:
        raise refusals.DOMAIN_NOT_FOUND()
    if org.domains[domain]:
        raise refusals.DOMAIN_VERIFIED()
    if domain not in org.validations:
        raise refusals.NO_VALIDATION()
    return org.validations[domain]


@rpc(f"{SERVICE}/SetOrganizationMetadata")
async def set_organization_metadata(request: Any, call: Call) -> Message:
    """Keep values under keys, in place of those before."""
    entries = {entry.key: entry.value for entry in request.metadata}
    done = await call.send(c.SetOrgMetadata(org_id=request.organization_id, entries=entries))
    return call.reply(set_date=done.changed_at)


@rpc(f"{SERVICE}/DeleteOrganizationMetadata")
async def delete_organization_metadata(request: Any, call: Call) -> Message:
    """Forget the values under keys."""
    keys = tuple(request.keys)
    done = await call.send(c.RemoveOrgMetadata(org_id=request.organization_id, keys=keys))
    return call.reply(deletion_date=done.changed_at)


@rpc(f"{SERVICE}/ListOrganizationMetadata")
async def list_organization_metadata(request: Any, call: Call) -> Any:
    """Return the metadata that match; none of an organisation one may not see."""
    question = Question(
        table=ORG_METADATA,
        instance_id=call.caller.instance_id,
        allowed=await visible(call, "org.read", by={"org": "org_id"}),
        where={"org_id": request.organization_id},
        filters=request.filters,
        **paged(request.pagination),
    )
    page = await page_of(call, question)
    return call.listing(
        pagination=pagination(page, question), metadata=[entry_of(row) for row in page.rows]
    )


def entry_of(row: Row) -> dict[str, Any]:
    """Return one entry of metadata as the API shows it."""
    return {
        "creation_date": row.creation_date,
        "change_date": row.change_date,
        "key": row.key,
        "value": row.value,
    }
