"""Which instance is meant, and under which URL it is known: told by the host asked for."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.aggregates.world import World
from personae.actors.domain.instance.refusals import NOT_FOUND
from personae.actors.domain.instance.state import INSTANCE_DOMAINS
from personae.actors.domain.kit import Stream
from personae.store.log import EVERYWHERE


def domain_of(host: str) -> str:
    """Return the domain of a ``Host`` value: lower case, without port."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.rpartition(":")[0].lower() if ":" in host else host.lower()


@dataclass(frozen=True, slots=True)
class Origins:
    """How this server is reached from outside: scheme and port of every instance's domain."""

    secure: bool
    port: int

    def of(self, host: str) -> str:
        """Return the origin of a domain, which is also its issuer: no path, no trailing slash."""
        scheme, standard = ("https", 443) if self.secure else ("http", 80)
        port = "" if self.port == standard else f":{self.port}"
        return f"{scheme}://{domain_of(host)}{port}"


class Instances:
    """Finds instances by host; a known host costs no query."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def of(self, host: str) -> str:
        """Return the id of the instance with a domain. Raises INSTANCE-NotFound."""
        domain = domain_of(host)

        async def still(instance_id: str) -> bool:
            state = await self._world.state(Stream(instance_id, "instance", instance_id))
            return domain in state.domains

        found = await self._world.names.find(EVERYWHERE, INSTANCE_DOMAINS, domain, still)
        if found is None:
            raise NOT_FOUND(host=domain)
        return found
