"""Reading for the API: rows by id, pages of lists, and who may see which rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from personae.actors.aggregates.aggregate import Aggregate
from personae.actors.domain.kit import Caller, Stream
from personae.actors.domain.kit.refusal import UNAVAILABLE
from personae.http.api.rows import rows_of
from personae.http.identity.services import Services
from personae.http.wire.call import Call
from personae.http.wire.wrong import Wrong
from personae.projections.kit import (
    ALL,
    Allowed,
    Condition,
    Page,
    Question,
    Row,
    Table,
    any_of,
)
from personae.projections.members import MEMBERS, member_of

IN_ORG = {"org": "resource_owner"}
"""Whose members may see a row: those of the organisation that owns it."""


def services_of(call: Call) -> Services:
    """Return what wiring gave, with all that doors of this server have."""
    return cast("Services", call.services)


async def aggregate_of(call: Call, kind: str, id_: str) -> Aggregate:
    """Return an aggregate of the caller's instance, as the log has it when this is called."""
    world = services_of(call).world
    await world.current(call.caller.instance_id)
    return await world.aggregate(Stream(call.caller.instance_id, kind, id_))


async def row_of(call: Call, table: Table, aggregate: Aggregate) -> Row | None:
    """Return the row of an aggregate that an organisation owns, as new as the aggregate."""
    owner = await services_of(call).world.state(
        Stream(call.caller.instance_id, "org", aggregate.owner)
    )
    if not owner.exists:
        return None
    projections = services_of(call).projections
    return await rows_of(projections).of(projections, table, aggregate)


async def page_of(call: Call, question: Question, *borrowed: Table) -> Page:
    """Return the page that answers a question, no older than the log's head.

    ``borrowed`` are the other tables that its columns or filters look into.
    """
    services = services_of(call)
    instance_id = call.caller.instance_id
    head = await services.world.current(instance_id)
    for table in (question.table, MEMBERS, *borrowed):
        if not await services.projections.reached(table, instance_id, head):
            raise UNAVAILABLE()
    return await services.projections.ask(question)


async def visible(
    call: Call, permission: str, *own: str, by: Mapping[str, str] = IN_ORG
) -> Allowed | Condition:
    """Return the rows the caller may see.

    All with the permission on the instance; otherwise those of aggregates where a role as member
    grants it (``by``: kind of aggregate → our column with its id), and those with the caller in
    one of the columns ``own``.
    """
    caller, permissions = call.caller, services_of(call).world.permissions
    if await permissions.everywhere(caller, permission):
        return ALL
    roles = permissions.granting(permission)
    shared = [_shared(caller, kind, column, roles) for kind, column in by.items()]
    mine = [Condition(f't."{column}" = %s', (caller.user_id,)) for column in own]
    return any_of([*shared, *mine])


def _shared(caller: Caller, kind: str, column: str, roles: Sequence[str]) -> Condition:
    """Return what rows meet whose ``column`` names an aggregate where the caller has such a role.

    System users have roles where the settings say so, and no others.
    """
    if not caller.memberships:
        return member_of(kind, column, caller.user_id, roles)
    granting = (each for each in caller.memberships if not set(roles).isdisjoint(each.roles))
    places = [each.id for each in granting if each.kind == kind]
    return Condition(f't."{column}" = ANY(%s::text[])', (places,))


def either(*parts: Allowed | Condition) -> Condition:
    """Return the rows that one of several answers of :func:`visible` allows."""
    return any_of([part.condition() if isinstance(part, Allowed) else part for part in parts])


def sorted_by(columns: Sequence[str], number: int) -> str:
    """Return the column that a number of an enumeration of fields stands for."""
    if not 0 <= number < len(columns):
        raise Wrong("defined_only", "sorting_column")
    return columns[number]


def given(request: Any, field: str) -> Any:
    """Return an optional field of a request, None when it is not there."""
    return getattr(request, field) if request.HasField(field) else None


def paged(query: Any) -> dict[str, Any]:
    """Return the offset, limit and direction that a list's request asks for."""
    return {"offset": query.offset, "limit": query.limit, "ascending": query.asc}
