"""What deciders about device authorizations must know besides the authorization."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from personae.actors.domain.kit import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveFacts(Facts):
    """The session to approve with; ``refused`` says why its user may not, or is ``None``."""

    user_id: str = ""
    auth_time: datetime | None = None
    auth_methods: tuple[str, ...] = ()
    refused: Exception | None = None
