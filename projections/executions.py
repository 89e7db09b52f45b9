"""Executions, by their conditions."""

from __future__ import annotations

from typing import Any

from personae.actors.domain.execution import events as e
from personae.actors.domain.instance.events import InstanceRemoved
from personae.actors.domain.kit import Recorded
from personae.projections.kit import Condition, Row, Table, integer, text_list

KINDS = {"request": 1, "response": 2, "event": 3, "function": 4}
"""``ExecutionType`` by the first word of a condition's id."""

EXECUTIONS = Table("executions", version=1, columns={"kind": integer(), "targets": text_list()})


def condition_id(condition: Any) -> str:
    """Return the id of a ``Condition`` message, empty for none: ``event/user.*``, ``request``."""
    kind = condition.WhichOneof("condition_type")
    if kind is None:
        return ""
    inner = getattr(condition, kind)
    if kind == "function":
        return f"function/{inner.name}"
    which = inner.WhichOneof("condition")
    if which is None:
        return ""
    if which == "all":
        return str(kind)
    name = getattr(inner, which).strip("/")
    return f"{kind}/{name}.*" if which == "group" else f"{kind}/{name}"


@EXECUTIONS.on(e.ExecutionSet)
def _(row: Row | None, recorded: Recorded) -> Row:
    kind = KINDS.get(recorded.stream.id.partition("/")[0], 0)
    targets = tuple(step.target for step in recorded.event.targets if step.type == e.TARGET)
    return (row or EXECUTIONS.new()).but(kind=kind, targets=targets)


def is_one_of(query: Any) -> Condition:
    """Return what executions meet with one of some conditions."""
    ids = [condition_id(each) for each in query.conditions]
    return Condition('t."id" = ANY(%s::text[])', (ids,))


EXECUTIONS.forget_on(e.ExecutionRemoved)
EXECUTIONS.forget_instance_on(InstanceRemoved)
EXECUTIONS.filters(
    in_conditions_filter=is_one_of, execution_type_filter="kind", target_filter="targets"
)
