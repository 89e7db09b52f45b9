"""One request, with all that its handler needs."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web
from personae.actors.domain.kit import Caller
from personae.http.identity.services import SERVICES, Services
from personae.http.saml import paths


class Call(NamedTuple):
    """A request to one instance's identity provider; ``origin`` is where that is."""

    request: web.Request
    services: Services
    instance_id: str
    origin: str

    @classmethod
    async def of(cls, request: web.Request) -> Call:
        """Find out whose provider is asked. Raises INSTANCE-NotFound."""
        services = request.app[SERVICES]
        host = request.get("host") or request.host
        return cls(request, services, await services.instance_of(host), services.origins.of(host))

    @property
    def entity_id(self) -> str:
        """The name of this identity provider."""
        return f"{self.origin}{paths.METADATA}"

    @property
    def caller(self) -> Caller:
        """On whose behalf commands are given: nobody's, since browsers only pass messages on."""
        return Caller(instance_id=self.instance_id)

    def here(self, path: str) -> str:
        """Return the full address of an endpoint."""
        return f"{self.origin}{path}"
