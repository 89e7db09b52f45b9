"""Orders to an execution."""

from __future__ import annotations

from personae.actors.domain.kit import command


@command("execution", id="condition", owner="instance_id")
class SetExecution:
    """Call these targets, in order, when the condition is met; none ends it."""

    condition: str
    instance_id: str
    targets: tuple[str, ...]
