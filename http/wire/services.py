"""What the wire needs from the rooms above, given by wiring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from personae.actors.domain.kit import Caller, Refusal


class Services(Protocol):
    """Who is calling, may they, and where do commands go."""

    async def instance_of(self, host: str) -> str:
        """Return the id of the instance that is reached under a host. Raises ``Refusal``."""

    async def authenticate(
        self, instance_id: str, headers: Mapping[str, str], target: tuple[str, str]
    ) -> Caller:
        """Return the caller that a request's headers prove. Raises ``Refusal``.

        ``target`` is the request's HTTP method and path: a proof of possession is made for it.
        """

    async def permit(self, caller: Caller, permission: str) -> None:
        """Raise ``Refusal`` unless the caller has the permission."""

    async def send(self, command: object, caller: Caller) -> Any:
        """Have a command decided; returns what was done. Raises ``Refusal``."""

    def sentence(self, refusal: Refusal, language: str) -> str:
        """Return what a refusal says to people."""

    def language(self, accept_language: str) -> str:
        """Return the language to answer in."""
