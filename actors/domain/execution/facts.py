"""What deciders about executions must know besides the execution."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.kit import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionFacts(Facts):
    """Which of the targets named do not exist."""

    unknown: tuple[str, ...] = ()
