"""What goes into an aggregate's mailbox and what comes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from personae.actors.domain.kit import Caller, Stream, address_of

if TYPE_CHECKING:
    from personae.actors.aggregates.once import Step


class Order(NamedTuple):
    """A command on its way, with who gives it; ``step`` when its caller may send it again."""

    command: Any
    caller: Caller
    step: Step | None = None

    @property
    def stream(self) -> Stream:
        """Where it goes."""
        address = address_of(self.command)
        id_ = getattr(self.command, address.id)
        return Stream(self.caller.instance_id, address.kind, id_)

    @property
    def creates(self) -> bool:
        """Whether it most likely creates its aggregate."""
        return address_of(self.command).creates

    @property
    def owner(self) -> str:
        """Who will own the aggregate, should this command create it."""
        name = address_of(self.command).owner
        return str(getattr(self.command, name)) if name else ""


@dataclass(frozen=True, slots=True)
class Done:
    """What a command has led to. ``secrets`` are shown once and stored nowhere.

    ``position`` is the instance's after this command: what a later read must have seen.
    ``events`` are those of the aggregate's own stream; they stay within the process. With
    ``ends`` something was taken away from others (:mod:`endings`), here or by an order that this
    one gave: the position that all processes must know.
    """

    stream: Stream
    sequence: int
    position: int
    owner: str
    created_at: datetime
    changed_at: datetime
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    events: tuple[Any, ...] = field(default=(), repr=False)
    ends: int = 0
