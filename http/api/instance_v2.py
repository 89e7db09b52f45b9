"""``zitadel.instance.v2.InstanceService``: instances and the domains they answer to.

Callers act on the instance they reach by its host; system users on any, by its id.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from google.protobuf.message import Message
from personae.actors.aggregates.aggregate import Aggregate
from personae.actors.domain.instance import commands as c
from personae.actors.domain.instance.refusals import NOT_FOUND
from personae.actors.domain.kit import Stream
from personae.actors.domain.kit.refusal import PERMISSION_DENIED
from personae.http.api.reading import aggregate_of, page_of, paged, services_of, sorted_by
from personae.http.api.replies import pagination
from personae.http.wire.call import Call
from personae.http.wire.registry import rpc
from personae.projections.instance_domains import INSTANCE_DOMAINS, TRUSTED_DOMAINS
from personae.projections.kit import ALL, Question, Row
from personae.projections.kit.page import DEFAULT_LIMIT, LIMIT_EXCEEDED, MAX_LIMIT

SERVICE = "zitadel.instance.v2.InstanceService"
RUNNING = 2
VERSION = version("personae")
DOMAINS_SORTED_BY = ("", "domain", "is_primary", "generated", "creation_date")
"""Columns by the numbers of ``DomainFieldName``."""

TRUSTED_SORTED_BY = ("", "domain", "creation_date")
"""Columns by the numbers of ``TrustedDomainFieldName``."""

READ = ("iam.read", "system.instance.read")


async def at(call: Call, instance_id: str, *permissions: str) -> Call:
    """Return the call as one to an instance, if one of the permissions is granted there.

    Raises AUTH-PermissionDenied; INSTANCE-NotFound to those who may see what there is.
    """
    there = call
    if instance_id not in {"", call.caller.instance_id}:
        if not call.caller.memberships:
            raise PERMISSION_DENIED(permission="system.instance.read")
        there = moved(call, instance_id)
    may = services_of(call).world.permissions.allows
    granted = [each for each in permissions if await may(there.caller, each)]
    if permissions and not granted:
        raise PERMISSION_DENIED(permission=permissions[0])
    return there


def moved(call: Call, instance_id: str) -> Call:
    """Return the call as one to another instance."""
    return replace(call, caller=replace(call.caller, instance_id=instance_id))


async def existing(call: Call) -> Aggregate:
    """Return the instance of a call. Raises INSTANCE-NotFound."""
    found = await aggregate_of(call, "instance", call.caller.instance_id)
    if not found.state.exists:
        raise NOT_FOUND()
    return found


@rpc(f"{SERVICE}/GetInstance")
async def get_instance(request: Any, call: Call) -> Message:
    """Return one instance."""
    there = await at(call, request.instance_id, *READ)
    return call.reply(instance=await instance_of(there, await existing(there)))


async def instance_of(call: Call, found: Aggregate) -> dict[str, Any]:
    """Return an instance as the API shows it."""
    domains = Question(
        table=INSTANCE_DOMAINS,
        instance_id=found.stream.id,
        allowed=ALL,
        order="creation_date",
        limit=MAX_LIMIT,
    )
    page = await page_of(moved(call, found.stream.id), domains)
    return {
        "id": found.stream.id,
        "creation_date": found.created_at,
        "change_date": found.changed_at,
        "state": RUNNING,
        "name": found.state.name,
        "version": VERSION,
        "custom_domains": [domain_of(row) for row in page.rows],
    }


def domain_of(row: Row) -> dict[str, Any]:
    """Return a custom domain as the API shows it."""
    return {
        "instance_id": row.instance_id,
        "creation_date": row.creation_date,
        "domain": row.domain,
        "primary": row.is_primary,
        "generated": row.generated,
    }


@rpc(f"{SERVICE}/ListInstances")
async def list_instances(request: Any, call: Call) -> Message:
    """Return the instances that match. There are few, and each one's log is its own."""
    size = request.pagination.limit or DEFAULT_LIMIT
    if size > MAX_LIMIT:
        raise LIMIT_EXCEEDED(limit=MAX_LIMIT)
    world = services_of(call).world
    streams = [Stream(id_, "instance", id_) for id_ in await world.log.instances()]
    every = [await world.aggregate(stream) for stream in streams]
    found = [each for each in every if each.state.exists and _matches(each, request.filters)]
    found.sort(key=lambda each: _order(each, request.sorting_column))
    if not request.pagination.asc:
        found.reverse()
    start = request.pagination.offset
    return call.reply(
        instances=[await instance_of(call, each) for each in found[start : start + size]],
        pagination={"total_result": len(found), "applied_limit": size},
    )


def _matches(found: Aggregate, filters: Iterable[Any]) -> bool:
    """Say whether an instance meets every filter."""
    for each in filters:
        if each.WhichOneof("filter") == "in_ids_filter":
            met = found.stream.id in each.in_ids_filter.ids
        else:
            met = not set(found.state.domains).isdisjoint(each.custom_domains_filter.domains)
        if not met:
            return False
    return True


def _order(found: Aggregate, column: int) -> tuple[Any, ...]:
    """Return what sorts an instance, by the numbers of ``FieldName``."""
    id_ = (len(found.stream.id), found.stream.id)
    return ((found.created_at, *id_), id_, (found.state.name, *id_), (found.created_at, *id_))[
        column
    ]


@rpc(f"{SERVICE}/UpdateInstance")
async def update_instance(request: Any, call: Call) -> Message:
    """Rename an instance."""
    there = await at(call, request.instance_id)
    order = c.ChangeInstance(instance_id=there.caller.instance_id, name=request.instance_name)
    return call.reply(change_date=(await there.send(order)).changed_at)


@rpc(f"{SERVICE}/DeleteInstance")
async def delete_instance(request: Any, call: Call) -> Message:
    """Delete an instance with all it holds."""
    there = await at(call, request.instance_id)
    order = c.RemoveInstance(instance_id=there.caller.instance_id)
    return call.reply(deletion_date=(await there.send(order)).changed_at)


@rpc(f"{SERVICE}/AddCustomDomain")
async def add_custom_domain(request: Any, call: Call) -> Message:
    """Let an instance answer to one more host."""
    there = await at(call, request.instance_id)
    id_, domain = there.caller.instance_id, request.custom_domain
    done = await there.send(c.AddInstanceDomain(instance_id=id_, domain=domain))
    return call.reply(creation_date=done.changed_at)


@rpc(f"{SERVICE}/RemoveCustomDomain")
async def remove_custom_domain(request: Any, call: Call) -> Message:
    """Let it answer to a host no more."""
    there = await at(call, request.instance_id)
    id_, domain = there.caller.instance_id, request.custom_domain
    done = await there.send(c.RemoveInstanceDomain(instance_id=id_, domain=domain))
    return call.reply(deletion_date=done.changed_at)


@rpc(f"{SERVICE}/ListCustomDomains")
async def list_custom_domains(request: Any, call: Call) -> Any:
    """Return the hosts an instance answers to."""
    there = await at(call, request.instance_id, *READ, "system.domain.read")
    await existing(there)
    question = Question(
        table=INSTANCE_DOMAINS,
        instance_id=there.caller.instance_id,
        allowed=ALL,
        filters=request.filters,
        order=sorted_by(DOMAINS_SORTED_BY, request.sorting_column),
        **paged(request.pagination),
    )
    page = await page_of(there, question)
    rows = [domain_of(row) for row in page.rows]
    return call.listing(domains=rows, pagination=pagination(page, question))


@rpc(f"{SERVICE}/AddTrustedDomain")
async def add_trusted_domain(request: Any, call: Call) -> Message:
    """Trust a host as a public one."""
    there = await at(call, request.instance_id)
    id_, domain = there.caller.instance_id, request.trusted_domain
    done = await there.send(c.AddTrustedDomain(instance_id=id_, domain=domain))
    return call.reply(creation_date=done.changed_at)


@rpc(f"{SERVICE}/RemoveTrustedDomain")
async def remove_trusted_domain(request: Any, call: Call) -> Message:
    """Trust it no more."""
    there = await at(call, request.instance_id)
    id_, domain = there.caller.instance_id, request.trusted_domain
    done = await there.send(c.RemoveTrustedDomain(instance_id=id_, domain=domain))
    return call.reply(deletion_date=done.changed_at)


@rpc(f"{SERVICE}/ListTrustedDomains")
async def list_trusted_domains(request: Any, call: Call) -> Any:
    """Return the hosts an instance trusts as public ones."""
    there = await at(call, request.instance_id, *READ)
    await existing(there)
    question = Question(
        table=TRUSTED_DOMAINS,
        instance_id=there.caller.instance_id,
        allowed=ALL,
        filters=request.filters,
        order=sorted_by(TRUSTED_SORTED_BY, request.sorting_column),
        **paged(request.pagination),
    )
    page = await page_of(there, question)
    rows = [
        {"instance_id": row.instance_id, "creation_date": row.creation_date, "domain": row.domain}
        for row in page.rows
    ]
    return call.listing(trusted_domain=rows, pagination=pagination(page, question))
