"""What follows from orders to an execution."""

from __future__ import annotations

from personae.actors.domain.execution import commands as c
from personae.actors.domain.execution import events as e
from personae.actors.domain.execution import refusals
from personae.actors.domain.execution.facts import ExecutionFacts
from personae.actors.domain.execution.state import EXECUTION, Execution
from personae.actors.domain.kit import Decisions

MOST = 20
"""Targets of one execution: they are called one after the other while somebody waits."""


@EXECUTION.decides(c.SetExecution)
def set_(execution: Execution, cmd: c.SetExecution, facts: ExecutionFacts) -> Decisions:
    if facts.unknown:
        raise refusals.TARGET_UNKNOWN(targets=", ".join(facts.unknown))
    if len(cmd.targets) > MOST or len(set(cmd.targets)) < len(cmd.targets):
        raise refusals.TARGETS_INVALID(most=MOST)
    steps = tuple(e.Step(target=each, type=e.TARGET) for each in cmd.targets)
    if steps == execution.steps:
        return
    yield e.ExecutionSet(targets=steps) if steps else e.ExecutionRemoved()
