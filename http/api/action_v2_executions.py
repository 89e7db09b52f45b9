"""``zitadel.action.v2.ActionService``: which targets are called when."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from personae.actors.domain.execution.commands import SetExecution
from personae.actors.domain.execution.refusals import CONDITION_UNKNOWN
from personae.actors.domain.kit import EVENTS
from personae.http.api.action_v2 import SERVICE
from personae.http.api.reading import aggregate_of, page_of, paged, sorted_by, visible
from personae.http.api.replies import pagination
from personae.http.wire.call import Call
from personae.http.wire.methods import METHODS
from personae.http.wire.registry import rpc
from personae.projections.executions import EXECUTIONS, condition_id
from personae.projections.kit import Question, Row

FUNCTIONS = ("preaccesstoken", "presamlresponse", "preuserinfo")
SERVICES = sorted({name.partition("/")[0] for name in METHODS})
SORTED_BY = ("", "id", "creation_date", "change_date")
"""Columns by the numbers of ``ExecutionFieldName``."""


@rpc(f"{SERVICE}/SetExecution")
async def set_execution(request: Any, call: Call) -> Message:
    """Call these targets, in order, when the condition is met; none ends it."""
    condition = condition_id(request.condition)
    if not is_known(condition):
        raise CONDITION_UNKNOWN(condition=condition)
    order = SetExecution(
        condition=condition,
        instance_id=call.caller.instance_id,
        targets=tuple(request.targets),
    )
    return call.reply(set_date=(await call.send(order)).changed_at)


def is_known(condition: str) -> bool:
    """Say whether there is such a method, service, function or event."""
    kind, _, name = condition.partition("/")
    if kind == "function":
        return name in FUNCTIONS
    if kind == "event" and name:
        group = name.removesuffix("*")
        return name in EVENTS or (group != name and any(each.startswith(group) for each in EVENTS))
    return bool(kind) and (not name or name in METHODS or name in SERVICES)


@rpc(f"{SERVICE}/ListExecutions")
async def list_executions(request: Any, call: Call) -> Any:
    """Return the executions that match."""
    question = Question(
        table=EXECUTIONS,
        instance_id=call.caller.instance_id,
        allowed=await visible(call, "action.execution.read"),
        filters=request.filters,
        order=sorted_by(SORTED_BY, request.sorting_column),
        **paged(request.pagination),
    )
    page = await page_of(call, question)
    executions = [await _execution_of(call, row) for row in page.rows]
    return call.listing(executions=executions, pagination=pagination(page, question))


async def _execution_of(call: Call, row: Row) -> dict[str, Any]:
    """Return an execution as the API shows it, without targets that are gone."""
    targets = [
        each for each in row.targets if (await aggregate_of(call, "target", each)).state.exists
    ]
    return {
        "condition": condition_of(row.id),
        "creation_date": row.creation_date,
        "change_date": row.change_date,
        "targets": targets,
    }


def condition_of(id_: str) -> dict[str, Any]:
    """Return the ``Condition`` of an id: the opposite of ``condition_id``."""
    kind, _, name = id_.partition("/")
    if kind == "function":
        return {kind: {"name": name}}
    if not name:
        return {kind: {"all": True}}
    if kind == "event":
        group = name.removesuffix(".*")
        return {kind: {"event": name} if group == name else {"group": group}}
    return {kind: {"method": f"/{name}"} if "/" in name else {"service": name}}


@rpc(f"{SERVICE}/ListExecutionFunctions")
async def list_functions(_request: Any, call: Call) -> Message:
    """Return the functions a condition may name."""
    return call.reply(functions=FUNCTIONS)


@rpc(f"{SERVICE}/ListExecutionMethods")
async def list_methods(_request: Any, call: Call) -> Message:
    """Return the methods a condition may name."""
    return call.reply(methods=[f"/{name}" for name in sorted(METHODS)])


@rpc(f"{SERVICE}/ListExecutionServices")
async def list_services(_request: Any, call: Call) -> Message:
    """Return the services a condition may name."""
    return call.reply(services=SERVICES)
