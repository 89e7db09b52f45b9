"""What deciders about authorization requests must know besides the request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from personae.actors.domain.kit import Facts, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkFacts(Facts):
    """The session to answer with, and whether its user may sign in to this client.

    ``asked_at`` is when the client asked: what its ``max_age`` is counted from.
    ``refused`` says why not, as a reason of the catalogue, or is ``None``.
    """

    user_id: str = ""
    auth_time: datetime | None = None
    auth_methods: tuple[str, ...] = ()
    asked_at: datetime | None = None
    refused: Refusal | None = None
