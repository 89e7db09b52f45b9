"""What deciders about SAML requests must know besides the request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from personae.actors.domain.kit import Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class SAMLLinkFacts(Facts):
    """The session to answer with, and whether its user may sign in to this service provider.

    ``refused`` says why not, as a reason of the catalogue, or is ``None``.
    """

    asked_at: datetime | None = None
    user_id: str = ""
    auth_time: datetime | None = None
    auth_methods: tuple[str, ...] = ()
    refused: Exception | None = None
