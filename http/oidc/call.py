"""One request, with all that its handler needs."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web
from personae.actors.domain.kit import Caller
from personae.http.identity.services import SERVICES, Services
from personae.http.oidc.form import Form
from personae.http.oidc.provider import PROVIDER, Provider


class Call(NamedTuple):
    """A request to an endpoint of one instance's provider; ``issuer`` is that provider's name."""

    request: web.Request
    services: Services
    provider: Provider
    instance_id: str
    issuer: str
    form: Form

    @classmethod
    async def of(cls, request: web.Request, form: Form) -> Call:
        """Find out whose provider is asked. Raises INSTANCE-NotFound."""
        services = request.app[SERVICES]
        host = request.get("host") or request.host
        return cls(
            request,
            services,
            request.app[PROVIDER],
            await services.instance_of(host),
            services.origins.of(host),
            form,
        )

    def caller(self, user_id: str = "", client_id: str = "") -> Caller:
        """Return on whose behalf commands are given."""
        return Caller(instance_id=self.instance_id, user_id=user_id, client_id=client_id)
