"""What the wire needs from the rooms above, given by wiring."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

from personae.actors.domain.kit import Caller, Refusal

T = TypeVar("T")


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

    async def org_of(self, instance_id: str, domain: str) -> str:
        """Return the id of the organization with a domain. Raises ``Refusal``."""

    async def permit(self, caller: Caller, permission: str, project_id: str = "") -> None:
        """Raise ``Refusal`` unless the caller has the permission, maybe for one project."""

    async def send(self, command: object, caller: Caller) -> Any:
        """Have a command decided; returns what was done. Raises ``Refusal``."""

    async def once(
        self, caller: Caller, key: str, request: bytes, call: Callable[[], Awaitable[T]]
    ) -> T:
        """Return what ``call`` answers; what was sent under this key before is not done again.

        It may run more than once, when another of the same key writes before it. ``request`` is
        what is asked for. Raises ``Refusal`` when it was another thing before.
        """

    def sentence(self, refusal: Refusal, language: str) -> str:
        """Return what a refusal says to people."""

    def language(self, accept_language: str) -> str:
        """Return the language to answer in."""
