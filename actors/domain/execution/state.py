"""An execution; its id is its condition (``request/zitadel.user.v2.UserService``)."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.execution import events as e
from personae.actors.domain.kit import Kind


@dataclass(frozen=True, slots=True)
class Execution:
    """The state of one execution: what it runs, in order; nothing when it is not set."""

    steps: tuple[e.Step, ...] = ()


EXECUTION = Kind("execution", Execution())


@EXECUTION.on(e.ExecutionSet)
def _(_execution: Execution, event: e.ExecutionSet) -> Execution:
    return Execution(event.targets)


@EXECUTION.on(e.ExecutionRemoved)
def _(_execution: Execution, _event: e.ExecutionRemoved) -> Execution:
    return Execution()
