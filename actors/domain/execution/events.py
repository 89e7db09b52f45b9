"""What happens to executions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from personae.actors.domain.kit import event, upcast

TARGET, INCLUDE = 1, 2
"""What an execution runs: a target, or (in older histories) another execution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One of the things an execution runs, in order."""

    target: str
    type: int = 0


@event("execution.v2.set", "execution.set")
class ExecutionSet:
    targets: tuple[Step, ...] = ()


@event("execution.removed")
class ExecutionRemoved:
    pass


@upcast("execution.set")
def _(payload: dict[str, Any]) -> dict[str, Any]:
    """The first histories named targets and includes apart."""
    targets = [{"type": TARGET, "target": each} for each in payload.get("targets") or ()]
    included = [{"type": INCLUDE, "target": each} for each in payload.get("includes") or ()]
    return {"targets": [*targets, *included]}
