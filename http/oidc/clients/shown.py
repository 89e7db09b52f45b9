"""How a request shows its client."""

from __future__ import annotations

from typing import NamedTuple

from personae.actors.domain.project.values import AuthMethod

LONGEST_ID = 1_000


class Shown(NamedTuple):
    """Whom a request claims to come from, and what it shows for it."""

    method: AuthMethod
    client_id: str
    proof: str = ""

    def __repr__(self) -> str:
        """Name the client and keep the proof to itself."""
        return f"Shown({self.method!r}, {self.client_id!r})"
