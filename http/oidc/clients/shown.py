"""How a request shows its client."""

from __future__ import annotations

from dataclasses import dataclass, field

from personae.actors.domain.project.values import AuthMethod

LONGEST_ID = 1_000


@dataclass(frozen=True, slots=True)
class Shown:
    """Whom a request claims to come from, and what it shows for it."""

    method: AuthMethod
    client_id: str
    proof: str = field(default="", repr=False)
