"""What deciders about SAML sessions must know besides the session."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.kit import Facts, Stream
from personae.actors.domain.saml_request.state import SAMLRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFacts(Facts):
    """The request to answer, and whether what it was linked with still lives.

    ``refused`` says why not, as a reason of the catalogue, or is ``None``.
    """

    stream: Stream
    version: int = 0
    request: SAMLRequest
    language: str = ""
    refused: Exception | None = None
